// Judges what a watcher was told against what the chain says, applying it as a correct consumer does: a sibling head
// supersedes, `removed: true` takes back, everything else stands. Pure; knows no clients and no clocks.

import type { Hash } from 'viem'
import type { ChainBlock, LogMatch } from './chain-block'
import { matchesLog } from './chain-block'

/** Something a watcher was told, and when (in ms). */
export type HeadSighting = {
  readonly type: 'head'
  readonly at: number
  readonly number: number
  readonly hash: Hash
  /** Unknown to clients that tell numbers only. */
  readonly parentHash?: Hash | undefined
}
export type LogSighting = {
  readonly type: 'log'
  readonly at: number
  readonly blockNumber: number
  readonly blockHash: Hash
  readonly logIndex: number
  readonly removed: boolean
}
/** Logs of these blocks may come, or be taken back, after later ones: `gap { late: true }`. Without bounds it is for all. */
export type LateNotice = {
  readonly type: 'late'
  readonly at: number
  readonly from?: number | undefined
  readonly to?: number | undefined
}
export type Sighting = HeadSighting | LogSighting | LateNotice

export type Truth = {
  /** The canonical blocks that count, in order; what is told of earlier ones does not. */
  readonly blocks: readonly ChainBlock[]
  /** When the first of them could be told, and when the last was made (in ms). */
  readonly start: number
  readonly end: number
  /** Heads of which it was told that they are missing: what stands there may be replaced, and is no ghost. */
  readonly isMissing?: (number: number) => boolean
}

export type Verdict = {
  /** How many heads or logs there were to be told. */
  readonly expected: number
  /** Canonical, and not standing at the end: never told, or wrongly taken back. */
  readonly lost: number
  /** Told while they stood, or taken back when they did not. */
  readonly doubled: number
  /** Standing at the end, and not canonical: orphans that were never taken back. */
  readonly ghosts: number
  /** Told after what comes after them, without notice. */
  readonly disordered: number
  /** The same, announced. */
  readonly late: number
  /** Longest time without a word (in ms). */
  readonly silence: number
}

export function judgeHeads(sightings: readonly Sighting[], truth: Truth): Verdict {
  const heads = sightings.filter((one): one is HeadSighting => one.type === 'head')
  const first = firstOf(truth)
  const standing = new Map<number, HeadSighting>()
  let doubled = 0
  let disordered = 0
  for (const head of heads) {
    if (head.number < first) {
      // It does not count, but it takes the place of what stood on another one.
      if (standing.get(head.number + 1)?.parentHash !== head.hash) standing.clear()
      continue
    }
    if (standing.get(head.number)?.hash === head.hash) doubled++
    else if (isBelated(head, standing)) disordered++
    else for (const number of [...standing.keys()]) if (number > head.number) standing.delete(number)
    standing.set(head.number, head)
  }
  const { isMissing = () => false } = truth
  const canonical = new Set(truth.blocks.map(({ hash }) => hash))
  const told = new Set([...standing.values()].map(({ hash }) => hash))
  return {
    expected: canonical.size,
    lost: [...canonical].filter((hash) => !told.has(hash)).length,
    doubled,
    ghosts: [...standing.values()].filter(({ hash, number }) => !canonical.has(hash) && !isMissing(number)).length,
    disordered,
    late: 0,
    silence: silenceOf(heads, truth),
  }
}

/** Whether a head fills a hole below later ones; else it starts another branch. */
function isBelated({ number, hash }: HeadSighting, standing: ReadonlyMap<number, HeadSighting>): boolean {
  if (standing.has(number) || ![...standing.keys()].some((one) => one > number)) return false
  const parentHash = standing.get(number + 1)?.parentHash
  return parentHash === undefined || parentHash === hash
}

export function judgeLogs(sightings: readonly Sighting[], truth: Truth, match: LogMatch): Verdict {
  const first = firstOf(truth)
  const standing = new Map<string, number>() // -> place
  let last = -1 // the highest place
  const notices: LateNotice[] = []
  const count = { doubled: 0, disordered: 0, late: 0 }
  for (const one of sightings) {
    if (one.type === 'late') notices.push(one)
    if (one.type !== 'log' || one.blockNumber < first) continue
    const key = `${one.blockHash} ${one.logIndex}`
    if (standing.has(key) !== one.removed) count.doubled++
    else if (placeOf(one) < last) {
      count[notices.some((notice) => isFor(notice, one)) ? 'late' : 'disordered']++
    }
    if (!one.removed) standing.set(key, placeOf(one))
    else if (standing.delete(key)) last = Math.max(-1, ...standing.values())
    last = Math.max(last, standing.get(key) ?? -1)
  }
  const logs = truth.blocks.flatMap((block) => block.logs.filter((log) => matchesLog(match, log)))
  const canonical = new Set(logs.map(({ blockHash, logIndex }) => `${blockHash} ${logIndex}`))
  return {
    expected: canonical.size,
    lost: [...canonical].filter((key) => !standing.has(key)).length,
    ghosts: [...standing.keys()].filter((key) => !canonical.has(key)).length,
    ...count,
    silence: silenceOf(
      sightings.filter(({ type }) => type === 'log'),
      truth,
    ),
  }
}

/** One number that rises with block and index. */
function placeOf({ blockNumber, logIndex }: LogSighting): number {
  return blockNumber * 100_000 + logIndex
}

function isFor({ from = 0, to = Infinity }: LateNotice, { blockNumber }: LogSighting): boolean {
  return from <= blockNumber && blockNumber <= to
}

/** The worst of several, word by word. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  const highest = (word: keyof Verdict) => Math.max(0, ...verdicts.map((verdict) => verdict[word]))
  return {
    expected: highest('expected'),
    lost: highest('lost'),
    doubled: highest('doubled'),
    ghosts: highest('ghosts'),
    disordered: highest('disordered'),
    late: highest('late'),
    silence: highest('silence'),
  }
}

function firstOf({ blocks }: Truth): number {
  return blocks[0]?.number ?? Infinity
}

function silenceOf(sightings: readonly { readonly at: number }[], { start, end }: Truth): number {
  const times = sightings.map(({ at }) => at).filter((at) => at > start && at < end)
  const marks = [start, ...times, end]
  return Math.max(...marks.slice(1).map((at, index) => at - (marks[index] as number)))
}

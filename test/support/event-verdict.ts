// Compares what a watcher was told with the chain. Applies it as a correct consumer does: a sibling head replaces, `removed:
// true` takes back, everything else stands. Pure; knows no clients and no clocks.

import type { Hash } from 'viem'
import type { ChainBlock, LogMatch } from './chain-block'
import { matchesLog } from './chain-block'

/** A head that a watcher was told, and when (in ms). */
export type HeadSighting = {
  readonly type: 'head'
  readonly at: number
  readonly number: number
  readonly hash: Hash
  /** `undefined` for clients that tell only numbers. */
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
/**
 * A `gap { late: true }`: logs of these blocks may be told or taken back after later ones. Without bounds it is for all
 * blocks.
 */
export type LateNotice = {
  readonly type: 'late'
  readonly at: number
  readonly from?: number | undefined
  readonly to?: number | undefined
}
export type Sighting = HeadSighting | LogSighting | LateNotice

export type Truth = {
  /** The canonical blocks that count, in order. Earlier blocks do not count. */
  readonly blocks: readonly ChainBlock[]
  /** When the first of these blocks could be told (in ms). */
  readonly start: number
  /** When the last of these blocks was made (in ms). */
  readonly end: number
  /** Whether the head of this number was reported missing: then an older one may stand in its place, which is no ghost. */
  readonly isMissing?: (number: number) => boolean
}

export type Verdict = {
  /** How many heads or logs had to be told. */
  readonly expected: number
  /** Canonical ones that do not stand at the end: never told, or wrongly taken back. */
  readonly lost: number
  /** Those that were told while they stood already, or taken back while they did not stand. */
  readonly doubled: number
  /** Ones that stand at the end and are not canonical: orphaned, and never taken back. */
  readonly ghosts: number
  /** Those that were told after later ones, without a notice. */
  readonly disordered: number
  /** Those that were told after later ones, with a notice. */
  readonly late: number
  /** Longest time during which nothing was told (in ms). */
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
      // An earlier head does not count itself, but it replaces heads that stood on another parent.
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

/** Whether a head comes late, into a gap below later ones; else it begins another branch. */
function isBelated({ number, hash }: HeadSighting, standing: ReadonlyMap<number, HeadSighting>): boolean {
  if (standing.has(number) || ![...standing.keys()].some((one) => one > number)) return false
  const parentHash = standing.get(number + 1)?.parentHash
  return parentHash === undefined || parentHash === hash
}

export function judgeLogs(sightings: readonly Sighting[], truth: Truth, match: LogMatch): Verdict {
  const first = firstOf(truth)
  const standing = new Map<string, number>() // position by log
  let last = -1 // the highest position
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

/** The position of a log in the chain as one number, which rises with block and index. */
function placeOf({ blockNumber, logIndex }: LogSighting): number {
  return blockNumber * 100_000 + logIndex
}

function isFor({ from = 0, to = Infinity }: LateNotice, { blockNumber }: LogSighting): boolean {
  return from <= blockNumber && blockNumber <= to
}

/** The worst of several verdicts, for each count by itself. */
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

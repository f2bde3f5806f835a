// Compares what a watcher was given with the truth of the chain: lost, doubled, ghosts, out of order. Pure. A stream is taken
// for a stack: new events go on top, and only the top can be taken back. It is stricter than event-verdict, which is for
// watchers of any client, counts, and allows late events that were announced.

import type { Hash } from 'viem'

export type GivenLog = {
  readonly blockNumber: bigint | null
  readonly blockHash: Hash | null
  readonly logIndex: number | null
  readonly removed: boolean
}

export type GivenHead = { readonly number: bigint; readonly hash: Hash; readonly parentHash: Hash }

/** What is wrong, in the order of the events; empty if each canonical log was given once, in order, and no other one is left. */
export function judgeLogs(given: readonly GivenLog[], truth: readonly GivenLog[]): string[] {
  const wrong: string[] = []
  const kept: GivenLog[] = []
  for (const [index, log] of given.entries()) {
    const top = kept.at(-1)
    const say = (what: string) => wrong.push(`#${index}: ${nameOf(log)} ${what}`)
    const at = kept.findIndex((other) => isSame(other, log))
    if (log.removed) {
      if (at < 0) say('was taken back, but not given before')
      else if (at < kept.length - 1) say(`was taken back before ${nameOf(top!)}`)
      if (at >= 0) kept.splice(at, 1)
    } else if (at >= 0) say('was given twice')
    else {
      if (top && isAfter(top, log)) say(`was given after ${nameOf(top)}`)
      else if (top?.blockNumber === log.blockNumber && top?.blockHash !== log.blockHash) {
        say(`was given while ${nameOf(top!)} was not taken back`)
      }
      kept.push(log)
    }
  }
  return [...wrong, ...compare(kept, truth, isSame, nameOf)]
}

/** The same for heads: one that does not follow the last head takes back the heads above its parent. */
export function judgeHeads(given: readonly GivenHead[], truth: readonly GivenHead[]): string[] {
  const wrong: string[] = []
  const kept: GivenHead[] = []
  const root = truth[0]?.parentHash
  for (const [index, head] of given.entries()) {
    const say = (what: string) => wrong.push(`#${index}: ${headName(head)} ${what}`)
    const parent = kept.findIndex(({ hash }) => hash === head.parentHash)
    if (kept.some(({ hash }) => hash === head.hash)) say('was given twice')
    else if (parent < 0 && head.parentHash !== root) {
      say(`was given after ${kept.length ? headName(kept.at(-1)!) : 'nothing'}, without its parent`)
      kept.push(head)
    } else kept.splice(parent + 1, Infinity, head)
  }
  return [...wrong, ...compare(kept, truth, ({ hash }, other) => hash === other.hash, headName)]
}

function compare<item>(
  kept: readonly item[],
  truth: readonly item[],
  isEqual: (a: item, b: item) => boolean,
  name: (one: item) => string,
) {
  const without = (list: readonly item[], others: readonly item[]) =>
    list.filter((one) => !others.some((other) => isEqual(one, other)))
  return [
    ...without(truth, kept).map((one) => `lost: ${name(one)}`),
    ...without(kept, truth).map((one) => `ghost: ${name(one)}`),
  ]
}

const isSame = (a: GivenLog, b: GivenLog) => a.blockHash === b.blockHash && a.logIndex === b.logIndex

function isAfter(a: GivenLog, b: GivenLog) {
  if (a.blockNumber !== b.blockNumber) return a.blockNumber! > b.blockNumber!
  return a.blockHash === b.blockHash && a.logIndex! > b.logIndex!
}

const nameOf = ({ blockNumber, blockHash, logIndex }: GivenLog) =>
  `log ${logIndex} of block ${blockNumber} (${blockHash?.slice(0, 8)})`
const headName = ({ number, hash }: GivenHead) => `head ${number} (${hash.slice(0, 8)})`

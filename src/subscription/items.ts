// What `heads()` and `logs()` yield: the items of a stream in their public form, those of logs held until they are confirmed.

import type { Hex, RpcLog } from 'viem'
import type { RpcHead } from './block'
import { indexOf } from './logs/ledger'
import type { Item, LogsItem } from './stream'

/** A block of the canonical chain; at a reorg the blocks of the new branch follow, from its first one on. */
export type HeadOfChain = {
  readonly number: bigint
  readonly hash: Hex
  readonly parentHash: Hex
  /** As nodes push it. */
  readonly raw: RpcHead
}

/** The logs of one block. After it, everything up to `number` has been given: `fromBlock: number + 1n` resumes. */
export type LogsOfBlock = {
  readonly number: bigint
  readonly hash: Hex
  /** As nodes push them, in order; none in an item that only tells how far the stream is. */
  readonly logs: readonly RpcLog[]
  /** Whether a reorg took them back; then the newest comes first. */
  readonly removed: boolean
  /** Blocks that could not be had; `late`: those of this item were found after later ones had been given. */
  readonly gap?: { readonly from: bigint; readonly to: bigint; readonly late?: true }
}

export function toHeadOfChain(item: Item): HeadOfChain | undefined {
  if (item.type !== 'head') return undefined
  const { number, raw } = item.block
  return { number: BigInt(number), hash: raw.hash, parentHash: raw.parentHash, raw }
}

export type LogItems = {
  /** What has become due with this item. */
  read(item: Item): LogsOfBlock[]
  noteGap(from: bigint, to: bigint): void
}

/** It is told how far the stream is at least this often (in blocks). */
const PROGRESS = 100

/** @param from the first block that is told of */
export function createLogItems(confirmations: number, from = 0): LogItems {
  let held: LogsItem[] = []
  let toldTo: number | undefined
  let gap: LogsOfBlock['gap']

  function publish(
    item: Pick<LogsItem, 'number' | 'hash' | 'results'> & Partial<Pick<LogsItem, 'isRemoved' | 'isLate'>>,
  ): LogsOfBlock {
    const number = BigInt(item.number)
    const own = item.isLate ? ({ from: number, to: number, late: true } as const) : gap
    if (!item.isLate) gap = undefined
    toldTo = Math.max(toldTo ?? -1, item.number)
    return {
      number,
      hash: item.hash as Hex,
      logs: item.results,
      removed: item.isRemoved ?? false,
      ...(own && { gap: own }),
    }
  }

  function release(upTo: number): LogsOfBlock[] {
    const due = held.filter(({ number }) => number <= upTo)
    held = held.filter(({ number }) => number > upTo)
    return due.map(publish)
  }

  function readLogs(item: LogsItem): LogsOfBlock[] {
    if (item.isRemoved) {
      // Of one block some may have been told, and one that was found late still be held.
      const untold = new Set(
        held.filter(({ hash }) => hash === item.hash).flatMap(({ results }) => results.map(indexOf)),
      )
      held = held.filter((other) => other.hash !== item.hash)
      const results = item.results.filter((log) => !untold.has(indexOf(log)))
      return results.length > 0 ? [publish({ ...item, results })] : []
    }
    if (confirmations === 0) return [publish(item)]
    held.push(item)
    return []
  }

  return {
    read(item) {
      if ('number' in item && item.number < from) return []
      if (item.type === 'logs') return readLogs(item)
      if (item.type !== 'passed') return []
      const confirmed = item.number - confirmations
      const due = release(confirmed)
      toldTo ??= confirmed
      // What is not confirmed is not told of.
      if (confirmations === 0 && item.number - toldTo >= PROGRESS) due.push(publish({ ...item }))
      return due
    },
    noteGap(from, to) {
      // Of several, all between the first and the last.
      gap = { from: gap && gap.from < from ? gap.from : from, to: gap && gap.to > to ? gap.to : to }
    },
  }
}

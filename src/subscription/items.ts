// What `heads()` and `logs()` yield: the items of a stream in their public form, those of logs held until they are confirmed.

import type { Hex, RpcLog } from 'viem'
import { indexOf } from '../rpc/log'
import type { RpcHead } from './block'
import type { Item, LogsItem } from './stream'

/** A block of the canonical chain; at a reorg the blocks of the new branch follow, from its first one on. */
export type HeadOfChain = {
  readonly number: bigint
  readonly hash: Hex
  readonly parentHash: Hex
  /** As nodes push it. */
  readonly raw: RpcHead
}

/**
 * The logs of one block. After it, everything up to `number` has been given, or up to `number - 1n` if it took logs back: those
 * of the block that stands there now are still to come. So `fromBlock: removed ? number : number + 1n` resumes. Blocks that are
 * replaced while nobody reads are not taken back.
 */
export type LogsOfBlock = {
  readonly number: bigint
  readonly hash: Hex
  /** As nodes push them, in order; none in an item that only tells how far the stream is. */
  readonly logs: RpcLog[]
  /** Whether a reorg took them back; then the newest comes first. */
  readonly removed: boolean
  /** Blocks that could not be had; `late`: those of this item were found, or found to be gone, after later ones had been given. */
  readonly gap?: { readonly from: bigint; readonly to: bigint; readonly late?: true }
}

export function readHead(item: Item): HeadOfChain[] {
  if (item.type !== 'head') return []
  const { number, raw } = item.block
  return [{ number: BigInt(number), hash: raw.hash, parentHash: raw.parentHash, raw }]
}

export type LogItems = {
  /** What has become due with this item. */
  read(item: Item): LogsOfBlock[]
  noteGap(from: bigint, to: bigint): void
}

type Told = Pick<LogsItem, 'number' | 'hash' | 'results'> & Partial<Pick<LogsItem, 'isRemoved' | 'isLate'>>

/** It is told how far the stream is at least this often (in blocks). */
const PROGRESS = 100

/** @param from the first block that is told of */
export function createLogItems(confirmations: number, from = -Infinity): LogItems {
  /** What is not confirmed yet; those without logs only tell how far the stream is. */
  let held: LogsOfBlock[] = []
  /** The last block that is held, or was told. */
  let last = from < 0 ? Infinity : from - 1
  /** Everything up to this block is confirmed. */
  let confirmed = -Infinity
  /** Told with the next item. */
  let gap: LogsOfBlock['gap']

  function itemOf({ number, hash, results, isRemoved = false, isLate }: Told): LogsOfBlock {
    const block = BigInt(number)
    const own = isLate ? ({ from: block, to: block, late: true } as const) : isRemoved ? undefined : gap
    if (own === gap) gap = undefined
    return { number: block, hash: hash as Hex, logs: [...results], removed: isRemoved, ...(own && { gap: own }) }
  }

  function hold(item: Told) {
    held.push(itemOf(item))
    last = item.number
  }

  /** What is canonical no more is not told; the gap that it was to tell is. */
  function drop(isOver: (item: LogsOfBlock) => boolean) {
    const over = take(isOver)
    for (const { gap } of over) {
      last = 0
      if (gap && !gap.late) noteGap(gap.from, gap.to)
    }
    return over
  }

  function take(isDue: (item: LogsOfBlock) => boolean) {
    const due = held.filter(isDue)
    held = held.filter((item) => !isDue(item))
    return due
  }

  const release = (upTo: number) => take(({ number }) => number <= upTo)

  function noteGap(first: bigint, to: bigint) {
    if (to >= from) gap = { from: gap && gap.from < first ? gap.from : first, to: gap && gap.to > to ? gap.to : to }
  }

  function readLogs(item: LogsItem): LogsOfBlock[] {
    if (!item.isRemoved) {
      hold(item)
      // What is late does not wait for the next block, which may be long in coming.
      return release(item.isLate ? confirmed : item.number - confirmations)
    }
    confirmed = Math.min(confirmed, item.number - 1 - confirmations)
    // Of one block some may have been told, and one that was found late still be held.
    const untold = drop(({ hash }) => hash === item.hash).flatMap(({ logs }) => logs.map(indexOf))
    const results = item.results.filter((log) => !untold.includes(indexOf(log)))
    return results.length > 0 ? [itemOf({ ...item, results })] : []
  }

  return {
    read(item) {
      if ('number' in item && item.number < from) return []
      if (item.type === 'logs') return readLogs(item)
      if (item.type !== 'passed') return []
      // Another block is in its place.
      drop(({ number, logs }) => logs.length === 0 && number >= item.number)
      last = Math.min(last, item.number)
      if (gap || item.number - last >= PROGRESS) hold(item)
      confirmed = item.number - confirmations
      return release(confirmed)
    },
    noteGap,
  }
}

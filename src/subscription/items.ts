// What `heads()` and `logs()` yield: the items of a stream in their public form; logs are held until they are confirmed.

import type { Hex, RpcLog } from 'viem'
import { indexOf } from '../rpc/log'
import type { RpcHead } from './block'
import type { Item, LogsItem } from './stream'

/** What `heads()` yields: a block of the canonical chain. At a reorg, all blocks of the new branch follow, the lowest first. */
export type HeadOfChain = {
  readonly number: bigint
  readonly hash: Hex
  readonly parentHash: Hex
  /** The head as nodes push it. */
  readonly raw: RpcHead
}

/**
 * What `logs()` yields: the logs of one block. After this item, everything up to `number` has been given; after a removal,
 * everything up to `number - 1n`, as the logs of the block that stands there now are still to come. So a later `logs()` goes on
 * with `fromBlock: removed ? number : number + 1n`. Logs of blocks that are replaced while nobody reads are not taken back.
 */
export type LogsOfBlock = {
  readonly number: bigint
  readonly hash: Hex
  /** The logs as nodes push them, in order; empty in an item that only tells how far the stream is. */
  readonly logs: RpcLog[]
  /** Whether these logs are taken back, as a reorg has replaced their block. Then the newest comes first. */
  readonly removed: boolean
  /**
   * Blocks whose logs could not be had. With `late`, nothing is missing: `from` and `to` are the block of this item, whose logs
   * are given or taken back only now, after those of later blocks.
   */
  readonly gap?: { readonly from: bigint; readonly to: bigint; readonly late?: true }
}

export function readHead(item: Item): HeadOfChain[] {
  if (item.type !== 'head') return []
  const { number, raw } = item.block
  return [{ number: BigInt(number), hash: raw.hash, parentHash: raw.parentHash, raw }]
}

export type LogItems = {
  /** The public items that have become due with this one. */
  read(item: Item): LogsOfBlock[]
  noteGap(from: bigint, to: bigint): void
}

type Told = Pick<LogsItem, 'number' | 'hash' | 'results'> & Partial<Pick<LogsItem, 'isRemoved' | 'isLate'>>

/** Without logs, an item tells how far the stream is at least this often (in blocks). */
const PROGRESS = 100

/** @param from the first block whose items are given */
export function createLogItems(confirmations: number, from = -Infinity): LogItems {
  /** Items that are not confirmed yet; those without logs only tell how far the stream is. */
  let held: LogsOfBlock[] = []
  /** The block of the last item that is held or was given: from there blocks without an item are counted. */
  let last = from < 0 ? Infinity : from - 1
  /** Everything up to this block is confirmed. */
  let confirmed = -Infinity
  /** A gap that the next item will tell of. */
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

  /** Drops items of blocks that are no longer canonical. A gap that they would have told of is kept for the next item. */
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
      // Late logs do not wait for the next block, which may be long in coming.
      return release(item.isLate ? confirmed : item.number - confirmations)
    }
    confirmed = Math.min(confirmed, item.number - 1 - confirmations)
    // Some logs of a block may have been given, while others that were found late are still held.
    // Items without logs from this block on only told how far the stream was.
    const isOver = ({ hash, number, logs }: LogsOfBlock) =>
      hash === item.hash || (logs.length === 0 && number >= item.number)
    const untold = drop(isOver).flatMap(({ logs }) => logs.map(indexOf))
    const results = item.results.filter((log) => item.number >= from && !untold.includes(indexOf(log)))
    return results.length > 0 ? [itemOf({ ...item, results })] : []
  }

  return {
    read(item) {
      // A block below may be taken back for all those above it.
      if ('number' in item && item.number < from && !(item as Partial<LogsItem>).isRemoved) return []
      if (item.type === 'logs') return readLogs(item)
      if (item.type !== 'passed') return []
      last = Math.min(last, item.number)
      if (gap || item.number - last >= PROGRESS) hold(item)
      confirmed = item.number - confirmations
      return release(confirmed)
    },
    noteGap,
  }
}

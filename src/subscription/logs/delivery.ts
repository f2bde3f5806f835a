// What a stream of logs has delivered, and up to where: gives blocks in turn, takes them back, adds what was found late. Knows
// which blocks are certain, and which only look whole. Asks nobody.

import type { Log } from '../block'
import type { LogsItem, StreamSink } from '../stream'
import type { Entry } from './ledger'
import { createLedger, indexOf, inOrder, MOST_BLOCKS } from './ledger'
import type { LogBlock } from './log-queue'
import type { LoggedBlock } from './log-reads'

export type Uncertain = {
  readonly from: number
  readonly to: LogBlock
  /** Blocks that had been taken back when it was said. */
  readonly takenBack: number
}

export type Delivery = {
  /** The last block whose turn has come. */
  cursor(): LogBlock | undefined
  /** Nothing up to this block is delivered. */
  begin(block: LogBlock): void
  /** The first block of which logs are delivered. */
  begunAt(): number
  /** Its turn has come. @param isCertain whether these are known to be all its logs */
  give(block: LogBlock, logs: readonly Log[], isCertain: boolean): void
  /** What was read from this block to the cursor for somebody who began earlier: it can be taken back from him too. */
  noteBefore(from: number, blocks: readonly LoggedBlock[]): void
  /** It is canonical no more. */
  takeBack(block: LogBlock): void
  /** Logs of a block whose turn is over. Returns whether any of them is new. */
  add(block: Pick<LogBlock, 'number' | 'hash'>, logs: readonly Log[]): boolean
  has(hash: string): boolean
  /** Blocks with logs that may yet be taken back, the newest first. */
  blocks(): Entry[]
  /** Blocks of this range with logs that are not among those of the canonical chain, the newest first. */
  missingFrom(canonical: readonly LoggedBlock[], from: number, to: number): Entry[]
  /** The blocks that only look whole. */
  uncertain(): Uncertain | undefined
  /** They are certain now, unless some of them were taken back since. */
  confirm(blocks: Uncertain): void
  /** Blocks that have been taken back so far. */
  takenBack(): number
  /** The turn of the next block. */
  turn(): number
  /** What was delivered from this block on, as far as it is remembered; `undefined` if that is not far enough. */
  since(number: number): LogsItem[] | undefined
}

/** Blocks that are looked at again. */
const MOST_UNCERTAIN = 1_000

export function createDelivery(sink: Pick<StreamSink, 'onItem'>): Delivery {
  const ledger = createLedger()
  let cursor: LogBlock | undefined
  let begunAt = 0
  let turn = 0
  let certainTo = -1
  let isCertain = true
  let takenBack = 0

  function itemOf(
    { number, hash, turn: own }: Entry,
    results: readonly Log[],
    isRemoved = false,
    isLate = false,
  ): LogsItem {
    return { type: 'logs', number, hash, results, isRemoved, isLate, turn: own }
  }

  function blocks() {
    return ledger.all().sort((a, b) => b.number - a.number)
  }

  return {
    cursor: () => cursor,
    begin(block) {
      cursor = block
      certainTo = block.number
      begunAt = block.number + 1
    },
    begunAt: () => begunAt,
    give(block, logs, isCertainNow) {
      const own = { number: block.number, hash: block.hash, turn: turn++ }
      if (isCertain && isCertainNow) certainTo = block.number
      else isCertain = false
      cursor = block
      const fresh = ledger.add(own, logs)
      if (fresh.length > 0) sink.onItem(itemOf({ ...own, logs: fresh }, fresh))
      sink.onItem({ type: 'passed', number: block.number, hash: block.hash, results: [] })
    },
    noteBefore(from, blocks) {
      const floor = Math.max(from, (cursor?.number ?? 0) - MOST_BLOCKS + 1)
      const older = blocks.filter(({ number }) => number >= floor && number < begunAt)
      ledger.addBefore(older.map((block) => ({ ...block, turn: -1 })))
      begunAt = Math.min(begunAt, floor)
    },
    takeBack(block) {
      takenBack++
      const entry = ledger.remove(block.hash)
      certainTo = Math.min(certainTo, block.number - 1)
      if (cursor && cursor.number >= block.number)
        cursor = { number: block.number - 1, hash: block.parentHash ?? '', provider: block.provider }
      if (!entry) return
      const logs = [...entry.logs].reverse().map((log) => ({ ...log, removed: true }))
      sink.onItem(itemOf(entry, logs, true))
    },
    add({ number, hash }, logs) {
      if (number < begunAt || number <= ledger.forgotten()) return false
      const last = ledger.get(hash)?.logs.at(-1)
      const highest = ledger.highest()
      const since = cursor ? Math.max(0, cursor.number - number) : 0
      const own = { number, hash, turn: ledger.get(hash)?.turn ?? Math.max(0, turn - 1 - since) }
      const fresh = ledger.add(own, logs)
      const [first] = fresh
      if (!first) return false
      // A part of the block may have been given, of which this is not the end.
      const isLate = highest > number || (last !== undefined && indexOf(last) > indexOf(first))
      sink.onItem(itemOf({ ...own, logs: fresh }, fresh, false, isLate))
      return true
    },
    has: (hash) => ledger.get(hash) !== undefined,
    blocks,
    missingFrom(canonical, from, to) {
      const hashes = new Set(canonical.map(({ hash }) => hash))
      return blocks().filter(({ number, hash }) => number >= from && number <= to && !hashes.has(hash))
    },
    uncertain() {
      if (isCertain || !cursor) return undefined
      return { from: Math.max(certainTo + 1, cursor.number - MOST_UNCERTAIN + 1), to: cursor, takenBack }
    },
    confirm(blocks) {
      if (blocks.takenBack !== takenBack) return
      certainTo = Math.max(certainTo, blocks.to.number)
      isCertain = certainTo >= (cursor?.number ?? -1)
    },
    takenBack: () => takenBack,
    turn: () => turn,
    since(number) {
      const oldest = ledger.all()[0]?.number ?? Infinity
      if (number < begunAt || number < oldest) return undefined
      const entries = ledger.all().filter((entry) => entry.number >= number)
      return entries.sort((a, b) => a.number - b.number).map((entry) => itemOf(entry, inOrder(entry.logs)))
    },
  }
}

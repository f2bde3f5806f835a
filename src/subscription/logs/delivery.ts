// What a stream of logs has delivered, and up to where: gives blocks in turn, takes them back, adds logs that were found late.
// Knows which blocks are certain (all their logs are delivered), and which only look so. Asks nobody.

import type { Log, LoggedBlock } from '../../rpc/log'
import { indexOf, inOrder } from '../../rpc/log'
import type { BlockRef } from '../block'
import type { LogsItem, StreamSink } from '../stream'
import type { Entry } from './ledger'
import { createLedger, MOST_BLOCKS } from './ledger'

/** A block that is no longer canonical. */
export type Orphan = Pick<BlockRef, 'number' | 'hash' | 'parentHash'>

export type Delivery = {
  /** The last block whose turn has come. */
  cursor(): BlockRef | undefined
  /** The number of the cursor; -1 before any. */
  height(): number
  /** The highest block that is delivered. It is above the cursor if that went back below blocks that still stand. */
  reach(): number
  /** The stream begins after this block. */
  begin(block: BlockRef): void
  /** The first block of which logs are delivered. */
  begunAt(): number
  /** Delivers a block whose turn has come. @param isCertain whether these are known to be all its logs */
  give(block: BlockRef, logs: readonly Log[], isCertain: boolean): void
  /**
   * Notes what was read from this block to the cursor for a subscriber that began earlier: it can be taken back there too, before
   * the beginning and in gaps that were told.
   */
  noteBefore(from: number, blocks: readonly LoggedBlock[]): void
  /** Takes back the logs of the block, if any were delivered, and sets the cursor below it. */
  takeBack(block: Orphan): void
  /** Delivers logs of a block whose turn is over. Returns whether any of them is new. */
  add(block: Pick<BlockRef, 'number' | 'hash'>, logs: readonly Log[]): boolean
  has(hash: string): boolean
  /** The delivered blocks with logs that can still be taken back, the newest first. */
  blocks(): Entry[]
  /** The delivered blocks with logs in this range that are not among the canonical ones, the newest first. */
  missingFrom(canonical: readonly LoggedBlock[], from: number, to: number): Entry[]
  /** The first block that is not certain, among those that are remembered; `Infinity` for none. */
  uncertainFrom(): number
  /** Gives up uncertain blocks that are not remembered, as they cannot be checked any more: reports them as a gap, once. */
  giveUp(): void
  /** What was delivered of this block and of those below is not remembered; -1 if all is. */
  forgotten(): number
  /** The lowest block, from this one down, that a reorg may have replaced unnoticed, where no heads tell of it. */
  replaceableFrom(number: number): number
  /** All blocks up to this one are certain now. */
  confirm(to: number): void
  /** The number of blocks taken back so far. If it grows during a read, the answer may be of either branch, or of both. */
  takenBack(): number
  /** Reports blocks that cannot be delivered. A later replay of them is not served from memory. */
  readonly onGap: StreamSink['onGap']
  /** The turn of the next block. */
  turn(): number
  /** What was delivered from this block on; `undefined` if not all of it is remembered. */
  since(number: number): LogsItem[] | undefined
}

/** Blocks that a reorg may replace. */
const REPLACED = 64
/** Nodes behind one address are at most this far apart (in blocks). */
export const NEAR = 64
/** Gaps that are remembered beside the last one. */
const MOST_GAPS = 16

/** @param onFound called if new logs of a block were found after its turn */
export function createDelivery(
  sink: Pick<StreamSink, 'onItem' | 'onGap'>,
  onFound?: (block: BlockRef) => void,
): Delivery {
  const ledger = createLedger()
  let cursor: BlockRef | undefined
  let begunAt = 0
  let turn = 0
  /** The blocks whose turns have come, the oldest first, as many as are remembered. */
  const turns: { readonly block: BlockRef; readonly turn: number }[] = []
  /** All blocks up to this one are certain. */
  let certainTo = -1
  /** The latest gaps that were reported: callers read them on their own, so nothing of them is delivered any more. */
  let gaps: { from: number; to: number }[] = []
  let takenBack = 0

  function itemOf(
    { number, hash, turn }: Omit<Entry, 'logs'>,
    results: readonly Log[],
    isRemoved = false,
    isLate = false,
  ): LogsItem {
    return { type: 'logs', number, hash, results, isRemoved, isLate, turn }
  }

  const height = () => cursor?.number ?? -1
  const isCertain = () => certainTo >= height()

  /** Blocks up to this one are not checked any more: they are certain, or not remembered. */
  function givenUpTo() {
    return isCertain() ? certainTo : Math.max(certainTo, ledger.forgotten(), height() - MOST_BLOCKS)
  }

  const isMissed = (low: number, high: number) => gaps.some(({ from, to }) => Math.max(from, low) <= Math.min(to, high))

  function onGap(from: number, to: number, why: string) {
    gaps = [{ from, to }, ...gaps.slice(0, MOST_GAPS)]
    sink.onGap(from, to, why)
  }

  function takeBack(block: Orphan) {
    takenBack++
    const entry = ledger.remove(block.hash)
    certainTo = Math.min(certainTo, block.number - 1)
    // If it lies below the first block, the stream begins again with the one that replaces it.
    begunAt = Math.min(begunAt, block.number)
    for (const gap of gaps) gap.to = Math.min(gap.to, block.number - 1)
    while ((turns.at(-1)?.block.number ?? -1) >= block.number) turns.pop()
    if (cursor && cursor.number >= block.number)
      cursor = { number: block.number - 1, hash: block.parentHash ?? '', provider: cursor.provider }
    const logs = [...(entry?.logs ?? [])].reverse().map((log) => ({ ...log, removed: true }))
    // Also without logs: who waits for confirmations may hold an item of the block.
    // Late if higher blocks were delivered: nobody had told that this one was replaced, and they are of the new branch.
    sink.onItem(itemOf(entry ?? { ...block, turn }, logs, true, entry && ledger.highest() > entry.number))
  }

  /** Takes back other delivered blocks of the same height: they were orphaned, and nobody said so. */
  function takeBackRivals({ number, hash }: BlockRef) {
    if (ledger.highest() < number) return
    for (const rival of ledger.all()) if (rival.number === number && rival.hash !== hash) takeBack(rival)
  }

  function blocks() {
    return ledger.all().sort((a, b) => b.number - a.number)
  }

  return {
    cursor: () => cursor,
    height,
    reach: () => Math.max(height(), ledger.highest()),
    begin(block) {
      cursor = block
      certainTo = block.number
      begunAt = block.number + 1
      // What is found up to here is only for subscribers that began earlier.
      turns.splice(0, MOST_BLOCKS, { block, turn: -1 })
    },
    begunAt: () => begunAt,
    give(block, logs, isCertainNow) {
      takeBackRivals(block)
      const own = { number: block.number, hash: block.hash, turn: turn++ }
      if (isCertain() && isCertainNow) certainTo = block.number
      cursor = block
      turns.push({ block, turn: own.turn })
      if (turns.length > MOST_BLOCKS) turns.shift()
      const highest = ledger.highest()
      const fresh = ledger.add(own, logs)
      // Late if higher blocks are delivered: the block that it replaces was taken back late.
      if (fresh.length > 0) sink.onItem(itemOf(own, fresh, false, highest > block.number))
      sink.onItem({ type: 'passed', number: block.number, hash: block.hash, results: [] })
    },
    noteBefore(from, blocks) {
      const floor = Math.max(from, height() - MOST_BLOCKS + 1)
      const older = blocks.filter(({ number }) => number >= floor && number < begunAt)
      ledger.addBefore(older.map(({ logs, ...block }) => ({ ...block, logs: [...logs], turn: -1 })))
      begunAt = Math.min(begunAt, floor)
      for (const { logs, ...block } of blocks)
        if (block.number >= Math.max(floor, ledger.forgotten() + 1) && isMissed(block.number, block.number))
          ledger.add({ ...block, turn: -1 }, logs)
      // A lower node behind the same address may have answered: without logs of the last block, the end is not proven.
      if (!blocks.some(({ hash }) => hash === cursor?.hash)) certainTo = Math.min(certainTo, height() - NEAR)
    },
    takeBack,
    add({ number, hash }, logs) {
      if (number < begunAt || number <= ledger.forgotten() || isMissed(number, number)) return false
      const entry = ledger.get(hash)
      const last = entry?.logs.at(-1)
      const highest = ledger.highest()
      // A block that was passed over had its turn together with the next one.
      const passed = turns.find(({ block }) => block.number >= number)
      const own = { number, hash, turn: (entry ?? passed)?.turn ?? turn }
      const fresh = ledger.add(own, logs)
      const [first] = fresh
      if (!first) return false
      if (passed?.block.hash === hash) onFound?.(passed.block)
      // Late if later logs were delivered, of higher blocks or of this one.
      const isLate = highest > number || (last !== undefined && indexOf(last) > indexOf(first))
      sink.onItem(itemOf(own, fresh, false, isLate))
      return true
    },
    has: (hash) => ledger.get(hash) !== undefined,
    blocks,
    missingFrom(canonical, from, to) {
      const hashes = new Set(canonical.map(({ hash }) => hash))
      return blocks().filter(({ number, hash }) => number >= from && number <= to && !hashes.has(hash))
    },
    uncertainFrom: () => (isCertain() ? Infinity : givenUpTo() + 1),
    giveUp() {
      const from = certainTo + 1
      certainTo = givenUpTo()
      if (certainTo >= from) onGap(from, certainTo, 'what was given there is not remembered')
    },
    forgotten: ledger.forgotten,
    replaceableFrom: (number) => Math.min(number, Math.max(begunAt, number - REPLACED)),
    confirm(to) {
      certainTo = Math.max(certainTo, to)
    },
    takenBack: () => takenBack,
    onGap,
    turn: () => turn,
    since(number) {
      if (number < begunAt || number <= ledger.forgotten() || isMissed(number, Infinity)) return undefined
      const entries = ledger.all().filter((entry) => entry.number >= number)
      return entries.sort((a, b) => a.number - b.number).map((entry) => itemOf(entry, inOrder(entry.logs)))
    },
  }
}

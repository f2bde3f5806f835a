// What a stream of logs has delivered, and up to where: gives blocks in turn, takes them back, adds what was found late. Knows
// which blocks are certain, and which only look whole. Asks nobody.

import type { Log, LoggedBlock } from '../../rpc/log'
import { indexOf, inOrder } from '../../rpc/log'
import type { BlockRef } from '../block'
import type { LogsItem, StreamSink } from '../stream'
import type { Entry } from './ledger'
import { createLedger, MOST_BLOCKS } from './ledger'

/** A block that is canonical no more. */
export type Orphan = Pick<BlockRef, 'number' | 'hash' | 'parentHash'>

export type Delivery = {
  /** The last block whose turn has come. */
  cursor(): BlockRef | undefined
  /** Its number; -1 before any. */
  height(): number
  /** The last block of which anything is delivered: above the cursor, if that went back below what stands. */
  reach(): number
  /** Nothing up to this block is delivered. */
  begin(block: BlockRef): void
  /** The first block of which logs are delivered. */
  begunAt(): number
  /** Its turn has come. @param isCertain whether these are known to be all its logs */
  give(block: BlockRef, logs: readonly Log[], isCertain: boolean): void
  /** What was read from this block to the cursor for somebody who began earlier: it can be taken back from him too. */
  noteBefore(from: number, blocks: readonly LoggedBlock[]): void
  takeBack(block: Orphan): void
  /** Logs of a block whose turn is over. Returns whether any of them is new. */
  add(block: Pick<BlockRef, 'number' | 'hash'>, logs: readonly Log[]): boolean
  has(hash: string): boolean
  /** Blocks with logs that may yet be taken back, the newest first. */
  blocks(): Entry[]
  /** Blocks of this range with logs that are not among those of the canonical chain, the newest first. */
  missingFrom(canonical: readonly LoggedBlock[], from: number, to: number): Entry[]
  /** The first block that only looks whole, as far as what was given is remembered; `Infinity` for none. */
  uncertainFrom(): number
  /** Those before them: nothing is found out about them any more, which is told once. */
  giveUp(): void
  /** What was given up to this block is not remembered. */
  forgotten(): number
  /** Of those before this one, the first that a reorg may have replaced without a word, where no heads tell of it. */
  replaceableFrom(number: number): number
  /** Up to this block all are certain now. */
  confirm(to: number): void
  /** Blocks that have been taken back so far: what was read while it grew may be of both branches. */
  takenBack(): number
  /** Blocks that cannot be given: it is told. Who asks for them later is not answered from memory. */
  readonly onGap: StreamSink['onGap']
  /** The turn of the next block. */
  turn(): number
  /** What was delivered from this block on, as far as it is remembered; `undefined` if that is not far enough. */
  since(number: number): LogsItem[] | undefined
}

/** Blocks that a reorg may replace. */
const REPLACED = 64

/** @param onFound logs of this block were found after its turn */
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
  let certainTo = -1
  let missedTo = -1
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

  /** Nothing up to this block is looked at again. */
  function givenUpTo() {
    return isCertain() ? certainTo : Math.max(certainTo, ledger.forgotten(), height() - MOST_BLOCKS)
  }

  function onGap(from: number, to: number, why: string) {
    missedTo = Math.max(missedTo, to)
    sink.onGap(from, to, why)
  }

  function takeBack(block: Orphan) {
    takenBack++
    const entry = ledger.remove(block.hash)
    certainTo = Math.min(certainTo, block.number - 1)
    while ((turns.at(-1)?.block.number ?? -1) >= block.number) turns.pop()
    if (cursor && cursor.number >= block.number)
      cursor = { number: block.number - 1, hash: block.parentHash ?? '', provider: cursor.provider }
    if (!entry) return
    const logs = [...entry.logs].reverse().map((log) => ({ ...log, removed: true }))
    // Nobody had told that it was replaced: what was pushed since is of the new branch.
    sink.onItem(itemOf(entry, logs, true, ledger.highest() > entry.number))
  }

  /** What still stands at its height was orphaned, and nobody said so. */
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
      turns.length = 0
      cursor = block
      certainTo = block.number
      begunAt = block.number + 1
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
      // Behind one that was taken back late, later ones may stand.
      if (fresh.length > 0) sink.onItem(itemOf(own, fresh, false, highest > block.number))
      sink.onItem({ type: 'passed', number: block.number, hash: block.hash, results: [] })
    },
    noteBefore(from, blocks) {
      const floor = Math.max(from, height() - MOST_BLOCKS + 1)
      const older = blocks.filter(({ number }) => number >= floor && number < begunAt)
      ledger.addBefore(older.map(({ logs, ...block }) => ({ ...block, logs: [...logs], turn: -1 })))
      begunAt = Math.min(begunAt, floor)
    },
    takeBack,
    add({ number, hash }, logs) {
      if (number < begunAt || number <= ledger.forgotten()) return false
      const entry = ledger.get(hash)
      const last = entry?.logs.at(-1)
      const highest = ledger.highest()
      // Blocks that were passed over had their turn with the next one.
      const passed = turns.find(({ block }) => block.number >= number)
      const own = { number, hash, turn: (entry ?? passed)?.turn ?? turn }
      const fresh = ledger.add(own, logs)
      const [first] = fresh
      if (!first) return false
      if (passed?.block.hash === hash) onFound?.(passed.block)
      // A part of the block may have been given, of which this is not the end.
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
      if (number < begunAt || number <= Math.max(ledger.forgotten(), missedTo)) return undefined
      const entries = ledger.all().filter((entry) => entry.number >= number)
      return entries.sort((a, b) => a.number - b.number).map((entry) => itemOf(entry, inOrder(entry.logs)))
    },
  }
}

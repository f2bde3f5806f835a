// Brings a stream of logs up to the newest block: takes back delivered logs that are no longer canonical, and reads missed ones
// by range. turns.ts says when; once it has left the catch-up (`isLeft`), what was read is dropped.

import type { Clock } from '../../base/clock'
import type { Pauses } from '../../base/pause'
import type { Backfill } from '../backfill'
import type { BlockRef } from '../block'
import type { HeadFeed } from '../heads/head-feed'
import { createResetCheck } from '../heads/reset'
import type { Delivery } from './delivery'
import { NEAR } from './delivery'
import type { LogReads } from './log-reads'

export type CatchUpOptions = {
  readonly clock: Clock
  readonly reads: LogReads
  readonly delivery: Delivery
  readonly heads: Pick<HeadFeed, 'tip' | 'has' | 'lowest'>
  readonly backfill: Pick<Backfill, 'byNumber' | 'latest'>
  /** Ids of the providers that may be asked. */
  readonly providers: () => readonly string[]
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: { readonly logs: number }
}

export type CatchUp = {
  /**
   * Goes on from the last delivered block to the newest one. Returns whether it got there.
   * @param anewAbove on a chain that has become shorter: all blocks above this one are new, whatever was delivered
   */
  toNewest(isLeft: () => boolean, anewAbove?: number | undefined): Promise<boolean>
}

/** Logs may come before their heads: the heads are waited for this long (in ms). */
const AHEAD = 2_000
/** The time between two looks at the heads meanwhile (in ms). */
const SETTLE = 50
/** The pause before the next try while no head is known (in ms). */
const AGAIN = 500
/** Logs that cannot be had for this long (in ms) are reported as a gap. */
const GIVEN_UP = 30_000
/** Blocks that are read again where it is not known which of them were replaced. */
const READ_AGAIN = 256

/** @param dropTo takes the blocks up to this number out of the queue */
export function createCatchUp(options: CatchUpOptions, pauses: Pauses, dropTo: (number: number) => void): CatchUp {
  const { clock, reads, delivery, heads, backfill } = options
  const { onGap, height } = delivery
  const reset = createResetCheck(clock, backfill, pauses, options.providers)

  async function newestBlock(isLeft: () => boolean, isAnew: boolean): Promise<BlockRef | undefined> {
    const until = isAnew ? -Infinity : clock.now() + AHEAD
    let newest = heads.tip()
    while (newest && newest.number < height() && clock.now() < until && !isLeft()) {
      await pauses.wait(SETTLE)
      newest = heads.tip()
    }
    if (!newest && !isLeft()) await pauses.wait(AGAIN)
    return newest
  }

  async function toNewest(isLeft: () => boolean, anewAbove = Infinity) {
    const newest = await newestBlock(isLeft, anewAbove < Infinity)
    if (isLeft() || !newest) return false
    const { number, hash } = newest
    // Heads that have begun since the chain became shorter do not tell that it did.
    const isShorter = anewAbove === Infinity && number < height() && (await reset.isReset(height()))
    if (isLeft()) return false
    dropTo(number)
    await takeBackOrphans(newest, isLeft, isShorter ? heads.lowest() : anewAbove)
    if (isLeft()) return false
    const uncertainFrom = delivery.uncertainFrom()
    const readFrom = delivery.cursor() ? await fill(newest, isLeft) : Infinity
    // A reorg has replaced the newest block meanwhile: the catch-up starts over.
    if (isLeft() || isGone(newest)) return false
    delivery.give(newest, [], false)
    // Uncertain blocks that were not read again are as uncertain as before.
    if (readFrom > uncertainFrom) return true
    // A lower node behind the same address may have answered: unless logs of the last block came, the end is not proven.
    delivery.confirm(delivery.has(hash) ? number : number - NEAR)
    return true
  }

  /** Whether a reorg has replaced the block. One that the heads merely do not remember any more is taken to stand. */
  function isGone({ number, hash }: BlockRef) {
    return number >= heads.lowest() && !heads.has(hash)
  }

  /** Whether the block is canonical, or cannot be shown not to be. */
  async function isStillCanonical(
    { number, hash }: Pick<BlockRef, 'number' | 'hash'>,
    provider: string,
    isLeft: () => boolean,
  ) {
    const canonical = await reads.untilDone(() => backfill.byNumber(number, provider), GIVEN_UP, isLeft)
    return isLeft() || !canonical || canonical.hash === hash
  }

  async function takeBackOrphans({ number: newest, provider }: BlockRef, isLeft: () => boolean, anewAbove: number) {
    const stands = async (block: Pick<BlockRef, 'number' | 'hash'>) =>
      block.number <= newest && (await isStillCanonical(block, provider, isLeft))
    /** The highest block that is known to stand, or the one after which the stream, or the shorter chain, began. */
    let standing = Math.min(delivery.begunAt() - 1, anewAbove)
    for (const entry of delivery.blocks()) {
      if (await stands(entry)) {
        standing = entry.number
        break
      }
      delivery.takeBack(entry)
    }
    const cursor = delivery.cursor()
    if (!cursor || cursor.number <= standing || (await stands(cursor))) return
    // Blocks without logs are not remembered: any of the last ones may have been replaced, so all of them are read again.
    const number = Math.max(standing + 1, Math.min(newest, cursor.number) - READ_AGAIN)
    delivery.takeBack({ number, hash: '' })
  }

  /** Delivers the missed logs up to `end`. Returns the lowest block whose logs were read; `Infinity` for none. */
  async function fill(end: BlockRef, hasLeft: () => boolean) {
    const { number: to, hash, provider } = end
    const isLeft = () => hasLeft() || isGone(end)
    // Without heads a reorg goes unnoticed: blocks that one may have replaced are read again together with the missing ones.
    const low = delivery.replaceableFrom(Math.min(height(), delivery.uncertainFrom()))
    const most = to - options.mostFilled.logs + 1
    // In blocks that are not remembered, logs that were delivered could not be told from new ones.
    const first = Math.max(height() + 1 < most ? most : low, delivery.forgotten() + 1)
    const found =
      first <= to &&
      (await reads.untilDone(() => reads.ofRange(first, to, provider, 'backfill', hash), GIVEN_UP, isLeft))
    if (isLeft()) return Infinity
    for (const entry of found ? delivery.missingFrom(found, first, to) : [])
      if (!(await isStillCanonical(entry, provider, isLeft))) delivery.takeBack(entry)
    // The catch-up that starts over reports the gap then.
    if (isLeft()) return Infinity
    // Blocks that were delivered may be read again, but only those above them are missing.
    const missing = height() + 1
    if (first > missing)
      onGap(
        missing,
        Math.min(first - 1, to),
        first === most ? 'the gap is wider than maxBackfillBlocks' : 'what was given there is not remembered',
      )
    if (!found) {
      if (first <= to) onGap(Math.max(first, missing), to, 'the logs could not be had')
      return Infinity
    }
    for (const { number, hash, logs } of found) {
      if (number < delivery.begunAt()) continue
      if (delivery.has(hash) || number < height()) delivery.add({ number, hash }, logs)
      else delivery.give({ number, hash, provider }, logs, true)
    }
    return first
  }

  return { toNewest }
}

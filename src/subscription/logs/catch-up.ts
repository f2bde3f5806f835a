// What a stream of logs has missed is read by range; what was delivered and does not stand any more is taken back. Whose turn
// it is, turns.ts says: what is read is dropped once it has left (`isLeft`).

import type { Clock } from '../../base/clock'
import type { Pauses } from '../../base/pause'
import type { Backfill } from '../backfill'
import type { BlockRef } from '../block'
import type { HeadFeed } from '../heads/head-feed'
import type { Delivery } from './delivery'
import type { LogReads } from './log-reads'

export type CatchUpOptions = {
  readonly clock: Clock
  readonly reads: LogReads
  readonly delivery: Delivery
  readonly heads: Pick<HeadFeed, 'tip' | 'has' | 'lowest'>
  readonly backfill: Pick<Backfill, 'byNumber'>
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: { readonly logs: number }
}

export type CatchUp = {
  /** Goes on from what was delivered to the newest block. Returns whether it got there. */
  toNewest(isLeft: () => boolean): Promise<boolean>
}

/** All in ms. Logs may come before their heads: those are waited for so long, and looked for so often; */
const AHEAD = 2_000
const SETTLE = 50
/** where there is no head, this often. */
const AGAIN = 500
/** What cannot be had is reported. */
const GIVEN_UP = 30_000
/** Nodes behind one address are not further apart (in blocks). */
const NEAR = 64
/** Blocks that are read again where it is not known which of them were replaced. */
const READ_AGAIN = 256

/** @param dropTo takes those up to this block out of the queue */
export function createCatchUp(options: CatchUpOptions, pauses: Pauses, dropTo: (number: number) => void): CatchUp {
  const { clock, reads, delivery, heads, backfill } = options
  const { onGap, height } = delivery

  async function newestBlock(isLeft: () => boolean): Promise<BlockRef | undefined> {
    const until = clock.now() + AHEAD
    let newest = heads.tip()
    while (newest && newest.number < height() && clock.now() < until && !isLeft()) {
      await pauses.wait(SETTLE)
      newest = heads.tip()
    }
    if (!newest && !isLeft()) await pauses.wait(AGAIN)
    return newest
  }

  async function toNewest(isLeft: () => boolean) {
    const newest = await newestBlock(isLeft)
    if (isLeft() || !newest) return false
    const { number, hash } = newest
    dropTo(number)
    await takeBackOrphans(newest, isLeft)
    if (isLeft()) return false
    const uncertainFrom = delivery.uncertainFrom()
    const readFrom = delivery.cursor() ? await fill(newest, isLeft) : Infinity
    // A reorg meanwhile: it starts over.
    if (isLeft() || isGone(newest)) return false
    delivery.give(newest, [], false)
    // What only looked whole, and was not read again, is as uncertain as before.
    if (readFrom > uncertainFrom) return true
    // Behind its address a node may have answered that was not so far: near the end only what is there is proven.
    delivery.confirm(delivery.has(hash) ? number : number - NEAR)
    return true
  }

  /** Whether a reorg has replaced it. What heads remember no more, as the chain has moved on, is not read once more for that. */
  function isGone({ number, hash }: BlockRef) {
    return number >= heads.lowest() && !heads.has(hash)
  }

  /** Whether the block is canonical, or cannot be shown not to be. */
  async function stands({ number, hash }: Pick<BlockRef, 'number' | 'hash'>, provider: string, isLeft: () => boolean) {
    const canonical = await reads.untilDone(() => backfill.byNumber(number, provider), GIVEN_UP, isLeft)
    return isLeft() || !canonical || canonical.hash === hash
  }

  async function takeBackOrphans({ number: newest, provider }: BlockRef, isLeft: () => boolean) {
    let lowest = delivery.begunAt()
    for (const entry of delivery.blocks()) {
      if (entry.number <= newest && (await stands(entry, provider, isLeft))) {
        lowest = entry.number
        break
      }
      delivery.takeBack(entry)
    }
    const cursor = delivery.cursor()
    if (!cursor || cursor.number < lowest) return
    if (cursor.number <= newest && (await stands(cursor, provider, isLeft))) return
    // Blocks without logs leave no trace: others may have taken the place of any of them.
    const number = Math.max(lowest, Math.min(newest, cursor.number) - READ_AGAIN)
    delivery.takeBack({ number, hash: '' })
  }

  /** Returns the lowest block of which the logs were read; `Infinity` for none. */
  async function fill(end: BlockRef, hasLeft: () => boolean) {
    const { number: to, hash, provider } = end
    const isLeft = () => hasLeft() || isGone(end)
    // What went by logs alone may have been replaced without a word: it is read again together with what is missing.
    const low = delivery.replaceableFrom(Math.min(height(), delivery.uncertainFrom()))
    const most = to - options.mostFilled.logs + 1
    // What is not remembered cannot be told from what is new.
    const first = Math.max(height() + 1 < most ? most : low, delivery.forgotten() + 1)
    const found =
      first <= to &&
      (await reads.untilDone(() => reads.ofRange(first, to, provider, 'backfill', hash), GIVEN_UP, isLeft))
    if (isLeft()) return Infinity
    for (const entry of found ? delivery.missingFrom(found, first, to) : [])
      if (!(await stands(entry, provider, isLeft))) delivery.takeBack(entry)
    // Whoever starts over tells of the gap then.
    if (isLeft()) return Infinity
    // The last block that was given is read again, but it is not missing.
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

// The blocks of a log stream have their turns one after the other: each is settled with what was pushed for it, or by reading
// its logs, and only then comes the next one. log-order.ts says which blocks come; catch-up.ts reads blocks that were missed.

import { within } from '../../base/clock'
import { createPauses } from '../../base/pause'
import type { Log } from '../../rpc/log'
import type { BlockRef } from '../block'
import type { CatchUpOptions } from './catch-up'
import { createCatchUp } from './catch-up'
import type { Orphan } from './delivery'
import type { BlockItem, QueueItem } from './log-queue'
import { frontOf, verdictOf } from './log-queue'
import type { Pushes } from './pushes'
import type { Trust } from './trust'

export type Turns = {
  add(item: QueueItem): void
  /** The last block that waits for its turn; if none waits, the last one that had it. */
  last(): BlockRef | undefined
  /** Whether the turn of the block may still come. During a catch-up it may be that of any block. */
  mayCome(hash: string): boolean
  /** The block is no longer canonical: it loses its turn if it waits, else its logs are taken back. */
  retract(block: Orphan): void
  /** Whether a log after the turn of its block is only slow, as no other block has come since. The place gets more time. */
  isSlow(hash: string): boolean
  /** Something was pushed or has changed: looks at the first block again. @param hash of the block whose log was pushed */
  look(hash?: string | undefined): void
  /** Drops all blocks whose turn has not come. */
  clear(): void
  /** No block has a turn any more, now or later. */
  stop(): void
}

export type TurnsOptions = CatchUpOptions & {
  readonly pushes: Pushes
  readonly trust: Pick<Trust, 'bloomOf' | 'mustCheck' | 'mayCheck' | 'noteThere'>
  /** The place has not pushed all logs of this block. */
  readonly onLoss: (number: number) => void
}

/** The head and the logs of a block come without longer pauses in between (in ms). */
const SETTLE = 50
/** Where logs usually come after their heads, the first one is waited for at most this long (in ms). */
const SLOWEST = 1_000
/** A check holds back later blocks for at most this long (in ms). */
const HELD_BACK = 2_000
/** Blocks whose logs cannot be had for this long (in ms) are reported as a gap. */
const GIVEN_UP = 30_000
/** Most blocks that are read at a time. */
const MOST_AT_ONCE = 256

export function createTurns(options: TurnsOptions): Turns {
  const { clock, reads, delivery, heads, pushes, trust, mostFilled, onLoss } = options
  const { bloomOf, mustCheck, mayCheck } = trust
  const pauses = createPauses(clock)
  let queue: QueueItem[] = []
  let isWorking = false
  /** The last block whose turn is over. */
  let settled: BlockItem | undefined
  /** The last block that was given more time, as the process had been too busy to read the frames that came. */
  let spared: BlockItem | undefined
  const catchUp = createCatchUp(options, pauses, (number) => keep(({ block }) => block.number > number))

  /** Whether its logs are pushed, as far as is known. If its head had to be fetched, nothing tells when they were due. */
  function isCovered({ block: { number, isPushed = false } }: BlockItem) {
    return isPushed && pushes.covers(number)
  }

  async function work() {
    if (isWorking) return
    isWorking = true
    for (let item = queue[0]; item && !pauses.isOver(); item = queue[0]) await step(item)
    isWorking = false
  }

  async function step(item: QueueItem) {
    if (item.type === 'block') return stepBlock(item)
    const isLeft = () => queue[0] !== item
    if ((await catchUp.toNewest(isLeft, item.anewAbove)) && !isLeft()) queue.shift()
  }

  const hasPushes = ({ block }: BlockItem) => pushes.of(block.hash).length > 0

  /** How much longer logs of the block are waited for (in ms). */
  function timeLeft(item: BlockItem) {
    const patience = hasPushes(item) ? SETTLE : Math.min(SLOWEST, Math.max(SETTLE, 2 * pushes.lag()))
    return item.at + patience - clock.now()
  }

  function verdict(item: BlockItem) {
    const { block } = item
    return verdictOf({
      isCovered: isCovered(item),
      bloom: bloomOf(block),
      hasPushes: hasPushes(item),
      isSettled: item !== queue.at(-1) || timeLeft(item) <= 0 || pushes.hasAbove(block.number),
      mustCheck: mustCheck(block.number),
      mayCheck,
    })
  }

  function stepBlock(item: BlockItem): Promise<void> | undefined {
    const now = verdict(item)
    if (now === 'wait') return wait(item, timeLeft(item))
    if (now !== 'settle') return ask(item, now)
    settle(item, pushes.take(item.block.hash), false)
    return undefined
  }

  async function wait(item: BlockItem, ms: number) {
    const dueAt = clock.now() + ms
    await pauses.wait(ms)
    // A timer this late says that the process was busy: frames that came meanwhile are still unread.
    if (item === spared || clock.now() < dueAt + SETTLE) return
    spared = item
    item.at = clock.now()
  }

  /** @param isWhole whether these are known to be all its logs, whatever its bloom says */
  function settle(item: BlockItem, logs: readonly Log[], isWhole: boolean) {
    queue.shift()
    settled = item
    const { block } = item
    pushes.forgetBelow(block.number - MOST_AT_ONCE)
    if (logs.length > 0) trust.noteThere(block)
    // Only a bloom that agrees with the pushes is believed without a look: on some chains blooms leave out logs.
    const isEmpty = logs.length === 0 && isCovered(item) && bloomOf(block) === 'no'
    delivery.give(block, logs, isWhole || isEmpty)
  }

  async function ask(first: BlockItem, why: 'ask' | 'check') {
    // The other blocks of the same poll or gap are added in the same turn of the event loop.
    await undefined
    if (queue[0] !== first) return
    // Blocks read one by one would fall behind a chain that is faster than the answers.
    const run = frontOf(queue, MOST_AT_ONCE, why, verdict)
    const isCheck = why === 'check'
    // Too many blocks for one gap: the catch-up reads as many as allowed, and reports the others.
    if (!isCheck && heads.tip() && run.length > mostFilled.logs) return void queue.unshift({ type: 'catch-up' })
    const asked = run.filter((item) => verdict(item) === why)
    // If a reorg takes a block out of the queue, the read is in vain, for the others too.
    const isLeft = () => run.some((item, index) => queue[index] !== item)
    const blocks = asked.map(({ block }) => block)
    // A check holds back later blocks: its wait for a turn and for an answer is limited.
    const bounded = <value>(given: Promise<value>) => (isCheck ? within(clock, HELD_BACK, given) : given)
    const isExpected = blocks.every((block) => bloomOf(block) === 'yes')
    const read = () => bounded(reads.ofBlocks(blocks, isCheck ? 'verify' : 'backfill', isExpected))
    const found = await bounded(reads.untilDone(read, isCheck ? HELD_BACK : GIVEN_UP, isLeft))
    if (isLeft()) return
    // The place was lost meanwhile: its logs do not count as pushed any more, so they are asked for, with a longer limit.
    if (!found && isCheck && !asked.every(isCovered)) return
    if (!found && !isCheck) {
      const last = asked.at(-1) ?? first
      delivery.onGap(first.block.number, last.block.number, 'the logs could not be had')
    }
    for (const item of run) {
      const { number, hash } = item.block
      // A reorg may have taken the block out meanwhile.
      if (queue[0] !== item) return
      const pushed = pushes.take(hash)
      const truth = found?.get(hash) ?? []
      if (found && isCovered(item) && !mustCheck(number) && truth.length > pushed.length) onLoss(number)
      // If the bloom says yes and the provider says no, either of them may be wrong.
      const isWhole = truth.length > 0 || bloomOf(item.block) !== 'yes'
      settle(item, [...pushed, ...truth], isWhole && found?.has(hash) === true)
    }
  }

  /** Drops all other blocks: they have no turn any more. */
  function keep(isKept: (item: BlockItem) => boolean) {
    queue = queue.filter((item) => item.type !== 'block' || isKept(item))
  }

  return {
    add(item) {
      queue.push(item)
      void work()
    },
    last() {
      const blocks = queue.filter((item) => item.type === 'block')
      return blocks.at(-1)?.block ?? delivery.cursor()
    },
    mayCome: (hash) => queue.some((item) => item.type === 'catch-up' || item.block.hash === hash),
    retract(block) {
      const before = queue.length
      keep((item) => item.block.hash !== block.hash)
      if (queue.length < before) pauses.wake()
      else delivery.takeBack(block)
    },
    isSlow(hash) {
      if (queue.length > 0 || settled?.block.hash !== hash) return false
      pushes.noteLag(clock.now() - settled.at)
      return true
    },
    look(hash) {
      const last = queue.at(-1)
      if (last?.type === 'block' && last.block.hash === hash) last.at = clock.now()
      pauses.wake()
      void work()
    },
    clear() {
      queue = []
      pauses.wake()
    },
    stop() {
      queue = []
      pauses.end()
    },
  }
}

// Blocks of a log stream come to their turn one after the other: each is settled by what was pushed for it, or by asking, and
// only then the next one. Which blocks come is said by log-order.ts; what was missed is read by catch-up.ts.

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
  /** The block whose turn is the last one. */
  last(): BlockRef | undefined
  /** Whether the turn of the block is still to come, or may be, as blocks are fetched that have none of their own. */
  mayCome(hash: string): boolean
  /** It is canonical no more: it has no turn any more, or is taken back. What was given stands below all that still waits. */
  retract(block: Orphan): void
  /** Whether a log comes after the turn of its block only as the place is slow: nothing else has come since. It is given more time. */
  isSlow(hash: string): boolean
  /** Something was pushed, or is known now: the first one may be settled. @param hash of the block of which a log was pushed */
  look(hash?: string | undefined): void
  /** Forgets all whose turn has not come. */
  clear(): void
  /** Nobody has a turn any more, now or later. */
  stop(): void
}

export type TurnsOptions = CatchUpOptions & {
  readonly pushes: Pushes
  readonly trust: Pick<Trust, 'bloomOf' | 'mustCheck' | 'mayCheck' | 'noteThere'>
  /** What was pushed, or not, is not the whole truth. */
  readonly onLoss: (number: number) => void
}

/** All in ms. The logs of a block come one after the other, and its head with them, without longer pauses; */
const SETTLE = 50
/** the first of them may come so long after its head, where that is usual; */
const SLOWEST = 1_000
/** a check holds back what comes after it; */
const HELD_BACK = 2_000
/** a block that cannot be had is reported. */
const GIVEN_UP = 30_000
const MOST_AT_ONCE = 256

export function createTurns(options: TurnsOptions): Turns {
  const { clock, reads, delivery, heads, pushes, trust, mostFilled, onLoss } = options
  const { bloomOf, mustCheck, mayCheck } = trust
  const pauses = createPauses(clock)
  let queue: QueueItem[] = []
  let isWorking = false
  /** The last one whose turn is over. */
  let settled: BlockItem | undefined
  /** The last one that was given more time, as we had none to read what came. */
  let spared: BlockItem | undefined
  const missed = createCatchUp(options, pauses, (number) => keep(({ block }) => block.number > number))

  /** Whether its logs are pushed, as far as is known: a head that had to be asked for says nothing about when they were. */
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
    if ((await missed.toNewest(isLeft)) && !isLeft()) queue.shift()
  }

  const hasPushes = ({ block }: BlockItem) => pushes.of(block.hash).length > 0

  /** For how long more of it may come (in ms). */
  function leftOf(item: BlockItem) {
    const patience = hasPushes(item) ? SETTLE : Math.min(SLOWEST, Math.max(SETTLE, 2 * pushes.lag()))
    return item.at + patience - clock.now()
  }

  function verdict(item: BlockItem) {
    const { block } = item
    return verdictOf({
      isCovered: isCovered(item),
      bloom: bloomOf(block),
      hasPushes: hasPushes(item),
      isSettled: item !== queue.at(-1) || leftOf(item) <= 0 || pushes.hasAbove(block.number),
      mustCheck: mustCheck(block.number),
      mayCheck,
    })
  }

  function stepBlock(item: BlockItem): Promise<void> | undefined {
    const now = verdict(item)
    if (now === 'wait') return wait(item, leftOf(item))
    if (now !== 'settle') return ask(item, now)
    settle(item, pushes.take(item.block.hash), false)
    return undefined
  }

  async function wait(item: BlockItem, ms: number) {
    const dueAt = clock.now() + ms
    await pauses.wait(ms)
    // So late, we were busy with something else: what came meanwhile lies unread.
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
    delivery.give(block, logs, isWhole)
  }

  async function ask(first: BlockItem, why: 'ask' | 'check') {
    // The others of a poll, or of a gap, follow at once.
    await undefined
    if (queue[0] !== first) return
    // One by one they would fall behind a chain that is faster than the answers.
    const run = frontOf(queue, MOST_AT_ONCE, why, verdict)
    const isCheck = why === 'check'
    // The gap is too wide: it is told of there.
    if (!isCheck && heads.tip() && run.length > mostFilled.logs) return void queue.unshift({ type: 'catch-up' })
    const asked = run.filter((item) => verdict(item) === why)
    // One that a reorg has taken out would be asked for in vain, and the others with it.
    const isLeft = () => run.some((item, index) => queue[index] !== item)
    const blocks = asked.map(({ block }) => block)
    // A check holds others back: it waits neither for its turn nor for an answer for ever.
    const bounded = <value>(given: Promise<value>) => (isCheck ? within(clock, HELD_BACK, given) : given)
    const isExpected = blocks.every((block) => bloomOf(block) === 'yes')
    const read = () => bounded(reads.ofBlocks(blocks, isCheck ? 'verify' : 'backfill', isExpected))
    const found = await bounded(reads.untilDone(read, isCheck ? HELD_BACK : GIVEN_UP, isLeft))
    if (isLeft()) return
    // Its place was lost meanwhile: what was a check is all there is now, and worth a longer wait.
    if (!found && isCheck && !asked.every(isCovered)) return
    if (!found && !isCheck) {
      const last = asked.at(-1) ?? first
      delivery.onGap(first.block.number, last.block.number, 'the logs could not be had')
    }
    for (const item of run) {
      const { number, hash } = item.block
      // A reorg may have taken it out meanwhile.
      if (queue[0] !== item) return
      const pushed = pushes.take(hash)
      const truth = found?.get(hash) ?? []
      if (found && isCovered(item) && !mustCheck(number) && truth.length > pushed.length) onLoss(number)
      // A bloom that says yes may be wrong, and so may whoever says no.
      const isWhole = truth.length > 0 || bloomOf(item.block) !== 'yes'
      settle(item, [...pushed, ...truth], isWhole && found?.has(hash) === true)
    }
  }

  /** Blocks that are not kept have no turn any more. */
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

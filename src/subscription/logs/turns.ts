// Blocks of a log stream come to their turn one after the other: each is settled by what was pushed for it, or by asking, and
// only then the next one. Where the blocks come from is logs.ts.

import type { Clock } from '../../base/clock'
import type { Pauses } from '../../base/pause'
import type { BloomAnswer } from './blooms'
import type { Delivery } from './delivery'
import type { BlockItem, LogBlock, QueueItem } from './log-queue'
import { askedRun, verdictOf } from './log-queue'
import type { LogReads } from './log-reads'
import type { Pushes } from './pushes'

export type Turns = {
  add(item: QueueItem): void
  /** The block whose turn is the last one. */
  last(): LogBlock | undefined
  /** Whether the turn of the block is still to come. */
  isWaiting(hash: string): boolean
  /** Whether blocks are being fetched that have no turn of their own. */
  isFilling(): boolean
  /** Takes out a block whose turn has not come. Returns whether there was one. */
  drop(hash: string): boolean
  /** Nothing more is pushed for those that wait. */
  uncover(): void
  /** Forgets all whose turn has not come. */
  clear(): void
  /** Something was pushed, or is known now: the first one may be settled. */
  look(): void
}

export type TurnsOptions = {
  readonly clock: Clock
  readonly pauses: Pauses
  readonly reads: LogReads
  readonly delivery: Delivery
  readonly pushes: Pushes
  readonly mostFilled: number
  readonly bloomOf: (block: LogBlock) => BloomAnswer
  readonly mustCheck: (number: number) => boolean
  readonly mayCheck: boolean
  /** What was pushed, or not, is not the whole truth. */
  readonly onLoss: (number: number) => void
  /** The bloom has denied logs that are there. */
  readonly onLie: (provider: string) => void
  readonly onGap: (from: number, to: number, why: string) => void
  /** The newest block, once it is known. */
  readonly newest: () => Promise<LogBlock | undefined>
  /** The canonical block at this height. */
  readonly canonical: (number: number, provider: string) => Promise<Pick<LogBlock, 'hash'>>
  /** Whether heads have the block, now. */
  readonly stands: (hash: string) => boolean
  readonly isStopped: () => boolean
}

/** All in ms. The logs of a block come together; */
const SETTLE = 50
/** a check holds back what comes after it; */
const HELD_BACK = 2_000
/** a block that cannot be had is reported. */
const GIVEN_UP = 30_000
const AGAIN = 500
const MOST_AT_ONCE = 256

export function createTurns(options: TurnsOptions): Turns {
  const { clock, pauses, reads, delivery, pushes, bloomOf, mustCheck, onGap, isStopped } = options
  let queue: QueueItem[] = []
  let isWorking = false

  async function work() {
    if (isWorking) return
    isWorking = true
    for (let item = queue[0]; item && !isStopped(); item = queue[0]) await step(item)
    isWorking = false
  }

  async function step(item: QueueItem) {
    if (item.type === 'block') return stepBlock(item)
    if (item.type === 'catch-up' && !(await catchUp(item))) return
    if (item.type === 'range') await fill(item, item.from, item.to, delivery.cursor()?.provider ?? '')
    if (queue[0] !== item) return
    queue.shift()
    if (item.type === 'retract') delivery.takeBack(item.block)
  }

  function stepBlock(item: BlockItem): Promise<void> | undefined {
    const { block, at, isCovered } = item
    const hasPushes = pushes.of(block.hash).length > 0
    const left = at + SETTLE - clock.now()
    const bloom = bloomOf(block)
    const verdict = verdictOf({
      isCovered,
      bloom,
      hasPushes,
      isSettled: left <= 0 || queue.length > 1 || pushes.hasAbove(block.number),
      mustCheck: mustCheck(block.number),
      mayCheck: options.mayCheck,
    })
    if (verdict === 'wait') return pauses.wait(left)
    if (verdict === 'ask') return ask(item)
    if (bloom === 'no' && hasPushes) options.onLie(block.provider)
    settle(item, pushes.take(block.hash), verdict === 'pass')
    return undefined
  }

  function settle(item: BlockItem, logs: Parameters<Delivery['give']>[1], isCertain: boolean) {
    queue.shift()
    pushes.forgetBelow(item.block.number - MOST_AT_ONCE)
    delivery.give(item.block, logs, isCertain)
  }

  async function ask(first: BlockItem) {
    const mustAsk = (item: BlockItem) => !item.isCovered || mustCheck(item.block.number)
    // One by one they would fall behind a chain that is faster than the answers.
    const run = mustAsk(first) ? askedRun(queue, MOST_AT_ONCE, mustAsk) : [first]
    const asked = run.filter(({ block }) => bloomOf(block) !== 'no' || pushes.of(block.hash).length > 0)
    // One that a reorg has taken out would be asked for in vain, and the others with it.
    const isLeft = () => isStopped() || run.some((item, index) => queue[index] !== item)
    const blocks = asked.map(({ block }) => block)
    const isCovered = run.every((item) => item.isCovered)
    const limit = isCovered ? HELD_BACK : GIVEN_UP
    const read = () => within(limit, reads.ofBlocks(blocks, isCovered ? 'verify' : 'backfill'))
    const reading = reads.untilDone(read, limit, isLeft)
    // A check holds others back: it does not wait for its turn for ever.
    const found = await (isCovered ? within(limit, reading) : reading)
    if (isLeft()) return
    // Its place was lost meanwhile: what was a check is all there is now, and worth a longer wait.
    if (!found && isCovered && run.some((item) => !item.isCovered)) return
    const last = asked.at(-1)?.block ?? first.block
    if (!found && !isCovered) onGap(first.block.number, last.number, 'the logs could not be had')
    for (const item of run) {
      // A reorg may have taken it out meanwhile.
      if (queue[0] !== item || isStopped()) return
      const pushed = pushes.take(item.block.hash)
      const truth = found?.get(item.block.hash) ?? []
      if (found && item.isCovered && !mustCheck(item.block.number) && truth.length > pushed.length)
        options.onLoss(item.block.number)
      settle(item, [...pushed, ...truth], found !== undefined && (found.has(item.block.hash) || !asked.includes(item)))
    }
  }

  function within<value>(ms: number, promise: Promise<value | undefined>): Promise<value | undefined> {
    return new Promise((resolve, reject) => {
      const timer = clock.after(ms, () => resolve(undefined))
      promise.then(resolve, reject).finally(timer.cancel)
    })
  }

  /** Goes on from what was delivered, whatever has happened to the chain since. Returns whether it got there. */
  async function catchUp(item: QueueItem): Promise<boolean> {
    const isLeft = () => isStopped() || queue[0] !== item
    const until = clock.now() + HELD_BACK
    let newest = await options.newest()
    // Logs may come before their heads.
    while (newest && newest.number < (delivery.cursor()?.number ?? -1) && clock.now() < until && !isLeft()) {
      await pauses.wait(SETTLE)
      newest = await options.newest()
    }
    if (!newest && !isLeft()) await pauses.wait(AGAIN)
    if (isLeft() || !newest) return false
    queue = queue.filter((other) => other.type !== 'block' || other.block.number > newest.number)
    const from = await takeBackOrphans(newest, isLeft)
    if (isLeft()) return false
    if (from !== undefined) await fill(item, from, newest.number, newest.provider, newest.hash)
    // A reorg meanwhile: it starts over.
    if (isLeft() || !options.stands(newest.hash)) return false
    delivery.give(newest, [], true)
    return true
  }

  /** Whether the block is canonical, or cannot be shown not to be. */
  async function stands({ number, hash }: Pick<LogBlock, 'number' | 'hash'>, provider: string, isLeft: () => boolean) {
    const canonical = await reads.untilDone(() => options.canonical(number, provider), GIVEN_UP, isLeft)
    return isLeft() || !canonical || canonical.hash === hash
  }

  /** Returns the block from which on is to be read again. */
  async function takeBackOrphans({ number: height, provider }: LogBlock, isLeft: () => boolean) {
    let lowest = delivery.begunAt()
    for (const entry of delivery.blocks()) {
      if (entry.number <= height && (await stands(entry, provider, isLeft))) {
        lowest = entry.number
        break
      }
      delivery.takeBack({ ...entry, provider })
    }
    const cursor = delivery.cursor()
    if (!cursor || cursor.number < lowest) return cursor?.number
    if (cursor.number <= height && (await stands(cursor, provider, isLeft))) return cursor.number
    // Blocks without logs leave no trace: others may have taken the place of any of them.
    return Math.max(lowest, Math.min(height, cursor.number) - MOST_AT_ONCE)
  }

  /** @param hash of the last block, if that is known: logs of another branch are none of ours */
  async function fill(item: QueueItem, from: number, to: number, provider: string, hash?: string) {
    const isLeft = () => isStopped() || queue[0] !== item || (hash !== undefined && !options.stands(hash))
    // What went by logs alone may have been replaced without a word: it is read again together with what is missing.
    const low = hash === undefined ? from : Math.min(from, delivery.uncertain()?.from ?? from)
    const first = Math.max(low, to - options.mostFilled + 1)
    // The last block that was given is read again, but it is not missing.
    const missing = from === delivery.cursor()?.number ? from + 1 : from
    if (first > missing) onGap(missing, first - 1, 'the gap is wider than maxBackfillBlocks')
    const found = await reads.untilDone(() => reads.ofRange(first, to, provider, 'backfill', hash), GIVEN_UP, isLeft)
    if (isLeft()) return
    if (!found) return onGap(Math.max(first, missing), to, 'the logs could not be had')
    if (hash !== undefined)
      for (const entry of delivery.missingFrom(found, first, to))
        if (!(await stands(entry, provider, isLeft))) delivery.takeBack({ ...entry, provider })
    if (isLeft()) return
    for (const { number, hash, logs } of found) {
      if (number < delivery.begunAt()) continue
      if (delivery.has(hash) || number < (delivery.cursor()?.number ?? 0)) delivery.add({ number, hash }, logs)
      else delivery.give({ number, hash, provider }, logs, true)
    }
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
    isFilling: () => queue.some(({ type }) => type === 'catch-up' || type === 'range'),
    isWaiting: (hash) => queue.some((item) => item.type === 'block' && item.block.hash === hash),
    drop(hash) {
      const before = queue.length
      queue = queue.filter((item) => item.type !== 'block' || item.block.hash !== hash)
      if (queue.length < before) pauses.wake()
      return queue.length < before
    },
    uncover() {
      for (const item of queue) if (item.type === 'block') item.isCovered = false
      pauses.wake()
    },
    clear() {
      queue = []
      pauses.wake()
    },
    look() {
      pauses.wake()
      void work()
    },
  }
}

// Reads again, by range, what a stream of logs delivered on trust: once a minute, and when there is a reason. What turns out to
// be missing is delivered late.

import type { Clock } from '../../base/clock'
import type { Poller } from '../source/poller'
import { createPoller } from '../source/poller'
import type { Delivery } from './delivery'
import type { LoggedBlock, LogReads } from './log-reads'

export type LogCheck = Pick<Poller, 'start' | 'stop'> & {
  /** Checks now what is not certain, unless a check is on its way. */
  run(): Promise<void>
}

export type LogCheckOptions = {
  readonly clock: Clock
  readonly reads: LogReads
  readonly delivery: Delivery
  /** Whether the block is canonical and its turn is over. */
  readonly isOver: (block: LoggedBlock) => boolean
  /** Something was missing. */
  readonly onLoss: (number: number) => void
}

/** In ms. */
const EVERY = 60_000

export function createLogCheck({ clock, reads, delivery, isOver, onLoss }: LogCheckOptions): LogCheck {
  let isRunning = false

  async function run() {
    const range = delivery.uncertain()
    if (!range || isRunning) return
    isRunning = true
    const { from, to } = range
    const found = await reads.untilDone(() => reads.ofRange(from, to.number, to.provider, 'verify', to.hash), 0)
    isRunning = false
    if (!found) return
    const known = found.filter(isOver)
    // Without heads nobody tells that a block was replaced.
    let isLost = delivery.takenBack() === range.takenBack && delivery.missingFrom(found, from, to.number).length > 0
    // Else a reorg has come in between, or whoever answered is on another branch.
    if (known.length === found.length && !isLost) delivery.confirm(range)
    for (const { number, hash, logs } of known) isLost = delivery.add({ number, hash }, logs) || isLost
    if (isLost) onLoss(to.number)
  }

  return { run, ...createPoller(clock, run, () => EVERY, clock.background) }
}

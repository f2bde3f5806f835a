// Reads again, by range, what a stream of logs delivered on trust: once a minute, and when there is a reason. What turns out to
// be missing is delivered late.

import type { Clock, Timer } from '../../base/clock'
import type { Delivery } from './delivery'
import type { LoggedBlock, LogReads } from './log-reads'

export type LogCheck = {
  start(): void
  /** Checks now what is not certain, unless a check is on its way. */
  run(): Promise<void>
  stop(): void
}

export type LogCheckOptions = {
  readonly clock: Clock
  readonly reads: LogReads
  readonly delivery: Delivery
  readonly isOn: boolean
  /** Whether the block is canonical and its turn is over. */
  readonly isOver: (block: LoggedBlock) => boolean
  /** Something was missing. */
  readonly onLoss: (number: number) => void
}

/** In ms. */
const EVERY = 60_000

export function createLogCheck({ clock, reads, delivery, isOn, isOver, onLoss }: LogCheckOptions): LogCheck {
  let isRunning = false
  let isStopped = false
  let timer: Timer | undefined

  async function run() {
    const range = delivery.uncertain()
    if (!isOn || !range || isRunning || isStopped) return
    isRunning = true
    const { from, to } = range
    const found = await reads.untilDone(
      () => reads.ofRange(from, to.number, to.provider, 'verify', to.hash),
      0,
      () => isStopped,
    )
    isRunning = false
    if (!found || isStopped) return
    const known = found.filter(isOver)
    // Without heads nobody tells that a block was replaced.
    let isLost = delivery.takenBack() === range.takenBack && delivery.missingFrom(found, from, to.number).length > 0
    // Else a reorg has come in between, or whoever answered is on another branch.
    if (known.length === found.length && !isLost) delivery.confirm(range)
    for (const { number, hash, logs } of known) isLost = delivery.add({ number, hash }, logs) || isLost
    if (isLost) onLoss(to.number)
  }

  function start() {
    timer = clock.background(EVERY, () => void run().finally(() => isStopped || start()))
  }

  return {
    start,
    run,
    stop() {
      isStopped = true
      timer?.cancel()
    },
  }
}

// Reads again, by range, what a stream of logs delivered on trust: after its first 10 s, then once a minute, sooner if much of it
// would be forgotten, and when there is a reason, as a source that is silent; without heads, with what a reorg may have replaced.
// What turns out to be missing is delivered late.

import type { Clock } from '../../base/clock'
import type { LoggedBlock } from '../../rpc/log'
import type { BlockRef } from '../block'
import type { Poller } from '../source/poller'
import { createPoller } from '../source/poller'
import type { Delivery } from './delivery'
import type { LogReads } from './log-reads'

export type LogCheck = Pick<Poller, 'start' | 'stop'> & {
  /**
   * Checks now what is not certain, unless a check is on its way. Returns whether something was missing, or is there no more.
   * @param end the last block; one that is above what was delivered is passed, if there is nothing
   */
  run(end?: BlockRef | undefined): Promise<boolean>
}

export type LogCheckOptions = {
  readonly clock: Clock
  readonly reads: LogReads
  readonly delivery: Delivery
  /** Whether heads tell what was replaced. */
  readonly hasHeads: () => boolean
  /** Whether the block is canonical and its turn is over. */
  readonly isOver: (block: LoggedBlock) => boolean
  /** Whether the present place was to push its logs. */
  readonly isPushed: (number: number) => boolean
  /** Something was missing of what it was to push, or is there no more. */
  readonly onLoss: (number: number) => void
}

/** In ms. */
const EVERY = 10_000
/** A minute. */
const TIMES = 6
/** Half of what is remembered. */
const MANY_BLOCKS = 500
const MANY_LOGS = 10_000

export function createLogCheck(options: LogCheckOptions): LogCheck {
  const { clock, reads, delivery, hasHeads, isOver, isPushed, onLoss } = options
  let isRunning = false
  let times = 0

  async function run(end = delivery.cursor()) {
    const uncertain = delivery.uncertainFrom()
    const from = end === delivery.cursor() ? uncertain : Math.min(uncertain, delivery.height())
    if (isRunning || !end || from > end.number) return false
    isRunning = true
    const isLost = await look(hasHeads() ? from : delivery.replaceableFrom(from), end)
    isRunning = false
    return isLost
  }

  async function poll() {
    if (times++ % TIMES === 1 || isMuch()) await run()
  }

  function isMuch() {
    const from = delivery.uncertainFrom()
    const to = delivery.height()
    const logs = delivery.missingFrom([], from, to).flatMap((block) => block.logs)
    return to - from > MANY_BLOCKS || logs.length > MANY_LOGS
  }

  async function look(from: number, to: BlockRef) {
    const takenBack = delivery.takenBack()
    const cursor = delivery.cursor()
    const found = await reads.untilDone(() => reads.ofRange(from, to.number, to.provider, 'verify', to.hash), 0)
    if (!found) return false
    const known = found.filter(isOver)
    const isSame = delivery.takenBack() === takenBack
    // Without heads nobody tells that a block was replaced.
    let isLost = isSame && delivery.missingFrom(found, from, to.number).length > 0
    // Else a reorg has come in between, or whoever answered is on another branch.
    const isWhole = isSame && !isLost && known.length === found.length
    for (const { number, hash, logs } of known)
      isLost = (delivery.add({ number, hash }, logs) && isPushed(number)) || isLost
    if (isLost) onLoss(to.number)
    if (isWhole && cursor !== to && delivery.cursor() === cursor && !hasHeads()) delivery.give(to, [], true)
    if (isWhole) delivery.confirm(Math.min(to.number, delivery.height()))
    return isLost
  }

  return { run, ...createPoller(clock, poll, () => EVERY, clock.background) }
}

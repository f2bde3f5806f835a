// Reads uncertain blocks of a stream of logs again, by range: after its first 10 s, then once a minute, sooner if many of them
// would be forgotten, and for a reason, such as a source that is silent. Without heads, also those that a reorg may have
// replaced. Logs that turn out to be missing are delivered late.

import type { Clock } from '../../base/clock'
import type { LoggedBlock } from '../../rpc/log'
import type { BlockRef } from '../block'
import type { Poller } from '../source/poller'
import { createPoller } from '../source/poller'
import type { Delivery } from './delivery'
import type { LogReads } from './log-reads'

export type LogCheck = Pick<Poller, 'start' | 'stop'> & {
  /**
   * Checks uncertain blocks now, unless a check is under way. Returns whether a log was missing or is no longer canonical.
   * @param end the last block to check; if it is above the cursor and all is well, a stream without heads moves to it
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
  /** Whether the present place should have pushed the logs of this block. */
  readonly isPushed: (number: number) => boolean
  /** A log that the place should have pushed was missing, or one is no longer canonical. */
  readonly onLoss: (number: number) => void
}

/** The time between two looks at whether a check is due (in ms). */
const EVERY = 10_000
/** A check is due at every so many looks: once a minute. */
const TIMES = 6
/** A check is due once more blocks than this are uncertain: half of those that are remembered. */
const MANY_BLOCKS = 500
/** A check is due once more logs than this are uncertain: half of those that are remembered. */
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
    if (times++ % TIMES === 1 || areMany()) await run()
  }

  function areMany() {
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
    // Delivered blocks that the answer does not have were replaced: without heads nobody has told of it.
    let isLost = isSame && delivery.missingFrom(found, from, to.number).length > 0
    // If not, a reorg has come in between, or the provider that answered is on another branch.
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

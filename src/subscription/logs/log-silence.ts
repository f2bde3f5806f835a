// Whether a source goes on without pushing logs that are there, for a stream that has no heads to say so: when it has been
// silent for longer than it used to be, what it should have pushed is checked, and with it whether what it pushed last still
// stands.

import type { Clock } from '../../base/clock'
import type { BlockRef } from '../block'
import type { Poller } from '../source/poller'
import { createPoller } from '../source/poller'
import { LONGEST, patienceOf } from '../source/stall'
import type { Delivery } from './delivery'
import type { LogCheck } from './log-check'
import type { LogOrder } from './log-order'

export type LogSilence = Pick<Poller, 'start' | 'stop'> & {
  /** A log of this block was pushed. */
  hear(number: number): void
}

export type LogSilenceOptions = {
  readonly clock: Clock
  readonly delivery: Pick<Delivery, 'cursor'>
  readonly check: Pick<LogCheck, 'run'>
  /** Between two blocks (in ms), if known. */
  readonly blockTime: () => number | undefined
  /** The newest block of whoever answers. */
  readonly latest: () => Promise<BlockRef | undefined>
  /** Once it goes by heads, those say what is missing. */
  readonly order: Pick<LogOrder, 'hasHeads' | 'goByHeads'>
}

/** Silent for so many of its usual pauses. */
const PAUSES = 3

export function createLogSilence(options: LogSilenceOptions): LogSilence {
  const { clock, delivery, check, blockTime, order } = options
  let heardAt = clock.now()
  let highest = -1
  /** The longest of its late pauses between two blocks with logs (in ms); 0 while unknown. */
  let pause = 0
  let patience = patienceOf(undefined)
  /** At the last look: since then it had time to be pushed. */
  let newest: BlockRef | undefined
  let lookedAt = -Infinity
  const poller = createPoller(clock, look, () => patienceOf(0), clock.background)

  async function look() {
    if (order.hasHeads()) return poller.stop()
    if (clock.now() < Math.max(heardAt + patience, lookedAt + patienceOf(0))) return
    const before = newest
    const cursor = delivery.cursor()
    newest = await options.latest()
    lookedAt = clock.now()
    if (!cursor) return
    // Another block is in its place, and nobody has told.
    if (newest?.number === cursor.number && cursor.hash && newest.hash !== cursor.hash) return order.goByHeads()
    if (!before) return
    heardAt = clock.now()
    patience = Math.min(LONGEST, 2 * patience)
    if (before.number > cursor.number && (await check.run(before))) order.goByHeads()
  }

  return {
    ...poller,
    hear(number) {
      if (number === highest) return
      const now = clock.now()
      pause = Math.max(now - heardAt, 0.9 * pause)
      patience = Math.min(LONGEST, Math.max(patienceOf(blockTime() ?? 0), PAUSES * pause))
      highest = number
      heardAt = now
      newest = undefined
    },
  }
}

// Whether a source has stopped pushing logs that are there, for a stream without heads to tell. When the source is silent for
// longer than usual, the blocks that it should have pushed are checked, and also whether the last one that it pushed still
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
  /** Time between two blocks (in ms), if known. */
  readonly blockTime: () => number | undefined
  /** The newest block of whoever answers. */
  readonly latest: () => Promise<BlockRef | undefined>
  /** Once the stream goes by heads, they tell what is missing. */
  readonly order: Pick<LogOrder, 'hasHeads' | 'goByHeads'>
}

/** A source that pauses for this many of its usual pauses is silent. */
const PAUSES = 3

export function createLogSilence(options: LogSilenceOptions): LogSilence {
  const { clock, delivery, check, blockTime, order } = options
  let heardAt = clock.now()
  let highest = -1
  /** The longest recent pause between two blocks with logs, which fades with each block (in ms); 0 while unknown. */
  let pause = 0
  let patience = patienceOf(undefined)
  /** The newest block at the last look: its logs have had time to be pushed since. */
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
    // Another block is in the place of the cursor, and nobody has told of a reorg.
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

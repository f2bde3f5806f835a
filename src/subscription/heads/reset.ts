// Whether a chain has become shorter for good: a development chain that was reverted, reset or started anew. Only what every
// provider says is believed; one that is alone is asked twice.

import type { Clock } from '../../base/clock'
import type { Pauses } from '../../base/pause'
import type { Backfill } from '../backfill'

export type ResetCheck = {
  /** Whether all that can be asked are below `height` now. Asked again and again, it looks less and less often. */
  isReset(height: number): Promise<boolean>
  /** The chain has grown: the next check is a first one. */
  forget(): void
}

/** All in ms. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 60_000
const BETWEEN = 1_000

export function createResetCheck(
  clock: Clock,
  backfill: Backfill,
  pauses: Pauses,
  providers: () => readonly string[],
): ResetCheck {
  let checks = 0
  let nextAt = -Infinity

  async function areAllBelow(height: number) {
    const heads = await Promise.all(providers().map((id) => backfill.latest(id)))
    const known = heads.filter((block) => block !== undefined)
    return { isBelow: known.length > 0 && known.every(({ number }) => number < height), count: known.length }
  }

  return {
    async isReset(height) {
      if (clock.now() < nextAt) return false
      nextAt = clock.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** checks++)
      const first = await areAllBelow(height)
      if (!first.isBelow) return false
      if (first.count > 1) return true
      await pauses.wait(BETWEEN)
      return (await areAllBelow(height)).isBelow
    },
    forget() {
      checks = 0
      nextAt = -Infinity
    },
  }
}

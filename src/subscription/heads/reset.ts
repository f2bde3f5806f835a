// Whether a chain has become shorter for good: a development chain that was reverted, reset or started anew. Only what every
// provider says is believed; one that is alone is asked twice.

import type { Clock } from '../../base/clock'
import type { Pauses } from '../../base/pause'
import type { Backfill } from '../backfill'
import type { Block } from '../block'

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

  async function newest() {
    const blocks = await Promise.all(providers().map((id) => backfill.latest(id)))
    return blocks.filter((block) => block !== undefined)
  }

  return {
    async isReset(height) {
      if (clock.now() < nextAt) return false
      nextAt = clock.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** checks++)
      const areBelow = (blocks: readonly Block[]) => blocks.length > 0 && blocks.every(({ number }) => number < height)
      const blocks = await newest()
      if (blocks.length !== 1 || !areBelow(blocks)) return areBelow(blocks)
      await pauses.wait(BETWEEN)
      return areBelow(await newest())
    },
    forget() {
      checks = 0
      nextAt = -Infinity
    },
  }
}

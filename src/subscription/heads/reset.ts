// Whether a chain has become shorter for good: a development chain that was reverted, reset or started anew. It is believed
// only if all providers that answer say so; if only one answers it is asked twice.

import type { Clock } from '../../base/clock'
import type { Pauses } from '../../base/pause'
import type { Backfill } from '../backfill'
import type { Block } from '../block'

export type ResetCheck = {
  /** Whether all providers that answer are below `height` now. Called again and again, it asks them less and less often. */
  isReset(height: number): Promise<boolean>
  /** The chain has grown: the next call asks at once. */
  forget(): void
}

/** The time after the first check until the next one may be made (in ms); it doubles with each check. */
const FIRST_PAUSE = 1_000
/** The longest time between two checks (in ms). */
const LONGEST_PAUSE = 60_000
/** The time between the two questions to a single provider (in ms). */
const BETWEEN = 1_000

export function createResetCheck(
  clock: Clock,
  backfill: Pick<Backfill, 'latest'>,
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

// How long something that was lost is left alone before the next try: briefly while the outage is young, then longer and longer.

import type { Random } from './random'

export type Outage = {
  /** When it began (in ms of the clock). */
  readonly since: number
  /** How often the delay has doubled. */
  level: number
}

/** All in ms. */
export const JITTER = 500
const SHORT_OUTAGE = 30_000
const LONGEST_DELAY = 30_000

/** The next delay (in ms). */
export function delayIn(outage: Outage, now: number, random: Random): number {
  const isShort = now - outage.since < SHORT_OUTAGE
  return random() * (isShort ? JITTER : Math.min(LONGEST_DELAY, JITTER * 2 ** ++outage.level))
}

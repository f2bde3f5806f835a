// How long to wait before the next try. Something that was lost is tried again soon while its outage is young, then at longer
// and longer intervals. A question that nobody could answer yet is asked again after a longer pause each time.

import type { Random } from './random'

export type Outage = {
  /** When the outage began (in ms of the clock). */
  readonly since: number
  /** How often the delay has doubled so far. */
  level: number
}

/** Upper bound of the random delay in a short outage (in ms). */
export const JITTER = 500
/** Once an outage has lasted this long (in ms), the upper bound of the delay doubles with each try. */
const SHORT_OUTAGE = 30_000
/** The upper bound of the delay grows no further than this (in ms). */
const LONGEST_DELAY = 30_000
/** The first pause before a question is asked again (in ms); each further one is twice as long. */
const FIRST_PAUSE = 100
/** No pause is longer than this (in ms). */
const LONGEST_PAUSE = 2_000
/** Pauses after which `shortPauseAfter` gives up. */
const SHORT_PAUSES = 3

/** A random delay until what was lost is tried again (in ms). Raises `outage.level` once the outage is no longer short. */
export function delayIn(outage: Outage, now: number, random: Random): number {
  const isShort = now - outage.since < SHORT_OUTAGE
  return random() * (isShort ? JITTER : Math.min(LONGEST_DELAY, JITTER * 2 ** ++outage.level))
}

/** The pause until a question is asked again (in ms). @param failures how many failures came before the present one */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures)
}

/** The same for a caller who does not wait long: `undefined` if the question is not asked again. */
export function shortPauseAfter(failures: number): number | undefined {
  return failures < SHORT_PAUSES ? pauseAfter(failures) : undefined
}

// How long to wait before the next try: of something that was lost, briefly while the outage is young, then longer and longer;
// of a question that nobody could answer yet, longer each time.

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
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 2_000
const SHORT_PAUSES = 3

/** Until what was lost is tried again (in ms). */
export function delayIn(outage: Outage, now: number, random: Random): number {
  const isShort = now - outage.since < SHORT_OUTAGE
  return random() * (isShort ? JITTER : Math.min(LONGEST_DELAY, JITTER * 2 ** ++outage.level))
}

/** Until a question is asked again, after so many failures before this one (in ms). */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures)
}

/** The same where nobody waits for long; `undefined` if it is not asked again. */
export function shortPauseAfter(failures: number): number | undefined {
  return failures < SHORT_PAUSES ? pauseAfter(failures) : undefined
}

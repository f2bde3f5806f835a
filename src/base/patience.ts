// For how long something is tried that cannot be had. However long we slept meanwhile, or one try took: that is not all of it.

import type { Clock } from './clock'

export type Patience = {
  /** Asked after each try: what is left (in ms). */
  left(): number
}

/** @param limit in ms; one try costs half of it at most. */
export function createPatience(clock: Clock, limit: number): Patience {
  let left = limit
  let at = clock.now()
  return {
    left() {
      const now = clock.now()
      left -= Math.min(now - at, limit / 2)
      at = now
      return left
    },
  }
}

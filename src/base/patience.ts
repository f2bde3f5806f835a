// How long something is tried again that keeps failing. One try uses up no more than half of that time, however long it took
// or the process slept meanwhile: so there are always two tries.

import type { Clock } from './clock'

export type Patience = {
  /** To be called after each try. Returns the time that is left (in ms), 0 or less if it is used up. */
  left(): number
}

/** @param limit the whole time (in ms). */
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

// Watches that an open socket lives: after a silence the other side must answer. What follows from none is not decided here.

import type { Clock, Timer } from '../base/clock'
import { ASLEEP } from '../base/clock'
import { whenOnline } from '../base/online'

export type Heartbeat = {
  /** Something came from the other side. */
  hear(): void
  stop(): void
}

/** All in ms. */
const QUIET = 15_000
const ANSWER = 10_000
const ONLINE_ANSWER = 2_000

/** @param ask makes the other side send something. @param onSilence no sign of life */
export function startHeartbeat(clock: Clock, ask: () => void, onSilence: () => void): Heartbeat {
  let heardAt = clock.now()
  let timer: Timer
  const offOnline = whenOnline(() => challenge(ONLINE_ANSWER)) // after another network it may be dead without a word

  function watch() {
    timer = clock.background(heardAt + QUIET - clock.now(), () => {
      if (clock.now() - heardAt < QUIET) watch()
      else challenge(ANSWER)
    })
  }

  function challenge(limit: number) {
    timer.cancel()
    const askedAt = clock.now()
    timer = clock.background(limit, () => {
      if (heardAt >= askedAt) watch()
      // After a sleep the answer may lie unread.
      else if (clock.now() - askedAt - limit > ASLEEP) challenge(limit)
      else onSilence()
    })
    ask()
  }

  watch()
  return {
    hear() {
      heardAt = clock.now()
    },
    stop() {
      timer.cancel()
      offOnline()
    },
  }
}

// Watches whether an open socket is alive: after a silence, the other side must answer. What to do if it does not is not
// decided here.

import type { Clock, Timer } from '../base/clock'
import { ASLEEP } from '../base/clock'
import { whenOnline } from '../base/online'

export type Heartbeat = {
  /** Something came from the other side: it is alive. */
  hear(): void
  stop(): void
}

/** After a silence this long (in ms) the other side is asked for a sign of life. */
const QUIET = 15_000
/** The other side has this long (in ms) to answer. */
const ANSWER = 10_000
/** After the machine came online again, it has only this long (in ms). */
const ONLINE_ANSWER = 2_000

/** @param ask makes the other side send something. @param onSilence called once if it does not */
export function startHeartbeat(clock: Clock, ask: () => void, onSilence: () => void): Heartbeat {
  let heardAt = clock.now()
  let timer: Timer
  const offOnline = whenOnline(() => challenge(ONLINE_ANSWER)) // on another network, the socket is dead without a sign

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
      // The process slept: an answer may lie unread, so the other side is asked once more.
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

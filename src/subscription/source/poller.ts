// Repeats a question while it runs: at once, then an interval after the last one began, but never before that is answered.
// What is asked is decided elsewhere.

import type { Clock, Timer } from '../../base/clock'

export type Poller = {
  isRunning(): boolean
  start(): void
  stop(): void
}

/**
 * @param poll never rejects.
 * @param interval from one question to the next (in ms); asked anew each time.
 * @param after starts the timer between two questions; the default one keeps the process alive.
 */
export function createPoller(
  clock: Clock,
  poll: () => Promise<void>,
  interval: () => number,
  after: Clock['after'] = clock.after,
): Poller {
  /** The present loop. Another identity, or none, tells a loop that it was stopped. */
  let run: { timer?: Timer | undefined } | undefined

  async function turn(own: { timer?: Timer | undefined }) {
    const startedAt = clock.now()
    await poll()
    if (run !== own) return
    own.timer = after(Math.max(0, startedAt + interval() - clock.now()), () => void turn(own))
  }

  return {
    isRunning: () => run !== undefined,
    start() {
      if (run) return
      run = {}
      void turn(run)
    },
    stop() {
      run?.timer?.cancel()
      run = undefined
    },
  }
}

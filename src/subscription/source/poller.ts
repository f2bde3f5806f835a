// Repeats a question while it is wanted: at once, then with a pause after each answer. What is asked is not its business.

import type { Clock, Timer } from '../../base/clock'

export type Poller = {
  isRunning(): boolean
  start(): void
  stop(): void
}

/**
 * @param poll never rejects.
 * @param interval from one question to the next (in ms); asked anew each time.
 * @param after how the pause is kept: by default the process stays alive for it.
 */
export function createPoller(
  clock: Clock,
  poll: () => Promise<void>,
  interval: () => number,
  after: Clock['after'] = clock.after,
): Poller {
  /** Identity tells whether a loop has been left. */
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

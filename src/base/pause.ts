// Waiting that its owner can end: for loops that ask again later, or wait until something happens.

import type { Clock } from './clock'

export type Pauses = {
  /** Resolves after `ms`, or at once when something happens (`wake`) or all is over (`end`). Keeps the process alive. */
  wait(ms: number): Promise<void>
  /** Something happened: whoever waits looks again. */
  wake(): void
  /** Nobody waits any more, now or later. */
  end(): void
  isOver(): boolean
}

export function createPauses(clock: Clock): Pauses {
  const waiting = new Set<() => void>()
  let isOver = false

  function wake() {
    for (const go of [...waiting]) go()
  }

  return {
    wait: (ms) =>
      new Promise((resolve) => {
        if (isOver) return resolve()
        const go = () => {
          waiting.delete(go)
          timer.cancel()
          resolve()
        }
        const timer = clock.after(ms, go)
        waiting.add(go)
      }),
    wake,
    end() {
      isOver = true
      wake()
    },
    isOver: () => isOver,
  }
}

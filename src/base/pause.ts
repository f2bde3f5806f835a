// Pauses that their owner can end, for loops that ask again later or wait until something happens.

import type { Clock } from './clock'

export type Pauses = {
  /** Resolves after `ms`, or earlier at `wake()` or `end()`. Keeps the process alive. */
  wait(ms: number): Promise<void>
  /** Ends the present pauses: something happened that the waiting loops should look at. */
  wake(): void
  /** Ends the present pauses; later ones end at once. */
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

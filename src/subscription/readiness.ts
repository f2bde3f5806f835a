// Waiting until a stream is ready, with an end: those who come together wait together. Once it is ready nobody waits.

import type { Clock } from '../base/clock'

export type Readiness = {
  /** `undefined` once it is ready. Before, resolves when it is, at the latest after `ms`; rejects if it never will be. */
  wait(ms: number): Promise<void> | undefined
}

/** Ends that are no further apart (in ms) are the same. */
const TOGETHER = 50

export function createReadiness(clock: Clock, ready: Promise<void>): Readiness {
  let isReady = false
  let last: { readonly until: number; readonly promise: Promise<void> } | undefined

  ready.then(
    () => {
      isReady = true
    },
    () => {}, // whoever waits for it hears of it
  )

  function start(ms: number) {
    return new Promise<void>((resolve, reject) => {
      const timer = clock.after(ms, resolve)
      ready.then(resolve, reject).finally(timer.cancel)
    })
  }

  return {
    wait(ms) {
      if (isReady) return undefined
      if (ms === Infinity) return ready
      const until = clock.now() + ms
      if (!last || until - last.until > TOGETHER) last = { until, promise: start(ms) }
      return last.promise
    },
  }
}

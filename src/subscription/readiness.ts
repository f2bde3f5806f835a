// Waiting until a stream is ready, with an end: those who come together wait together. Once it is ready nobody waits.

import type { Clock } from '../base/clock'
import { within } from '../base/clock'

export type Readiness = {
  /** From now on nobody waits. */
  open(): void
  /** It never will be, unless it is. */
  refuse(error: unknown): void
  /** `undefined` once it is ready. Before, resolves when it is, at the latest after `ms`; rejects if it never will be. */
  wait(ms: number): Promise<void> | undefined
}

/** Ends that are no further apart (in ms) are the same. */
const TOGETHER = 50

export function createReadiness(clock: Clock): Readiness {
  let isReady = false
  let settle = { resolve: () => {}, reject: (_: unknown) => {} }
  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  ready.catch(() => {}) // whoever waits for it hears of it
  let last: { readonly until: number; readonly promise: Promise<void> } | undefined

  return {
    open() {
      isReady = true
      settle.resolve()
    },
    refuse: settle.reject,
    wait(ms) {
      if (isReady) return undefined
      if (ms === Infinity) return ready
      const until = clock.now() + ms
      if (!last || until - last.until > TOGETHER) last = { until, promise: within(clock, ms, ready) }
      return last.promise
    },
  }
}

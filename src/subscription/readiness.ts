// Waiting until a stream is ready, with a limit. Those whose limits end at about the same time share one timer. Once the stream
// is ready nobody waits.

import type { Clock } from '../base/clock'
import { within } from '../base/clock'

export type Readiness = {
  /** The stream is ready: from now on nobody waits. */
  open(): void
  /** The stream will never be ready. Does nothing if it is already. */
  refuse(error: unknown): void
  /** `undefined` once the stream is ready. Before, resolves when it is, or after `ms`; rejects if it will never be. */
  wait(ms: number): Promise<void> | undefined
}

/** A wait whose limit is at most this far from that of the last one (in ms) shares its timer, and ends with it. */
const TOGETHER = 50

export function createReadiness(clock: Clock): Readiness {
  let isReady = false
  let settle = { resolve: () => {}, reject: (_: unknown) => {} }
  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  ready.catch(() => {}) // the error goes to whoever waits; there may be nobody
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
      if (!last || Math.abs(until - last.until) > TOGETHER) last = { until, promise: within(clock, ms, ready) }
      return last.promise
    },
  }
}

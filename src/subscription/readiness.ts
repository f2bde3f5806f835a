// Waiting until a stream is ready, with a limit. Once it is ready nobody waits.

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

export function createReadiness(clock: Clock): Readiness {
  let isReady = false
  let settle = { resolve: () => {}, reject: (_: unknown) => {} }
  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  ready.catch(() => {}) // the error goes to whoever waits; there may be nobody

  return {
    open() {
      isReady = true
      settle.resolve()
    },
    refuse: settle.reject,
    wait(ms) {
      if (isReady) return undefined
      return ms < Infinity ? within(clock, ms, ready) : ready
    },
  }
}

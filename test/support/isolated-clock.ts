// A clock of a platform that keeps requests apart: a timer belongs to the request in whose turn it was started, and ends with it.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../src/base/clock'
import type { ManualClock } from './manual-clock'
import { createManualClock } from './manual-clock'

export type IsolatedClock = ManualClock & {
  /** Runs `fn` in the turn of a request. What it starts, and what that starts in turn, is that request's. */
  within<value>(request: string, fn: () => value): value
  /** The request is over: none of its timers fires any more. */
  end(request: string): void
  /** Whose turn it is. */
  turn(): string | undefined
}

export function createIsolatedClock(): IsolatedClock {
  const clock = createManualClock()
  const turns = new AsyncLocalStorage<string>()
  const ended = new Set<string | undefined>()

  const owned =
    (start: Clock['after']): Clock['after'] =>
    (ms, fn) => {
      const owner = turns.getStore()
      return start(ms, () => {
        if (!ended.has(owner)) turns.run(owner as string, fn)
      })
    }

  // The original's getters stay its own.
  return Object.assign(Object.create(clock), {
    after: owned(clock.after),
    background: owned(clock.background),
    within: turns.run.bind(turns),
    end: (request: string) => ended.add(request),
    turn: () => turns.getStore(),
  })
}

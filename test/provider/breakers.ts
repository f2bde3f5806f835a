// A breaker on the manual clock, and hands to make attempts with it.

import type { BreakerOptions, BreakerResult } from '../../src/provider/breaker'
import { createBreaker } from '../../src/provider/breaker'
import { createManualClock } from '../support/manual-clock'

export function setUpBreaker(options: BreakerOptions = {}, random = () => 0) {
  const clock = createManualClock()
  const changes: string[] = []
  const breaker = createBreaker(options, {
    random,
    onChange: (from, to, openUntil) =>
      void changes.push(`${from} -> ${to}${openUntil === undefined ? '' : ` until ${openUntil}`}`),
  })
  /** An attempt that is admitted and settled at once. */
  const attempt = (result: BreakerResult) => {
    const permit = breaker.admit()
    if (permit) breaker.settle(permit, result, clock.now())
    return permit !== undefined
  }
  const attempts = (count: number, result: BreakerResult) => {
    for (let index = 0; index < count; index++) attempt(result)
  }
  const probe = (result: BreakerResult) => {
    const permit = breaker.admitProbe(clock.now(), false)
    if (permit) breaker.settle(permit, result, clock.now())
    return permit !== undefined
  }
  const state = () => breaker.snapshot(clock.now()).state
  const wait = () => breaker.dueAt() - clock.now()
  return { clock, changes, breaker, attempt, attempts, probe, state, wait }
}

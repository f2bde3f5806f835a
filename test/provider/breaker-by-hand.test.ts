// The breaker opened, closed and fed by hand.

import { describe, expect, test } from 'vitest'
import type { Permit } from '../../src/provider/breaker'
import { setUpBreaker } from './breakers'

describe('by hand', () => {
  test('default: open for exactly so long, close at once', async () => {
    const { breaker, clock, attempts, state, changes } = setUpBreaker({}, () => 0.9)
    breaker.open(clock.now(), 500)
    expect(breaker.snapshot(0)).toEqual({ state: 'open', failures: 0, openUntil: 500 })
    breaker.close()
    expect([state(), attempts(1, 'success'), changes]).toEqual([
      'closed',
      undefined,
      ['closed -> open until 500', 'open -> closed'],
    ])
  })

  test('behavior: without a time it opens as after a failure', () => {
    const { breaker, wait } = setUpBreaker({ openFor: 300 })
    breaker.open(0)
    expect(wait()).toBe(300)
  })

  test('behavior: closed by hand, the waits start small again', async () => {
    const { breaker, attempts, clock, probe, wait } = setUpBreaker()
    attempts(5, 'server-error')
    await clock.advance(2_000)
    probe('server-error')
    breaker.close()
    attempts(5, 'server-error')
    expect(wait()).toBe(2_000)
  })

  test('behavior: opened for good, it is never due by itself', async () => {
    const { breaker, clock, probe, state } = setUpBreaker()
    breaker.open(0, Infinity)
    await clock.advance(1e9)
    expect([probe('success'), state()]).toEqual([false, 'open'])
  })

  test('behavior: opened or closed while a probe is on its way, the outcome of the probe is ignored', async () => {
    for (const act of ['open', 'close'] as const) {
      const { breaker, attempts, clock } = setUpBreaker()
      attempts(5, 'server-error')
      await clock.advance(2_000)
      const probe = breaker.admitProbe(clock.now(), false) as Permit
      if (act === 'open') breaker.open(clock.now(), 100)
      else breaker.close()
      const before = breaker.snapshot(clock.now())
      for (const result of ['success', 'server-error', 'neutral'] as const) breaker.settle(probe, result, clock.now())
      expect(breaker.snapshot(clock.now())).toEqual(before)
    }
  })

  test('behavior: an `openFor` above 60 s is not cut', () => {
    const { attempts, wait } = setUpBreaker({ openFor: 120_000 })
    attempts(5, 'server-error')
    expect(wait()).toBe(120_000)
    const cut = setUpBreaker({ openFor: 120_000, maxOpenFor: 90_000 })
    cut.attempts(5, 'server-error')
    expect(cut.wait()).toBe(90_000)
  })
})

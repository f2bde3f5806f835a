// The circuit breaker of one channel: what opens it, its probes, and what is lost while it is open.

import { describe, expect, test } from 'vitest'
import type { BreakerOptions, BreakerResult, Permit } from '../../src/provider/breaker'
import { seededRandom } from '../support/seeded-random'
import { setUpBreaker } from './breakers'

describe('createBreaker', () => {
  test('default', () => {
    const { breaker, changes, clock } = setUpBreaker()
    expect(breaker.snapshot(0)).toEqual({ state: 'closed', failures: 0 })
    expect([breaker.isClosed(), breaker.isProbing(), breaker.dueAt()]).toEqual([true, false, -Infinity])
    expect(breaker.admit()).toBeDefined()
    expect([changes, clock.pending.total]).toEqual([[], 0])
  })

  test('behavior: Given threshold N, then N-1 consecutive failures leave it closed, the N-th opens it, and further calls do not reach the provider', () => {
    for (const failures of [1, 2, 5, 9]) {
      const { attempt, attempts, state, breaker, changes } = setUpBreaker({ failures })
      attempts(failures - 1, 'server-error')
      expect(breaker.snapshot(0)).toEqual({ state: 'closed', failures: failures - 1 })
      attempts(1, 'server-error')
      expect([state(), attempt('success')]).toEqual(['open', false])
      expect(breaker.snapshot(0)).toEqual({ state: 'open', failures, openUntil: 2_000 })
      expect(changes).toEqual(['closed -> open until 2000'])
    }
  })

  test('behavior: Given 4 failures, 1 success, 4 failures with threshold 5, then still closed', () => {
    const { attempts, state } = setUpBreaker()
    attempts(4, 'server-error')
    attempts(1, 'success')
    attempts(4, 'server-error')
    expect(state()).toBe('closed')
    attempts(1, 'server-error')
    expect(state()).toBe('open')
  })

  test('behavior: Given `openFor: 100`, then it is due 100 to 110 ms later; no timer is used', async () => {
    for (const [drawn, due] of [
      [0, 100],
      [0.5, 105],
      [0.999, 109.99],
    ] as const) {
      const { clock, attempts, breaker, state } = setUpBreaker({ openFor: 100 }, () => drawn)
      attempts(5, 'server-error')
      expect(breaker.dueAt()).toBeCloseTo(due, 6)
      expect(clock.pending.total).toBe(0)
      await clock.advanceTo(99.9)
      expect([state(), breaker.admitProbe(clock.now(), false)]).toEqual(['open', undefined])
      await clock.advanceTo(110)
      expect([state(), breaker.admit()]).toEqual(['half-open', undefined])
      expect(breaker.admitProbe(clock.now(), false)).toBeDefined()
    }
  })

  test('behavior: Given half-open, then one successful probe closes it', async () => {
    const { clock, attempts, attempt, probe, state, changes } = setUpBreaker()
    attempts(5, 'server-error')
    await clock.advance(2_000)
    expect(probe('success')).toBe(true)
    expect([state(), attempt('success')]).toEqual(['closed', true])
    expect(changes).toEqual(['closed -> open until 2000', 'open -> half-open', 'half-open -> closed'])
  })

  test('behavior: Given a failed probe, then the breaker is open at once, the next wait is 2x, then 4x, capped at 60 s', async () => {
    const { clock, attempts, probe, state, wait, breaker } = setUpBreaker()
    attempts(5, 'server-error')
    const waits = [wait()]
    for (let count = 0; count < 7; count++) {
      await clock.advance(wait())
      expect(probe('server-error')).toBe(true)
      expect(state()).toBe('open')
      waits.push(wait())
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(breaker.snapshot(clock.now()).failures).toBe(12)
  })

  test('behavior: the multiplier resets after 5 successes since it closed, not before', async () => {
    for (const [successes, expected] of [
      [0, 8_000],
      [4, 8_000],
      [5, 2_000],
      [50, 2_000],
    ] as const) {
      const { clock, attempts, probe, wait } = setUpBreaker({ failures: 2, ratio: 1, minimumAttempts: 1_000 })
      attempts(2, 'server-error')
      for (const result of ['server-error', 'server-error', 'success'] as const) {
        await clock.advance(wait())
        probe(result)
      }
      attempts(successes, 'success')
      attempts(2, 'server-error')
      expect(wait()).toBe(expected)
    }
  })

  test('behavior: the 5 successes need not be in a row', async () => {
    const { clock, attempts, probe, wait } = setUpBreaker()
    attempts(5, 'server-error')
    for (const result of ['server-error', 'success'] as const) {
      await clock.advance(wait())
      probe(result)
    }
    attempts(3, 'success')
    attempts(1, 'server-error')
    attempts(2, 'success')
    attempts(5, 'server-error')
    expect(wait()).toBe(2_000)
  })

  test('behavior: Given back-off of 2x and elapsed time between 1x and 2x, then no traffic reaches it', async () => {
    const { clock, attempts, probe, attempt, wait } = setUpBreaker()
    attempts(5, 'server-error')
    await clock.advance(2_000)
    probe('server-error')
    expect(wait()).toBe(4_000)
    for (const at of [1, 1_999, 2_000, 2_001, 3_999]) {
      await clock.advanceTo(2_000 + at)
      expect([attempt('success'), probe('success')]).toEqual([false, false])
    }
    await clock.advanceTo(6_000)
    expect(probe('success')).toBe(true)
  })

  test('behavior: up to 10 % jitter, evenly, also when the wait is capped', async () => {
    const { clock, attempts, probe, wait } = setUpBreaker({ openFor: 1_000, maxOpenFor: 1_000 }, seededRandom(7))
    attempts(5, 'server-error')
    const waits: number[] = []
    for (let count = 0; count < 400; count++) {
      waits.push(wait())
      await clock.advance(wait())
      probe('server-error')
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000)
    expect(Math.max(...waits)).toBeLessThan(1_100)
    const mean = waits.reduce((sum, one) => sum + one, 0) / waits.length
    expect(Math.abs(mean - 1_050)).toBeLessThan(5)
  })

  test('behavior: Given half-open and 20 concurrent requests, then exactly one call reaches the half-open channel', async () => {
    const { clock, attempts, breaker, state } = setUpBreaker()
    attempts(5, 'server-error')
    await clock.advance(2_000)
    const permits = Array.from({ length: 20 }, () => [breaker.admit(), breaker.admitProbe(clock.now(), false)]).flat()
    const given = permits.filter((permit) => permit !== undefined)
    expect([given.length, breaker.isProbing(), state()]).toEqual([1, true, 'half-open'])
    expect(breaker.admitProbe(clock.now(), true)).toBeUndefined()
    breaker.settle(given[0] as Permit, 'success', clock.now())
    expect([breaker.isProbing(), state()]).toEqual([false, 'closed'])
  })

  test('behavior: Given a half-open probe whose caller aborts, then the slot is released exactly once and the next probe is admitted', async () => {
    const { clock, attempts, breaker, changes, wait } = setUpBreaker()
    attempts(5, 'server-error')
    await clock.advance(2_500)
    const first = breaker.admitProbe(clock.now(), false) as Permit
    breaker.settle(first, 'neutral', clock.now())
    expect([breaker.isProbing(), wait()]).toEqual([false, -500])
    const second = breaker.admitProbe(clock.now(), false) as Permit
    expect(second).toBeDefined()
    // The first one once more: its slot is not its own any longer.
    for (const result of ['neutral', 'success', 'server-error'] as const) breaker.settle(first, result, clock.now())
    expect([breaker.isProbing(), breaker.admitProbe(clock.now(), false)]).toEqual([true, undefined])
    expect(changes.slice(1)).toEqual(['open -> half-open', 'half-open -> open until 2000', 'open -> half-open'])
  })

  test('behavior: Given a probe that hangs for 2 s, then one more is admitted, and the first to answer settles it', async () => {
    const { clock, attempts, breaker, state } = setUpBreaker()
    attempts(5, 'server-error')
    const probe = () => breaker.admitProbe(clock.now(), true) as Permit
    const hanging = probe()
    await clock.advance(1_999)
    expect([probe(), breaker.dueAt()]).toEqual([undefined, 2_000])
    await clock.advance(1)
    const next = probe()
    expect([next === undefined, probe()]).toEqual([false, undefined])
    breaker.settle(next, 'neutral', clock.now())
    // The other one is still out.
    expect([state(), breaker.isProbing(), breaker.dueAt()]).toEqual(['half-open', true, 4_000])
    await clock.advance(2_000)
    breaker.settle(probe(), 'network', clock.now())
    breaker.settle(hanging, 'success', clock.now())
    expect([state(), breaker.isProbing()]).toEqual(['open', false])
    const slow = probe()
    await clock.advance(2_000)
    const last = probe()
    breaker.settle(slow, 'success', clock.now())
    breaker.settle(last, 'network', clock.now())
    expect([state(), breaker.snapshot(clock.now()).failures]).toEqual(['closed', 0])
  })

  test('behavior: an early probe (of those that wait) is admitted before it is due, one at a time', () => {
    const { attempts, breaker, clock, wait, state } = setUpBreaker()
    attempts(5, 'server-error')
    expect(breaker.admitProbe(clock.now(), false)).toBeUndefined()
    const probe = breaker.admitProbe(clock.now(), true) as Permit
    expect(breaker.admitProbe(clock.now(), true)).toBeUndefined()
    breaker.settle(probe, 'network', clock.now())
    // Made because nobody else was left, it does not prolong the wait.
    expect([state(), wait()]).toEqual(['open', 2_000])
    breaker.settle(breaker.admitProbe(clock.now(), true) as Permit, 'success', clock.now())
    expect(state()).toBe('closed')
  })

  test('behavior: Given three failures in a row that are each network or timeout, then the breaker opens; five of other counted kinds do', () => {
    const mixed = setUpBreaker()
    mixed.attempts(2, 'network')
    mixed.attempts(1, 'server-error')
    mixed.attempts(1, 'network')
    expect(mixed.state()).toBe('closed')
    mixed.attempts(1, 'network')
    expect(mixed.state()).toBe('open')

    const network = setUpBreaker()
    network.attempts(2, 'network')
    expect(network.state()).toBe('closed')
    network.attempts(1, 'network')
    expect(network.breaker.snapshot(0)).toEqual({ state: 'open', failures: 3, openUntil: 2_000 })
  })

  test("behavior: a user's own thresholds override both", () => {
    const opensAfter = (options: BreakerOptions, result: BreakerResult) => {
      const { attempts, state } = setUpBreaker({ ...options, minimumAttempts: 1_000 })
      let count = 0
      for (; state() === 'closed'; count++) attempts(1, result)
      return count
    }
    expect(opensAfter({ failures: 8 }, 'network')).toBe(8)
    expect(opensAfter({ failures: 8 }, 'server-error')).toBe(8)
    expect(opensAfter({ failures: 2 }, 'network')).toBe(2)
    expect(opensAfter({ networkFailures: 7 }, 'network')).toBe(5)
    expect(opensAfter({ networkFailures: 1 }, 'network')).toBe(1)
    expect(opensAfter({ failures: 9, networkFailures: 2 }, 'network')).toBe(2)
    expect(opensAfter({ failures: 9, networkFailures: 2 }, 'server-error')).toBe(9)
  })

  test('behavior: Given 100 reverts or invalid-params answers, then closed and count 0; in half-open they release the lease and count neither way', async () => {
    const { attempts, breaker, clock, probe, state } = setUpBreaker()
    attempts(100, 'neutral')
    expect(breaker.snapshot(0)).toEqual({ state: 'closed', failures: 0 })
    attempts(4, 'server-error')
    attempts(100, 'neutral')
    expect(breaker.snapshot(0)).toEqual({ state: 'closed', failures: 4 })
    attempts(1, 'server-error')
    await clock.advance(2_000)
    for (let count = 0; count < 100; count++) expect(probe('neutral')).toBe(true)
    expect([state(), breaker.dueAt()]).toEqual(['half-open', 2_000])
    probe('server-error')
    expect(breaker.dueAt()).toBe(6_000)
  })

  test('behavior: Given a slow call admitted while closed, when the breaker opens, recovers and closes before the call fails, then the late failure is not counted', async () => {
    const { attempts, breaker, clock, probe } = setUpBreaker({ failures: 2 })
    const slow = breaker.admit() as Permit
    attempts(2, 'server-error')
    await clock.advance(2_000)
    probe('success')
    breaker.settle(slow, 'server-error', clock.now())
    expect(breaker.snapshot(clock.now())).toEqual({ state: 'closed', failures: 0 })
    attempts(1, 'server-error')
    expect(breaker.isClosed()).toBe(true)
  })

  test('behavior: a late success cannot close an open breaker, nor a half-open one', async () => {
    const { attempts, breaker, clock } = setUpBreaker({ failures: 2 })
    const slow = breaker.admit() as Permit
    attempts(2, 'server-error')
    breaker.settle(slow, 'success', clock.now())
    expect(breaker.snapshot(0).state).toBe('open')
    await clock.advance(2_000)
    const probe = breaker.admitProbe(clock.now(), false) as Permit
    breaker.settle(slow, 'success', clock.now())
    expect(breaker.isProbing()).toBe(true)
    breaker.settle(probe, 'server-error', clock.now())
    breaker.settle(probe, 'success', clock.now())
    expect([breaker.snapshot(clock.now()).state, breaker.dueAt()]).toEqual(['open', 6_000])
  })

  test('behavior: Given `recordFailure` from outside (WS loss), then the breaker opens at its threshold', () => {
    const { breaker, attempts, changes } = setUpBreaker()
    attempts(2, 'server-error')
    for (let count = 0; count < 3; count++) breaker.recordFailure(10, 'server-error')
    expect(changes).toEqual(['closed -> open until 2010'])
    breaker.recordFailure(20, 'network')
    expect(breaker.snapshot(20)).toEqual({ state: 'open', failures: 5, openUntil: 2_010 })

    const lost = setUpBreaker()
    for (let count = 0; count < 3; count++) lost.breaker.recordFailure(0, 'network')
    expect(lost.state()).toBe('open')
  })
})

describe('loseAll', () => {
  test('behavior: all that is on its way is lost: one failure, and what the attempts say afterwards is none', () => {
    const { breaker, changes } = setUpBreaker()
    for (const failures of [1, 2]) {
      const permits = [breaker.admit(), breaker.admit(), breaker.admit()]
      breaker.loseAll(10)
      for (const permit of permits) if (permit) breaker.settle(permit, 'network', 10)
      expect(breaker.snapshot(10)).toEqual({ state: 'closed', failures })
    }
    breaker.loseAll(10)
    expect(changes).toEqual(['closed -> open until 2010'])
    breaker.loseAll(20)
    expect(breaker.snapshot(20)).toEqual({ state: 'open', failures: 3, openUntil: 2_010 })
  })

  test('behavior: a probe that was on its way has failed, once', () => {
    const { breaker, clock } = setUpBreaker()
    breaker.open(0)
    const probe = breaker.admitProbe(2_000, false)
    breaker.loseAll(2_000)
    if (probe) breaker.settle(probe, 'network', 2_000)
    expect(breaker.snapshot(clock.now())).toEqual({ state: 'open', failures: 1, openUntil: 6_000 })
  })
})

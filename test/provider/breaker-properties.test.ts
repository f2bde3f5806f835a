// What holds of a breaker whatever happens.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BreakerResult, Permit } from '../../src/provider/breaker'
import { createBreaker } from '../../src/provider/breaker'
import { seededRandom } from '../support/seeded-random'

describe('whatever happens', () => {
  const RESULTS: BreakerResult[] = ['success', 'server-error', 'network', 'neutral']
  const step = fc.oneof(
    fc.record({ type: fc.constantFrom('admit', 'probe', 'early', 'outside') }),
    fc.record({
      type: fc.constant('settle'),
      which: fc.nat(20),
      result: fc.constantFrom(...RESULTS),
    }),
    fc.record({ type: fc.constant('wait'), ms: fc.integer({ min: 0, max: 5_000 }) }),
  )

  function run(steps: readonly { type: string; which?: number; result?: BreakerResult; ms?: number }[], seed: number) {
    let now = 0
    let current = 'closed'
    const breaker = createBreaker(
      { failures: 2, openFor: 500, maxOpenFor: 4_000 },
      {
        random: seededRandom(seed),
        onChange(from, to) {
          expect(from).toBe(current)
          expect(to).not.toBe(from)
          current = to
        },
      },
    )
    const permits: { permit: Permit; isProbe: boolean; isSettled: boolean }[] = []
    let probes = new Set<Permit>()
    const take = (permit: Permit | undefined, isProbe: boolean) => {
      if (permit) permits.push({ permit, isProbe, isSettled: false })
    }
    for (const { type, which = 0, result = 'neutral', ms = 0 } of steps) {
      const wasClosed = breaker.isClosed()
      if (type === 'wait') now += ms
      else if (type === 'outside') breaker.recordFailure(now, 'network')
      else if (type === 'admit') {
        const permit = breaker.admit()
        expect(permit !== undefined).toBe(wasClosed)
        take(permit, false)
      } else if (type === 'probe' || type === 'early') {
        const isDue = type === 'early' || now >= breaker.dueAt()
        const isOverdue = breaker.isProbing() && now >= breaker.dueAt()
        const isFree = !wasClosed && (!breaker.isProbing() || isOverdue)
        const permit = breaker.admitProbe(now, type === 'early')
        // Never two probes within 2 s: there is one only while none is on its way, or all there are have hung for so long.
        expect(permit !== undefined).toBe(isFree && isDue)
        if (permit) probes = isOverdue ? probes.add(permit) : new Set([permit])
        take(permit, true)
      } else if (permits.length > 0) {
        const chosen = permits[which % permits.length] as (typeof permits)[number]
        const before = JSON.stringify(breaker.snapshot(now))
        breaker.settle(chosen.permit, result, now)
        if (chosen.isProbe) {
          // A probe's permit is given back, whatever came of it; late ones change nothing.
          const counts = probes.delete(chosen.permit) && before.includes('half-open')
          if (!counts) expect(JSON.stringify(breaker.snapshot(now))).toBe(before)
          else if (result !== 'neutral') probes.clear()
          if (counts) expect(breaker.isProbing()).toBe(probes.size > 0)
          if (counts && result === 'success') expect(breaker.isClosed()).toBe(true)
        } else if (!wasClosed) expect(JSON.stringify(breaker.snapshot(now))).toBe(before)
        chosen.isSettled = true
      }
      expect(breaker.isClosed()).toBe(current === 'closed')
      if (!breaker.isClosed()) expect(breaker.dueAt() - now).toBeLessThanOrEqual(4_400)
    }
    return { breaker, now, permits }
  }

  test('behavior: never two probes within 2 s, late results are ignored, the wait is bounded', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
        run(steps, seed)
      }),
      { numRuns: 400 },
    )
  })

  test('behavior: it always recovers: what is on its way is given back, the wait ends, one success closes it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
        const { breaker, now, permits } = run(steps, seed)
        for (const { permit } of permits) breaker.settle(permit, 'neutral', now)
        expect(breaker.isProbing()).toBe(false)
        const later = now + 4_400
        const permit = breaker.admit() ?? breaker.admitProbe(later, false)
        expect(permit).toBeDefined()
        breaker.settle(permit as Permit, 'success', later)
        expect(breaker.snapshot(later)).toEqual({ state: 'closed', failures: 0 })
      }),
      { numRuns: 400 },
    )
  })
})

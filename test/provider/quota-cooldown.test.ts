// How long a provider is left alone that has refused.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createQuota } from '../../src/provider/quota'
import { failureOf } from '../../src/rpc/failure'
import { MINUTE, setUpQuota } from './quotas'

describe('cooldown', () => {
  test('behavior: Given p1 answers 429 with Retry-After: 2, then it is left alone during the next 2 s and used again afterwards', async () => {
    const { clock, quota, refuse, cooled } = setUpQuota()
    expect(refuse(2_000)).toBe(2_000)
    expect([cooled(), quota.hasRoom(clock.now()), quota.roomAt(clock.now())]).toEqual([2_000, false, 2_000])
    await clock.advance(1_999)
    expect(quota.hasRoom(clock.now())).toBe(false)
    await clock.advance(1)
    expect([quota.hasRoom(clock.now()), quota.cooldownUntil(clock.now())]).toEqual([true, undefined])
  })

  test('behavior: Given no hint, then the cooldown is 1 s, doubling while limits repeat, up to 60 s', async () => {
    const { clock, refuse } = setUpQuota()
    const waits: number[] = []
    for (let count = 0; count < 9; count++) {
      const wait = refuse()
      waits.push(wait)
      await clock.advance(wait)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  test('behavior: once one was taken, repeated cooldowns start small again', async () => {
    const { clock, quota, refuse } = setUpQuota()
    for (let count = 0; count < 3; count++) await clock.advance(refuse())
    quota.accept(clock.now())
    expect(refuse()).toBe(1_000)
  })

  test('behavior: an answer that comes while it cools ends nothing', async () => {
    const { clock, quota, refuse, cooled } = setUpQuota()
    await clock.advance(refuse())
    refuse()
    quota.accept(clock.now())
    expect(cooled()).toBe(2_000)
    await clock.advance(2_000)
    expect(refuse()).toBe(4_000)
  })

  test('behavior: a later shorter hint does not shorten it', async () => {
    const { clock, refuse, cooled } = setUpQuota()
    refuse(30_000)
    await clock.advance(1_000)
    expect(refuse(2_000)).toBe(29_000)
    expect(refuse()).toBe(29_000)
    expect(cooled()).toBe(29_000)
    expect(refuse(40_000)).toBe(40_000)
  })

  test('behavior: many refusals of one burst are one refusal', async () => {
    const { clock, refuse } = setUpQuota()
    for (let count = 0; count < 20; count++) expect(refuse()).toBe(1_000)
    await clock.advance(1_000)
    expect(refuse()).toBe(2_000)
  })

  test('behavior: a hint is believed up to 5 minutes', () => {
    const { refuse } = setUpQuota()
    expect(refuse(24 * 60 * MINUTE)).toBe(5 * MINUTE)
  })

  test('behavior: text "try again in 1.5 minutes" gives 90 s', () => {
    const { refuse } = setUpQuota()
    const failure = failureOf(
      { code: -32005, message: 'rate limit exceeded, try again in 1.5 minutes' },
      { method: 'eth_call' },
    )
    expect([failure.kind, refuse(failure.retryAfter)]).toEqual(['rate-limit', 90_000])
  })

  test('behavior: a spent quota cools for the hint, else for an hour', () => {
    expect(setUpQuota().quota.refuse('quota', undefined, 0)).toBe(60 * MINUTE)
    expect(setUpQuota().quota.refuse('quota', 90 * MINUTE, 0)).toBe(90 * MINUTE)
    expect(setUpQuota().quota.refuse('quota', 10_000, 0)).toBe(10_000)
  })

  test('behavior: a rate limit does not shorten the cooldown of a quota', async () => {
    const { clock, quota, refuse } = setUpQuota()
    quota.refuse('quota', undefined, 0)
    await clock.advance(1_000)
    expect(refuse(2_000)).toBe(60 * MINUTE - 1_000)
  })

  test('behavior: whatever is said in whatever order, a cooldown never ends earlier than it was known to', () => {
    const refusal = fc.record({
      kind: fc.constantFrom('rate-limit' as const, 'quota' as const),
      hint: fc.option(fc.integer({ min: 1, max: 400_000 }), { nil: undefined }),
      pause: fc.integer({ min: 0, max: 20_000 }),
      isTaken: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(refusal, { maxLength: 30 }), (refusals) => {
        const quota = createQuota({})
        let now = 0
        let until = 0
        for (const { kind, hint, pause, isTaken } of refusals) {
          now += pause
          if (isTaken) quota.accept(now)
          const wait = quota.refuse(kind, hint, now)
          expect(wait).toBeGreaterThan(0)
          expect(now + wait).toBeGreaterThanOrEqual(until)
          if (kind === 'rate-limit' && until <= now) expect(wait).toBeLessThanOrEqual(5 * MINUTE)
          until = now + wait
          expect(quota.cooldownUntil(now)).toBe(until)
        }
      }),
    )
  })
})

// The pace of one provider: declared, or learned from what it refused.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LimitOptions } from '../../src/provider/quota'
import { createQuota } from '../../src/provider/quota'
import { setUpQuota } from './quotas'

describe('the learned pace', () => {
  /** Ten requests taken in a second, one more refused: seven a second from then on, and 0.7 more each second. */
  async function refused(limits: LimitOptions = {}) {
    const made = setUpQuota(limits)
    made.take(10)
    made.refuse()
    await made.clock.advance(1_000)
    return made
  }

  test('default: after a refusal it is 7 in 10 of what was taken in the second before', async () => {
    const { quota, send, clock } = await refused()
    expect(quota.isUnlimited()).toBe(false)
    expect(send()).toBe(7)
    await clock.advance(20)
    expect(send()).toBe(0)
    await clock.advance(980)
    expect(send()).toBe(8)
  })

  test('behavior: of this second and the one before the busier counts; what is older does not', async () => {
    /** What is taken second after second until one is refused; how many may leave a second later. */
    const leftOf = async (...seconds: number[]) => {
      const { clock, quota, send, take, refuse } = setUpQuota()
      for (const [index, count] of seconds.entries()) {
        if (index > 0) await clock.advance(1_000)
        take(count)
      }
      refuse(0)
      quota.accept(clock.now())
      await clock.advance(1_000)
      return send()
    }
    expect([await leftOf(10, 40), await leftOf(40, 10), await leftOf(40, 10, 10), await leftOf(40, 0, 10)]).toEqual([
      30, 30, 7, 7,
    ])
  })

  test('behavior: a crowd that leaves at once says nothing of the pace, what is taken of it does', async () => {
    const { clock, quota, send, take, refuseAll } = setUpQuota()
    for (let left = 0; left < 16; left++) quota.take(clock.now())
    await clock.advance(300)
    take(5)
    refuseAll(11)
    await clock.advance(1_000)
    expect(send()).toBe(3)
  })

  test('behavior: what was taken of a crowd counts also when it is told after what was refused', async () => {
    const { clock, send, take, refuseAll } = setUpQuota()
    take(2)
    refuseAll(20)
    await clock.advance(300)
    take(8)
    await clock.advance(1_000)
    expect(send()).toBe(7)
  })

  test('behavior: an answer that comes late does not lower what was seen to be taken', async () => {
    const { clock, send, take, refuse } = setUpQuota()
    take(10)
    refuse(4_000)
    await clock.advance(3_000)
    take(1)
    await clock.advance(1_000)
    expect(send()).toBe(9)
  })

  test('behavior: a burst of which nothing was taken says nothing: what was learned before stays', async () => {
    const { clock, send, refuseAll, take } = setUpQuota()
    refuseAll(20)
    await clock.advance(1_000)
    expect(send(500)).toBe(500)
    take(10)
    refuseAll(5)
    await clock.advance(2_000)
    refuseAll(20)
    await clock.advance(4_000)
    // 7 a second, and 0.7 more each of 6 seconds.
    expect(send()).toBe(11)
  })

  test('behavior: what was taken long before a burst of which nothing was says nothing of its pace', async () => {
    const { clock, send, take, refuseAll } = setUpQuota()
    take(1)
    await clock.advance(5_000)
    refuseAll(20)
    await clock.advance(1_000)
    expect(send(500)).toBe(500)
  })

  test('behavior: it grows by a tenth each second and is forgotten at twice its first value', async () => {
    const { quota, send, clock } = await refused()
    const sent: number[] = []
    for (let second = 2; second <= 9; second++) {
      sent.push(send())
      await clock.advance(1_000)
    }
    expect(sent).toEqual([...sent].sort((a, b) => a - b))
    expect(sent.at(-1)).toBeLessThan(14)
    await clock.advance(1_000)
    expect([quota.hasRoom(clock.now()), quota.isUnlimited()]).toEqual([true, false])
    quota.accept(clock.now())
    expect([quota.isUnlimited(), send(500)]).toEqual([true, 500])
  })

  test('behavior: refused again and again it halts at one a second, never at none', async () => {
    const { clock, refuse, take, quota } = setUpQuota()
    for (let count = 0; count < 30; count++) {
      take(1)
      await clock.advance(refuse(100))
    }
    await clock.advance(1_000)
    expect(quota.hasRoom(clock.now())).toBe(true)
  })

  test('behavior: it never exceeds the declared one, and gives way to it', async () => {
    const { clock, send, quota } = await refused({ requestsPerSecond: 11 })
    expect(send()).toBe(7)
    await clock.advance(20_000)
    expect(send()).toBe(11)
    expect(quota.isUnlimited()).toBe(false)
  })

  test('behavior: a spent quota says nothing about the pace', async () => {
    const { quota, send, take, clock } = setUpQuota()
    take(10)
    quota.refuse('quota', 1_000, clock.now())
    take(10)
    await clock.advance(1_000)
    expect(send(500)).toBe(500)
  })
})

describe('the declared pace', () => {
  test('default: a burst at once, then so many a second', async () => {
    const { clock, send, quota } = setUpQuota({ requestsPerSecond: 5 })
    expect(quota.isUnlimited()).toBe(false)
    expect(send()).toBe(5)
    expect(quota.roomAt(clock.now())).toBeCloseTo(200, 6)
    await clock.advance(200)
    expect(send()).toBe(1)
    await clock.advance(400)
    expect(send()).toBe(2)
  })

  test('behavior: own burst', async () => {
    const { clock, send } = setUpQuota({ requestsPerSecond: 10, burst: 2 })
    expect(send()).toBe(2)
    await clock.advance(60_000)
    expect(send()).toBe(2)
  })

  test('behavior: less than one a second', async () => {
    const { clock, send, quota } = setUpQuota({ requestsPerSecond: 0.5 })
    expect(send()).toBe(1)
    expect(quota.roomAt(clock.now())).toBeCloseTo(2_000, 6)
    await clock.advance(1_000)
    expect(send()).toBe(0)
    await clock.advance(1_000)
    expect(send()).toBe(1)
  })

  test('behavior: what leaves without room is no debt', async () => {
    const { clock, quota, send } = setUpQuota({ requestsPerSecond: 5 })
    for (let count = 0; count < 50; count++) quota.take(clock.now())
    await clock.advance(200)
    expect(send()).toBe(1)
  })

  test('behavior: a clock that is set back leaves no debt', () => {
    const quota = createQuota({ requestsPerSecond: 10 })
    quota.take(3_600_000)
    expect(quota.roomAt(0)).toBe(100)
    expect(quota.hasRoom(100)).toBe(true)
  })

  test('behavior: over any time, no more leave than the burst and the pace allow', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 30 }), pauses, (pace, burst, given) => {
        const quota = createQuota({ requestsPerSecond: pace, burst })
        let now = 0
        let sent = 0
        for (const pause of given) {
          now += pause
          while (quota.hasRoom(now)) {
            quota.take(now)
            sent++
          }
          expect(sent).toBeLessThanOrEqual(burst + (now * pace) / 1_000 + 1e-6)
          const roomAt = quota.roomAt(now)
          expect(roomAt).toBeGreaterThan(now)
          expect(quota.hasRoom(roomAt + 1e-6)).toBe(true)
        }
      }),
    )
  })
})

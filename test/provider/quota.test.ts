// Pace, concurrency and cooldown of one provider, on the manual clock.

import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { LimitOptions } from '../../src/provider/quota'
import { createQuota } from '../../src/provider/quota'
import { failureOf } from '../../src/rpc/failure'
import { createManualClock } from '../support/manual-clock'

const MINUTE = 60_000

function setUp(limits: LimitOptions = {}) {
  const clock = createManualClock()
  const onRoom = vi.fn()
  const quota = createQuota(limits, { onRoom })
  /** Sends as many as there is room for, each back at once; how many left. */
  const send = (most = 1_000) => {
    let sent = 0
    while (sent < most && quota.hasRoom(clock.now())) {
      quota.take(clock.now())
      quota.give()
      sent++
    }
    return sent
  }
  const take = (count: number) => {
    for (let taken = 0; taken < count; taken++) quota.accept(clock.now())
  }
  const refuse = (hint?: number) => quota.refuse('rate-limit', hint, clock.now())
  const refuseAll = (count: number) => {
    for (let refused = 0; refused < count; refused++) refuse()
  }
  const cooled = () => (quota.cooldownUntil(clock.now()) ?? clock.now()) - clock.now()
  return { clock, quota, onRoom, send, take, refuse, refuseAll, cooled }
}

describe('createQuota', () => {
  test('default: without limits there is always room', () => {
    const { quota, send } = setUp()
    expect([quota.isUnlimited(), quota.hasRoom(0), quota.roomAt(0), quota.cooldownUntil(0)]).toEqual([
      true,
      true,
      0,
      undefined,
    ])
    expect(send(500)).toBe(500)
  })

  test('behavior: in flight are those that left and are not back', () => {
    const { quota } = setUp()
    quota.take(0)
    quota.take(0)
    quota.give()
    expect(quota.inFlight).toBe(1)
  })
})

describe('cooldown', () => {
  test('behavior: Given p1 answers 429 with Retry-After: 2, then it is left alone during the next 2 s and used again afterwards', async () => {
    const { clock, quota, refuse, cooled } = setUp()
    expect(refuse(2_000)).toBe(2_000)
    expect([cooled(), quota.hasRoom(clock.now()), quota.roomAt(clock.now())]).toEqual([2_000, false, 2_000])
    await clock.advance(1_999)
    expect(quota.hasRoom(clock.now())).toBe(false)
    await clock.advance(1)
    expect([quota.hasRoom(clock.now()), quota.cooldownUntil(clock.now())]).toEqual([true, undefined])
  })

  test('behavior: Given no hint, then the cooldown is 1 s, doubling while limits repeat, up to 60 s', async () => {
    const { clock, refuse } = setUp()
    const waits: number[] = []
    for (let count = 0; count < 9; count++) {
      const wait = refuse()
      waits.push(wait)
      await clock.advance(wait)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  test('behavior: once one was taken, repeated cooldowns start small again', async () => {
    const { clock, quota, refuse } = setUp()
    for (let count = 0; count < 3; count++) await clock.advance(refuse())
    quota.accept(clock.now())
    expect(refuse()).toBe(1_000)
  })

  test('behavior: an answer that comes while it cools ends nothing', async () => {
    const { clock, quota, refuse, cooled } = setUp()
    await clock.advance(refuse())
    refuse()
    quota.accept(clock.now())
    expect(cooled()).toBe(2_000)
    await clock.advance(2_000)
    expect(refuse()).toBe(4_000)
  })

  test('behavior: a later shorter hint does not shorten it', async () => {
    const { clock, refuse, cooled } = setUp()
    refuse(30_000)
    await clock.advance(1_000)
    expect(refuse(2_000)).toBe(29_000)
    expect(refuse()).toBe(29_000)
    expect(cooled()).toBe(29_000)
    expect(refuse(40_000)).toBe(40_000)
  })

  test('behavior: many refusals of one burst are one refusal', async () => {
    const { clock, refuse } = setUp()
    for (let count = 0; count < 20; count++) expect(refuse()).toBe(1_000)
    await clock.advance(1_000)
    expect(refuse()).toBe(2_000)
  })

  test('behavior: a hint is believed up to 5 minutes', () => {
    const { refuse } = setUp()
    expect(refuse(24 * 60 * MINUTE)).toBe(5 * MINUTE)
  })

  test('behavior: text "try again in 1.5 minutes" gives 90 s', () => {
    const { refuse } = setUp()
    const failure = failureOf(
      { code: -32005, message: 'rate limit exceeded, try again in 1.5 minutes' },
      { method: 'eth_call' },
    )
    expect([failure.kind, refuse(failure.retryAfter)]).toEqual(['rate-limit', 90_000])
  })

  test('behavior: a spent quota cools for the hint, else for an hour', () => {
    expect(setUp().quota.refuse('quota', undefined, 0)).toBe(60 * MINUTE)
    expect(setUp().quota.refuse('quota', 90 * MINUTE, 0)).toBe(90 * MINUTE)
    expect(setUp().quota.refuse('quota', 10_000, 0)).toBe(10_000)
  })

  test('behavior: a rate limit does not shorten the cooldown of a quota', async () => {
    const { clock, quota, refuse } = setUp()
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

describe('the learned pace', () => {
  /** Ten requests taken in a second, one more refused: seven a second from then on, and 0.7 more each second. */
  async function refused(limits: LimitOptions = {}) {
    const made = setUp(limits)
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
      const { clock, quota, send, take, refuse } = setUp()
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
    const { clock, quota, send, take, refuseAll } = setUp()
    for (let left = 0; left < 16; left++) quota.take(clock.now())
    await clock.advance(300)
    take(5)
    refuseAll(11)
    await clock.advance(1_000)
    expect(send()).toBe(3)
  })

  test('behavior: what was taken of a crowd counts also when it is told after what was refused', async () => {
    const { clock, send, take, refuseAll } = setUp()
    take(2)
    refuseAll(20)
    await clock.advance(300)
    take(8)
    await clock.advance(1_000)
    expect(send()).toBe(7)
  })

  test('behavior: an answer that comes late does not lower what was seen to be taken', async () => {
    const { clock, send, take, refuse } = setUp()
    take(10)
    refuse(4_000)
    await clock.advance(3_000)
    take(1)
    await clock.advance(1_000)
    expect(send()).toBe(9)
  })

  test('behavior: a burst of which nothing was taken says nothing: what was learned before stays', async () => {
    const { clock, send, refuseAll, take } = setUp()
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
    const { clock, send, take, refuseAll } = setUp()
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
    const { clock, refuse, take, quota } = setUp()
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
    const { quota, send, take, clock } = setUp()
    take(10)
    quota.refuse('quota', 1_000, clock.now())
    take(10)
    await clock.advance(1_000)
    expect(send(500)).toBe(500)
  })
})

describe('the declared pace', () => {
  test('default: a burst at once, then so many a second', async () => {
    const { clock, send, quota } = setUp({ requestsPerSecond: 5 })
    expect(quota.isUnlimited()).toBe(false)
    expect(send()).toBe(5)
    expect(quota.roomAt(clock.now())).toBeCloseTo(200, 6)
    await clock.advance(200)
    expect(send()).toBe(1)
    await clock.advance(400)
    expect(send()).toBe(2)
  })

  test('behavior: own burst', async () => {
    const { clock, send } = setUp({ requestsPerSecond: 10, burst: 2 })
    expect(send()).toBe(2)
    await clock.advance(60_000)
    expect(send()).toBe(2)
  })

  test('behavior: less than one a second', async () => {
    const { clock, send, quota } = setUp({ requestsPerSecond: 0.5 })
    expect(send()).toBe(1)
    expect(quota.roomAt(clock.now())).toBeCloseTo(2_000, 6)
    await clock.advance(1_000)
    expect(send()).toBe(0)
    await clock.advance(1_000)
    expect(send()).toBe(1)
  })

  test('behavior: what leaves without room is no debt', async () => {
    const { clock, quota, send } = setUp({ requestsPerSecond: 5 })
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

describe('concurrency', () => {
  test('default: full until one is back, which is told', () => {
    const { quota, onRoom } = setUp({ concurrency: 2 })
    quota.take(0)
    expect(quota.hasRoom(0)).toBe(true)
    quota.take(0)
    expect([quota.hasRoom(0), quota.roomAt(0), quota.isUnlimited()]).toEqual([false, Infinity, false])
    expect(onRoom).not.toHaveBeenCalled()
    quota.give()
    expect(onRoom).toHaveBeenCalledTimes(1)
    expect(quota.hasRoom(0)).toBe(true)
  })

  test('behavior: without it nobody is told', () => {
    const { quota, onRoom } = setUp({ requestsPerSecond: 5 })
    quota.take(0)
    quota.give()
    expect(onRoom).not.toHaveBeenCalled()
  })

  test('behavior: where several requests may be one, what is told of them counts', () => {
    let load = 1
    const quota = createQuota({ concurrency: 2 }, { load: () => load })
    for (let request = 0; request < 20; request++) quota.take(0)
    expect([quota.hasRoom(0), quota.lacksOnlySlots(0)]).toEqual([true, false])
    load = 2
    expect([quota.hasRoom(0), quota.roomAt(0), quota.lacksOnlySlots(0)]).toEqual([false, Infinity, true])
  })

  test('behavior: that it begins to cool is told, once', () => {
    const onCooling = vi.fn()
    const quota = createQuota({}, { onCooling })
    quota.refuse('rate-limit', 1_000, 0)
    quota.refuse('rate-limit', 2_000, 500)
    expect(onCooling).toHaveBeenCalledTimes(1)
    quota.refuse('rate-limit', 1_000, 2_500)
    expect(onCooling).toHaveBeenCalledTimes(2)
  })

  test('behavior: one that cools, or keeps a pace that is used up, lacks more than slots', () => {
    const { quota, refuse } = setUp({ concurrency: 1, requestsPerSecond: 10, burst: 2 })
    quota.take(0)
    expect(quota.lacksOnlySlots(0)).toBe(true)
    quota.take(0)
    expect([quota.lacksOnlySlots(0), quota.lacksOnlySlots(100)]).toEqual([false, true])
    refuse(3_000)
    expect([quota.lacksOnlySlots(100), quota.lacksOnlySlots(5_000)]).toEqual([false, true])
  })

  test('behavior: while it cools, the end of the cooldown is when there is room', () => {
    const { quota, refuse } = setUp({ concurrency: 1 })
    quota.take(0)
    refuse(3_000)
    expect(quota.roomAt(0)).toBe(3_000)
    expect(quota.roomAt(3_000)).toBe(Infinity)
  })
})

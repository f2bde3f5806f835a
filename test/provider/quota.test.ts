// What one provider takes at a time.

import { describe, expect, test, vi } from 'vitest'
import { createQuota } from '../../src/provider/quota'
import { setUpQuota } from './quotas'

describe('createQuota', () => {
  test('default: without limits there is always room', () => {
    const { quota, send } = setUpQuota()
    expect([quota.isUnlimited(), quota.hasRoom(0), quota.roomAt(0), quota.cooldownUntil(0)]).toEqual([
      true,
      true,
      0,
      undefined,
    ])
    expect(send(500)).toBe(500)
  })

  test('behavior: in flight are those that left and are not back', () => {
    const { quota } = setUpQuota()
    quota.take(0)
    quota.take(0)
    quota.give()
    expect(quota.inFlight).toBe(1)
  })
})

describe('concurrency', () => {
  test('default: full until one is back, which is told', () => {
    const { quota, onRoom } = setUpQuota({ concurrency: 2 })
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
    const { quota, onRoom } = setUpQuota({ requestsPerSecond: 5 })
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
    const { quota, refuse } = setUpQuota({ concurrency: 1, requestsPerSecond: 10, burst: 2 })
    quota.take(0)
    expect(quota.lacksOnlySlots(0)).toBe(true)
    quota.take(0)
    expect([quota.lacksOnlySlots(0), quota.lacksOnlySlots(100)]).toEqual([false, true])
    refuse(3_000)
    expect([quota.lacksOnlySlots(100), quota.lacksOnlySlots(5_000)]).toEqual([false, true])
  })

  test('behavior: while it cools, the end of the cooldown is when there is room', () => {
    const { quota, refuse } = setUpQuota({ concurrency: 1 })
    quota.take(0)
    refuse(3_000)
    expect(quota.roomAt(0)).toBe(3_000)
    expect(quota.roomAt(3_000)).toBe(Infinity)
  })
})

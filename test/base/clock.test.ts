// The real clock on real timers: what fires, what is cancelled, what keeps the process alive.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { realClock } from '../../src/base/clock'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('realClock.now', () => {
  test('default', () => {
    const before = performance.now()
    const now = realClock.now()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(performance.now())
  })

  test('behavior: fake timers begin another era, and end it', () => {
    const before = realClock.era?.()
    vi.useFakeTimers()
    const faked = realClock.era?.()
    vi.useRealTimers()
    expect([faked === before, realClock.era?.() === before]).toEqual([false, true])
  })

  test('behavior: performance is looked up at each call', () => {
    vi.spyOn(performance, 'now').mockReturnValue(42)
    expect(realClock.now()).toBe(42)
  })
})

describe.each(['after', 'background'] as const)('realClock.%s', (kind) => {
  test('default', async () => {
    const start = performance.now()
    await new Promise<void>((resolve) => realClock[kind](5, resolve))
    // Node may fire a fraction of a millisecond early.
    expect(performance.now() - start).toBeGreaterThan(3)
  })

  test('behavior: cancel prevents it, twice is once', async () => {
    const fn = vi.fn()
    const timer = realClock[kind](1, fn)
    timer.cancel()
    timer.cancel()
    // Timers of one length fire in the order they were started: once this one has, the other would have.
    await new Promise<void>((resolve) => realClock.after(1, resolve))
    expect(fn).not.toHaveBeenCalled()
  })

  test('behavior: cancel and hold after it has fired do nothing', async () => {
    const timer = await new Promise<ReturnType<typeof realClock.after>>((resolve) => {
      const started = realClock[kind](1, () => resolve(started))
      started.hold(true)
    })
    timer.hold(false)
    timer.hold(true)
    timer.cancel()
  })

  test('behavior: a delay above 2^31 - 1 is clamped, not fired at once', () => {
    const spy = vi.spyOn(globalThis, 'setTimeout')
    realClock[kind](2 ** 31, () => {}).cancel()
    realClock[kind](Infinity, () => {}).cancel()
    expect(spy.mock.calls.map((call) => call[1])).toEqual([2 ** 31 - 1, 2 ** 31 - 1])
  })

  test('behavior: works where a timer is a number', () => {
    vi.spyOn(globalThis, 'setTimeout').mockReturnValue(7 as never)
    const spy = vi.spyOn(globalThis, 'clearTimeout').mockReturnValue(undefined)
    const timer = realClock[kind](1, () => {})
    timer.hold(true)
    timer.hold(false)
    timer.cancel()
    expect(spy).toHaveBeenCalledWith(7)
  })
})

describe('who keeps the process alive', () => {
  test('default: after does, background does not; hold changes it', () => {
    const spy = vi.spyOn(globalThis, 'setTimeout')
    const timers = [realClock.after(1_000, () => {}), realClock.background(1_000, () => {})]
    const handles = spy.mock.results.map((result) => result.value as NodeJS.Timeout)
    const read = () => handles.map((handle) => handle.hasRef())
    expect(read()).toEqual([true, false])
    for (const timer of timers) timer.hold(true)
    expect(read()).toEqual([true, true])
    for (const timer of timers) timer.hold(false)
    expect(read()).toEqual([false, false])
    for (const timer of timers) timer.cancel()
  })
})

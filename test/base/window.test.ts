// The window of the last attempts: what counts, and that silence ages it.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRatioWindow } from '../../src/base/window'

describe('createRatioWindow', () => {
  test('default', () => {
    const window = createRatioWindow(10_000)
    expect(window.read(5)).toEqual({ attempts: 0, failures: 0 })
    window.record(false, 10)
    window.record(true, 20)
    window.record(true, 4_000)
    expect(window.read(4_000)).toEqual({ attempts: 3, failures: 2 })
  })

  test('behavior: what is older than the window does not count, slot by slot', () => {
    const window = createRatioWindow(10_000)
    for (let second = 0; second < 10; second++) window.record(second % 2 === 0, second * 1_000)
    const seen = [9, 10, 11, 14, 18, 19].map((second) => window.read(second * 1_000 + 500))
    expect(seen).toEqual([
      { attempts: 10, failures: 5 },
      { attempts: 9, failures: 4 },
      { attempts: 8, failures: 4 },
      { attempts: 5, failures: 2 },
      { attempts: 1, failures: 0 },
      { attempts: 0, failures: 0 },
    ])
  })

  test.each([10_000, 10_001, 3_600_000, 12_345_678])(
    'behavior: Given failures and %d ms of silence, then none counts',
    (silence) => {
      const window = createRatioWindow(10_000)
      for (let count = 0; count < 19; count++) window.record(true, 5_000)
      window.record(false, 5_000 + silence)
      expect(window.read(5_000 + silence)).toEqual({ attempts: 1, failures: 0 })
    },
  )

  test('behavior: reset forgets all, and counting goes on', () => {
    const window = createRatioWindow(100)
    window.record(true, 50)
    window.reset()
    expect(window.read(50)).toEqual({ attempts: 0, failures: 0 })
    window.record(true, 60)
    expect(window.read(60)).toEqual({ attempts: 1, failures: 1 })
  })

  test('behavior: a clock that starts far from 0', () => {
    const window = createRatioWindow(100)
    window.record(true, 1e9 + 5)
    expect(window.read(1e9 + 50)).toEqual({ attempts: 1, failures: 1 })
  })

  test('behavior: counts all of the last nine tenths of the window and nothing older than it', () => {
    const records = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.boolean()), { maxLength: 60 })
    fc.assert(
      fc.property(records, (given) => {
        const window = createRatioWindow(1_000)
        const seen: { at: number; isFailure: boolean }[] = []
        let now = 0
        for (const [pause, isFailure] of given) {
          now += pause
          window.record(isFailure, now)
          seen.push({ at: now, isFailure })
          const within = (age: number) => seen.filter(({ at }) => now - at < age)
          const { attempts, failures } = window.read(now)
          expect(attempts).toBeGreaterThanOrEqual(within(900).length)
          expect(attempts).toBeLessThanOrEqual(within(1_000).length)
          const [fewest, most] = [within(900), within(1_000)].map((part) => part.filter((one) => one.isFailure).length)
          expect(failures).toBeGreaterThanOrEqual(fewest as number)
          expect(failures).toBeLessThanOrEqual(most as number)
        }
      }),
    )
  })
})

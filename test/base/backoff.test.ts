// How delays grow.

import { describe, expect, test } from 'vitest'
import { delayIn, pauseAfter } from '../../src/base/backoff'

describe('delayIn', () => {
  test('default: up to 500 ms in the first half minute, however often it is tried', () => {
    const outage = { since: 1_000, level: 0 }
    expect([1_000, 20_000, 30_999].map((now) => delayIn(outage, now, () => 1))).toEqual([500, 500, 500])
  })

  test('behavior: then up to twice as long each time, at most 30 s', () => {
    const outage = { since: 0, level: 0 }
    const delays = Array.from({ length: 8 }, () => delayIn(outage, 30_000, () => 1))
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('behavior: chance says how much of it', () => {
    expect(delayIn({ since: 0, level: 1 }, 60_000, () => 0.25)).toBe(500)
    expect(delayIn({ since: 0, level: 0 }, 0, () => 0)).toBe(0)
  })
})

describe('pauseAfter', () => {
  test('default: from 100 ms on twice as long each time, at most 2 s', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map(pauseAfter)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000])
  })
})

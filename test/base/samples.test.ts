// The last durations: mean and quantiles.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSamples } from '../../src/base/samples'

describe('createSamples', () => {
  test('default', () => {
    const samples = createSamples()
    for (const value of [30, 10, 20]) samples.record(value, 7)
    expect([samples.count, samples.lastAt, samples.median(), samples.p95()]).toEqual([3, 7, 20, 30])
    expect(samples.mean()).toBe(20)
  })

  test('behavior: nothing is known at first', () => {
    const samples = createSamples()
    expect([samples.count, samples.lastAt, samples.mean(), samples.median(), samples.p95()]).toEqual([
      0,
      -Infinity,
      undefined,
      undefined,
      undefined,
    ])
  })

  test('behavior: the newest 64 make the quantiles', () => {
    const samples = createSamples()
    for (let count = 0; count < 64; count++) samples.record(1_000, count)
    for (let count = 0; count < 64; count++) samples.record(10, count)
    expect([samples.median(), samples.p95()]).toEqual([10, 10])
  })

  test('behavior: one in twenty that is slow shows in p95, not in the median', () => {
    const samples = createSamples()
    for (let count = 0; count < 60; count++) samples.record(count % 10 === 9 ? 900 : 10, count)
    expect([samples.median(), samples.p95()]).toEqual([10, 900])
  })

  test('behavior: the mean follows a change within about ten samples', () => {
    const samples = createSamples()
    for (let count = 0; count < 100; count++) samples.record(10, count)
    for (let count = 0; count < 10; count++) samples.record(500, count)
    expect(samples.mean()).toBeGreaterThan(400)
    for (let count = 0; count < 20; count++) samples.record(10, count)
    expect(samples.mean()).toBeLessThan(20)
  })

  test('behavior: mean and quantiles lie between the smallest and the largest', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 64 }), (values) => {
        const samples = createSamples()
        for (const value of values) samples.record(value, 0)
        const [least, most] = [Math.min(...values), Math.max(...values)]
        const median = samples.median() as number
        const p95 = samples.p95() as number
        const mean = samples.mean() as number
        expect(values).toContain(median)
        expect(p95).toBeGreaterThanOrEqual(median)
        expect(p95).toBeLessThanOrEqual(most)
        expect(mean).toBeGreaterThanOrEqual(least - 1e-9)
        expect(mean).toBeLessThanOrEqual(most + 1e-9)
      }),
    )
  })

  test('behavior: quantiles asked for after each of the first samples are exact', () => {
    const samples = createSamples()
    const seen: number[] = []
    for (const value of [5, 1, 9, 3, 7, 2, 8]) {
      samples.record(value, 0)
      seen.push(value)
      const sorted = [...seen].sort((a, b) => a - b)
      expect(samples.median()).toBe(sorted[(sorted.length - 1) >> 1])
    }
  })
})

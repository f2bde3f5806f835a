// What a channel's own traffic tells about it.

import { describe, expect, test } from 'vitest'
import { createHealth } from '../../src/provider/health'

describe('createHealth', () => {
  test('default', () => {
    const health = createHealth()
    health.succeed('state', 20, 5)
    health.succeed('logs', 40, 6)
    expect([health.samples('state')?.mean(), health.samples('logs')?.mean(), health.overall.mean()]).toEqual([
      20, 40, 30,
    ])
    expect([health.success(), health.answeredAt, health.isTrusted(6)]).toEqual([1, 6, true])
  })

  test('behavior: nothing is known at first, and it is not trusted', () => {
    const health = createHealth()
    expect([health.success(), health.samples('state'), health.overall.count, health.answeredAt]).toEqual([
      undefined,
      undefined,
      0,
      -Infinity,
    ])
    expect(health.isTrusted(0)).toBe(false)
  })

  test('behavior: 3 failures in a row take the trust, an answer gives it back', () => {
    const health = createHealth()
    for (let count = 0; count < 20; count++) health.succeed('state', 10, count)
    health.fail()
    health.fail()
    expect(health.isTrusted(20)).toBe(true)
    health.fail()
    expect(health.isTrusted(20)).toBe(false)
    health.succeed('state', 10, 21)
    expect(health.isTrusted(21)).toBe(true)
  })

  test('behavior: below 3 good in 4 it is not trusted', () => {
    const health = createHealth()
    for (let count = 0; count < 4; count++) {
      health.fail()
      for (let good = 0; good < 3; good++) health.succeed('state', 10, 0)
    }
    expect([health.success(), health.isTrusted(0)]).toEqual([0.75, true])
    health.fail()
    expect(health.isTrusted(0)).toBe(false)
  })

  test('behavior: the share is of the last 32', () => {
    const health = createHealth()
    for (let count = 0; count < 100; count++) health.fail()
    for (let count = 0; count < 16; count++) health.succeed('state', 10, 0)
    expect(health.success()).toBe(0.5)
    for (let count = 0; count < 16; count++) health.succeed('state', 10, 0)
    expect(health.success()).toBe(1)
  })

  test('behavior: evidence older than 5 minutes says nothing', () => {
    const health = createHealth()
    health.succeed('state', 10, 1_000)
    expect([health.isTrusted(301_000), health.isTrusted(301_001)]).toEqual([true, false])
  })

  test('behavior: an attempt that lost to another one is a sample, no success', () => {
    const health = createHealth()
    health.lose('state', 500, 7)
    expect([health.samples('state')?.mean(), health.overall.lastAt, health.success(), health.answeredAt]).toEqual([
      500,
      7,
      undefined,
      -Infinity,
    ])
  })
})

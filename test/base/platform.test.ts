// The small doors to the platform: chance, and whether the machine is cut off.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { isOffline } from '../../src/base/online'
import { realRandom } from '../../src/base/random'
import { seededRandom } from '../support/seeded-random'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('isOffline', () => {
  test.each([
    ['it says so', { onLine: false }, true],
    ['it says the contrary', { onLine: true }, false],
    ['it says nothing', {}, false],
    ['there is no navigator', undefined, false],
  ])('default: %s', (_, navigator, expected) => {
    vi.stubGlobal('navigator', navigator)
    expect(isOffline()).toBe(expected)
  })
})

describe('realRandom', () => {
  test('default: looked up at each call', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.25)
    expect(realRandom()).toBe(0.25)
  })
})

describe('seededRandom', () => {
  test('default: the same numbers each time, evenly spread', () => {
    const [one, other] = [seededRandom(1), seededRandom(1)]
    const drawn = Array.from({ length: 1_000 }, () => one())
    expect(drawn).toEqual(drawn.map(() => other()))
    expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true)
    const tenths = new Set(drawn.map((number) => Math.floor(number * 10)))
    expect(tenths.size).toBe(10)
  })
})

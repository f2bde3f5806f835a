// When a chain is believed to have become shorter, and how often that is asked.

import { describe, expect, test } from 'vitest'
import { createPauses } from '../../../src/base/pause'
import { createResetCheck } from '../../../src/subscription/heads/reset'
import { createManualClock } from '../../support/manual-clock'
import { blockOf } from '../blocks'

/** Providers whose newest blocks have these numbers; `undefined` for one that does not answer. */
function setUp(...heights: (number | undefined)[]) {
  const clock = createManualClock(1_000_000)
  const from = clock.now()
  const askedAt: number[] = []
  const ids = heights.map((_, index) => `p${index + 1}`)
  const latest = async (id = '') => {
    if (id === 'p1') askedAt.push(clock.now() - from)
    const height = heights[ids.indexOf(id)]
    return height === undefined ? undefined : blockOf(height)
  }
  const check = createResetCheck(clock, { latest } as never, createPauses(clock), () => ids)
  const isReset = async () => {
    let result: boolean | undefined
    void check.isReset(100).then((is) => {
      result = is
    })
    await clock.settle()
    while (result === undefined) await clock.advance(1_000)
    return result
  }
  return { clock, askedAt, heights, check, isReset }
}

describe('isReset', () => {
  test.each([
    ['all are lower', [99, 98], true, 1],
    ['one is as high', [100, 98], false, 1],
    ['nobody answers', [undefined, undefined], false, 1],
    ['there is nobody to ask', [], false, 0],
    ['the only one is lower', [99], true, 2],
    ['the only one that answers is lower', [99, undefined], true, 2],
  ])('default: %s', async (_, heights, expected, times) => {
    const { isReset, askedAt } = setUp(...heights)
    expect(await isReset()).toBe(expected)
    expect(askedAt).toHaveLength(times)
  })

  test('behavior: the only one is as high again at the second look: it is not', async () => {
    const { check, clock, heights } = setUp(99)
    const found = check.isReset(100)
    await clock.advance(999)
    heights[0] = 100
    await clock.advance(1)
    expect(await found).toBe(false)
  })

  test('behavior: asked again and again it looks less and less often, but at once when the chain has grown', async () => {
    const { check, clock, askedAt } = setUp(100, 98)
    for (let half = 0; half < 400; half++) {
      expect(await check.isReset(100)).toBe(false)
      await clock.advance(500)
    }
    expect(askedAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183].map((seconds) => seconds * 1_000))
    check.forget()
    await check.isReset(100)
    await clock.advance(1_000)
    await check.isReset(100)
    expect(askedAt.slice(9)).toEqual([200_000, 201_000])
  })
})

// Heads on a clock of plain numbers: which is the best, who is behind it, how long a block takes.

import { describe, expect, test } from 'vitest'
import { createHeads } from '../../src/provider/head'
import type { Provider } from '../../src/provider/provider'
import { createProviders } from './providers'

function setUp(count: number, maxLag?: number) {
  const providers = createProviders(Array.from({ length: count }, () => ({})))
  const moves: unknown[] = []
  const heads = createHeads({
    providers,
    maxLag,
    onMove: ({ id }, from, to) => void moves.push([id, from, to]),
  })
  const p = (number: number) => providers[number - 1] as Provider
  return {
    heads,
    providers,
    moves,
    p,
    /** What p1, p2, ... show at `now`; nothing for `undefined`. */
    see(now: number, ...heights: (number | undefined)[]) {
      for (const [index, height] of heights.entries())
        if (height !== undefined) heads.observe(p(index + 1), height, now)
    },
    lags: (now: number) => providers.map((provider) => heads.lagOf(provider, now)),
    behind: (now: number) => providers.filter((provider) => heads.isBehind(provider, now)).map(({ id }) => id),
  }
}

describe('best', () => {
  test('default: nothing is known', () => {
    const { heads, p, lags, behind } = setUp(2)
    expect([heads.best(0), heads.blockTime(), heads.headOf(p(1), 0), heads.lastOf(p(1))]).toEqual(
      Array(4).fill(undefined),
    )
    expect([lags(0), behind(0)]).toEqual([[undefined, undefined], []])
  })

  test('Given heads, then the best is the highest believed, and each move of it is told once', () => {
    const { heads, moves, see } = setUp(3)
    see(0, 100, 101, 99)
    see(10, 100, 101, 101)
    see(20, 103)
    expect(heads.best(20)).toBe(103)
    expect(moves).toEqual([
      ['p1', undefined, 100],
      ['p2', 100, 101],
      ['p1', 101, 103],
    ])
  })

  test('Given four or more, then a single far-off outlier is not believed, whatever it can show', () => {
    const { heads, p, see, lags } = setUp(4)
    see(0, 100, 101, 101, 9_000_000)
    heads.prove(p(4), 9_000_000, true, 0)
    expect([heads.best(0), lags(0), heads.doubted(0)]).toEqual([101, [1, 0, 0, 0], undefined])
    see(10, undefined, undefined, 9_000_000)
    expect(heads.best(10)).toBe(9_000_000)
  })

  test('behavior: an outlier that was seen first is not believed any more once others are seen', () => {
    const { heads, see } = setUp(4)
    see(0, 9_000_000)
    expect(heads.best(0)).toBe(9_000_000)
    see(10, undefined, 100, 101, 100)
    expect(heads.best(10)).toBe(101)
  })

  test('Given two or three, then one that is more than 64 blocks and four times the expected ahead needs a second witness', () => {
    const { heads, see, p } = setUp(3)
    see(0, 100, 100)
    see(10, 164)
    expect(heads.best(10)).toBe(164)
    see(20, 229)
    expect([heads.best(20), heads.doubted(20)]).toEqual([164, { provider: p(1), height: 229 }])
    see(30, undefined, undefined, 229)
    expect([heads.best(30), heads.doubted(30)]).toEqual([229, undefined])
  })

  test('behavior: blocks that could have come since count as expected', () => {
    const { heads, see } = setUp(2)
    for (let block = 0; block <= 10; block++) see(block * 200, 100 + block, 100 + block)
    see(22_000, 110 + 4 * 100)
    expect(heads.best(22_000)).toBe(510)
    see(22_000, 511 + 65)
    expect(heads.best(22_000)).toBe(510)
  })

  test('behavior: alone, it must be able to give the block; then those near it are believed too', () => {
    const { heads, see, p } = setUp(1)
    see(0, 100)
    see(10, 5_000)
    expect([heads.best(10), heads.doubted(10)?.height]).toEqual([100, 5_000])
    heads.prove(p(1), 5_000, true, 20)
    expect([heads.best(20), heads.doubted(20)]).toEqual([5_000, undefined])
    see(30, 5_001)
    expect(heads.best(30)).toBe(5_001)
  })

  test('behavior: alone, without the block it is not believed, and not asked for it again and again', () => {
    const { heads, see, p } = setUp(1)
    see(0, 100)
    see(10, 5_000)
    heads.prove(p(1), 5_000, false, 20)
    expect([heads.best(20), heads.doubted(20)]).toEqual([100, undefined])
    see(30, 101)
    expect(heads.best(30)).toBe(101)
  })

  test('behavior: an old block that was looked up says nothing of how far the chain is, nor that its provider is behind', () => {
    const { heads, p, see, lags } = setUp(2)
    heads.observe(p(1), 2_910, 0, false)
    expect([heads.best(0), lags(0)]).toEqual([2_910, [undefined, undefined]])
    see(10, undefined, 3_000)
    expect([heads.best(10), heads.doubted(10), lags(10)]).toEqual([3_000, undefined, [undefined, 0]])
    // Once it has told its head, a later block of it is near the newest.
    see(20, 3_000)
    heads.observe(p(1), 3_001, 30, false)
    see(40, undefined, 9_000)
    expect([heads.best(40), heads.doubted(40)?.height]).toEqual([3_001, 9_000])
  })

  test('behavior: a block that is looked up later, above the head that was told, does not make its provider fall behind', () => {
    const { heads, p, see, lags, behind } = setUp(2, 2)
    for (let block = 1; block <= 6; block++) see(block * 1_000, block === 1 ? 1 : undefined, block)
    heads.observe(p(1), 2, 6_500, false)
    expect([lags(6_500), behind(6_500)]).toEqual([[0, 0], []])
    see(7_000, 2, 7)
    expect([lags(7_000), behind(7_000)]).toEqual([[5, 0], ['p1']])
    // One that is behind shows by an older block that it is no further behind, not that it is level.
    heads.observe(p(1), 3, 7_100, false)
    expect([lags(7_100), heads.headOf(p(1), 7_100)]).toEqual([[4, 0], 3])
    heads.observe(p(1), 7, 7_200, false)
    expect(lags(7_200)).toEqual([0, 0])
  })

  test('behavior: of two, one that is far behind is no proof against what was believed before', () => {
    const { heads, see, p } = setUp(2)
    see(0, 20_000_000)
    see(10, undefined, 100)
    expect([heads.best(10), heads.doubted(10)]).toEqual([20_000_000, { provider: p(1), height: 20_000_000 }])
    heads.prove(p(1), 20_000_000, false, 20)
    expect(heads.best(20)).toBe(100)
  })

  test('behavior: what a provider on another chain has shown is forgotten with it', () => {
    const { heads, see, p, moves } = setUp(2)
    see(0, 100, 150)
    p(2).chain.state = 'wrong'
    heads.forget(p(2), 10)
    expect([heads.best(10), moves.at(-1)]).toEqual([100, ['p1', undefined, 100]])
  })

  test('Given data that is more than 30 s old, then it does not count', () => {
    const { heads, see, p } = setUp(2)
    see(0, 105)
    see(20_000, undefined, 100)
    expect([heads.best(30_000), heads.headOf(p(1), 30_000)]).toEqual([105, 105])
    expect([heads.best(30_001), heads.headOf(p(1), 30_001)]).toEqual([100, undefined])
    expect(heads.lastOf(p(1))).toMatchObject({ height: 105, at: 0 })
    expect(heads.best(50_001)).toBeUndefined()
  })

  test('behavior: a head that went down stays the best while it is fresh: one address may be several nodes', () => {
    const { heads, see, lags } = setUp(1)
    see(0, 101)
    see(10, 100)
    expect([heads.best(10), lags(10)]).toEqual([101, [1]])
    see(40_000, 100)
    expect([heads.best(40_000), lags(40_000)]).toEqual([100, [0]])
  })

  test('behavior: a provider on another chain does not count', () => {
    const { heads, see, p, lags } = setUp(2)
    p(2).chain.state = 'wrong'
    see(0, 100, 150)
    expect([heads.best(0), lags(0)]).toEqual([100, [0, undefined]])
  })

  test('behavior: after a reset nothing is known', () => {
    const { heads, see, p, moves } = setUp(2)
    see(0, 100, 100)
    heads.reset()
    expect([heads.best(0), heads.headOf(p(1), 0), heads.blockTime()]).toEqual([undefined, undefined, undefined])
    see(10, 5)
    expect([heads.best(10), moves.at(-1)]).toEqual([5, ['p1', undefined, 5]])
  })
})

describe('blockTime', () => {
  test.each([250, 2_000, 12_000])('default: %i ms between blocks is learned from a few', (time) => {
    const { heads, see } = setUp(2)
    for (let block = 0; block <= 2; block++) see(block * time, 100 + block)
    expect(heads.blockTime()).toBeUndefined()
    for (let block = 3; block <= 40; block++) see(block * time, 100 + block)
    expect(heads.blockTime()).toBe(time)
  })

  test('behavior: polled more slowly than blocks come, it is learned all the same', () => {
    const { heads, see } = setUp(1)
    for (let poll = 0; poll < 10; poll++) see(poll * 4_000, 100 + poll * 16)
    expect(heads.blockTime()).toBe(250)
  })

  test('behavior: nodes that differ behind one address do not disturb it', () => {
    const { heads, see } = setUp(1)
    for (let block = 0; block <= 20; block++) {
      see(block * 1_000, 100 + block)
      see(block * 1_000 + 500, 99 + block)
    }
    expect(heads.blockTime()).toBe(1_000)
  })

  test('behavior: one that catches up, or a higher one seen first elsewhere, says nothing about it', () => {
    const { heads, see } = setUp(3)
    see(0, 60, 100, 100)
    for (let block = 1; block <= 20; block++) see(block * 1_000, 60 + block * 3, 100 + block, 100 + block)
    expect(heads.blockTime()).toBe(1_000)
  })

  test('behavior: until it is learned, what the definition of the chain says of it counts, else it is taken to be short', () => {
    const limitOf = (blockTime?: number) => createHeads({ providers: createProviders([{}]), blockTime }).maxLag()
    expect([undefined, 0, 250, 1_000, 12_000].map(limitOf)).toEqual([12, 12, 12, 3, 2])
    expect(createHeads({ providers: [], blockTime: 12_000 }).blockTime()).toBeUndefined()
  })

  test('behavior: a block that is looked up may be of any time: it teaches nothing', () => {
    const { heads, p } = setUp(2)
    heads.observe(p(1), 3_000, 0, false)
    heads.observe(p(1), 20_000_000, 100)
    expect(heads.blockTime()).toBeUndefined()
    heads.observe(p(1), 20_000_001, 10_000, false)
    heads.observe(p(1), 20_000_004, 48_100)
    expect(heads.blockTime()).toBe(12_000)
  })
})

describe('lag', () => {
  test('default: blocks behind the best head', () => {
    const { see, lags } = setUp(3)
    see(0, 100, 98, 100)
    expect(lags(0)).toEqual([0, 2, 0])
  })

  test('Given heights 100/100/90 and max lag 5, then the laggard is behind; with no height data nobody is', () => {
    const { see, behind } = setUp(3, 5)
    expect(behind(0)).toEqual([])
    see(0, 100, 100, 90)
    expect(behind(0)).toEqual(['p3'])
    see(10, undefined, undefined, 95)
    expect(behind(10)).toEqual([])
  })

  test('behavior: blocks that have come since it was seen are not held against it', () => {
    const { see, lags, behind } = setUp(2)
    for (let block = 0; block <= 20; block++) see(block * 250, 100 + block, 100 + block)
    for (let block = 21; block <= 120; block++) see(block * 250, 100 + block)
    expect([lags(30_000), behind(30_000)]).toEqual([[0, 0], []])
  })

  test('behavior: one that was behind when it was seen is behind until it is seen again, or too old to count', () => {
    const { see, lags } = setUp(2)
    for (let block = 0; block <= 100; block++) see(block * 200, 100 + block, block <= 10 ? 60 + block : undefined)
    expect(lags(20_000)).toEqual([0, 40])
    expect(lags(32_001)).toEqual([0, undefined])
    see(32_100, undefined, 200)
    expect(lags(32_100)).toEqual([0, 0])
  })

  test.each([
    [250, 12],
    [1_000, 3],
    [2_000, 2],
    [12_000, 2],
  ])('behavior: with %i ms between blocks, %i blocks behind are let pass', (time, most) => {
    const { heads, see } = setUp(1)
    for (let block = 0; block <= 10; block++) see(block * time, 100 + block)
    expect(heads.maxLag()).toBe(most)
  })
})

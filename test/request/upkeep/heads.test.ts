// Whom reads of the newest blocks are asked of, by what is known of the heads; and what it costs to know them. Manual clock.

import { describe, expect, test } from 'vitest'
import type { TestEngine, TestEngineOptions } from '../../support/engine'
import { createTestEngine } from '../../support/engine'

const HEAD = 'eth_blockNumber'
const STATE = 'eth_getBalance'
const hex = (height: number) => `0x${height.toString(16)}`
const balance = (block: unknown = 'latest') => [STATE, ['0xa', block]] as const

/** Engines whose providers have the given heads, which tests may move. */
function setUp(heights: number[], options: TestEngineOptions['options'] = {}, random?: () => number) {
  const engine = createTestEngine({
    providers: heights.length,
    options: { consistency: 'head', ...options },
    ...(random && { random }),
  })
  for (const index of heights.keys())
    engine
      .channel(`p${index + 1}`)
      .on(HEAD)
      .reply(() => hex(heights[index] as number))
  const p = (number: number) => engine.channel(`p${number}`)
  /** Lets every provider show its head. */
  const lookAround = async () => {
    for (const index of heights.keys()) await engine.request(HEAD, [], { provider: `p${index + 1}` })
  }
  return { ...engine, heights, p, lookAround, asked: () => heights.map((_, index) => p(index + 1).count(STATE)) }
}

const upkeep = (engine: TestEngine) => engine.status().providers.map((provider) => provider.upkeep.heads)

describe('laggards', () => {
  test('Given heights 90/100/100 and max lag 5, then the laggard is skipped for latest and pending, and comes back', async () => {
    const engine = setUp([90, 100, 100], { maxLag: 5 })
    await engine.lookAround()
    for (const tag of ['latest', 'pending', undefined]) await engine.request(...balance(tag))
    expect(engine.asked()).toEqual([0, 3, 0])
    engine.heights[0] = 100
    await engine.clock.advance(2_000)
    await engine.request(...balance())
    await engine.clock.settle()
    await engine.request(...balance())
    expect(engine.asked()).toEqual([1, 4, 0])
  })

  test('behavior: a laggard is asked when nobody else is left', async () => {
    const engine = setUp([90, 100, 100], { maxLag: 5 })
    await engine.lookAround()
    for (const other of [2, 3]) engine.p(other).on(STATE).fail(new Error('down'))
    expect(await engine.request(...balance())).toBe('0x1')
    expect(engine.asked()).toEqual([1, 1, 1])
    expect(engine.eventsOf('dispute')).toEqual([
      { method: STATE, provider: 'p1', what: 'it is behind', block: 100, head: 90 },
    ])
  })

  test('Given no height data, then nobody is skipped', async () => {
    const engine = setUp([90, 100], { consistency: 'none' })
    await engine.request(...balance())
    expect(engine.asked()).toEqual([1, 0])
  })

  test('behavior: old blocks are read from whoever comes first, behind or not', async () => {
    const engine = setUp([90, 100, 100], { maxLag: 5 })
    await engine.lookAround()
    await engine.request(...balance(hex(50)))
    expect(engine.asked()).toEqual([1, 0, 0])
  })
})

describe('order', () => {
  test('Given a request for block 105 and providers known at 104 and 106, then the one at 106 goes first and the other stays as fallback', async () => {
    const engine = setUp([104, 106])
    await engine.lookAround()
    await engine.request(...balance(hex(105)))
    expect(engine.asked()).toEqual([0, 1])
    engine.p(2).on(STATE).fail(new Error('down'))
    await engine.request(...balance(hex(105)))
    expect(engine.asked()).toEqual([1, 2])
  })

  test('behavior: latest goes first to those that have what the caller was shown, then to those of whom nothing is known', async () => {
    const engine = setUp([100, 101, 100])
    await engine.request(HEAD, [], { provider: 'p1' })
    await engine.request(HEAD, [], { provider: 'p2' })
    engine.p(2).on(STATE).fail(new Error('down'))
    engine.p(3).on(HEAD).hang()
    engine.p(3).on(STATE).fail(new Error('down'))
    engine.start(...balance())
    await engine.clock.advance(100)
    expect(engine.asked()).toEqual([1, 1, 1])
    expect([2, 3, 1].map((number) => engine.p(number).calls.find(({ method }) => method === STATE)?.at)).toEqual([
      0, 0, 0,
    ])
    expect(engine.eventsOf('failover').map(({ to }) => to.provider)).toEqual(['p3', 'p1'])
  })

  test('behavior: while callers were shown no block, the order of the list holds among those within `maxLag`', async () => {
    const engine = setUp([99, 100, 97], { maxLag: 2 })
    for (let call = 0; call < 4; call++) {
      await engine.request(...balance())
      await engine.clock.settle()
    }
    expect(engine.status().providers.map(({ lag }) => lag)).toEqual([1, 0, 3])
    expect(engine.asked()).toEqual([4, 0, 0])
  })

  test("behavior: with `consistency: 'none'` it holds whatever they were shown", async () => {
    const engine = setUp([99, 100, 97], { consistency: 'none', maxLag: 2 })
    await engine.lookAround()
    for (let call = 0; call < 4; call++) await engine.request(...balance())
    expect(engine.asked()).toEqual([4, 0, 0])
  })

  test('behavior: whom the caller names is asked first all the same', async () => {
    const engine = setUp([90, 100, 100], { maxLag: 5 })
    await engine.lookAround()
    await engine.request(...balance(), { provider: 'p1', allowFailover: true })
    expect(engine.asked()).toEqual([1, 0, 0])
  })

  test('behavior: a hedge of latest never goes to a provider that is lower', async () => {
    const engine = setUp([100, 99, 100])
    await engine.lookAround()
    engine.p(1).on(STATE).hang()
    const { ended } = engine.start(...balance())
    await engine.clock.advance(600)
    expect([ended, engine.asked()]).toEqual([undefined, [1, 0, 1]])
  })

  test('behavior: `freshest` asks the one with the highest head', async () => {
    const engine = setUp([100, 102, 101])
    await engine.lookAround()
    await engine.request(...balance(hex(1)), { strategy: 'freshest' })
    expect(engine.asked()).toEqual([0, 1, 0])
  })
})

describe('probes', () => {
  test.each(['latest', hex(5)])(
    'behavior: the first read of a block (%s) asks for the heads, which are not known; nothing else does, nor do old blocks then',
    async (block) => {
      const engine = setUp([100, 100, 100])
      await engine.request('eth_gasPrice')
      expect(upkeep(engine)).toEqual([0, 0, 0])
      await engine.request(...balance(block))
      await engine.clock.settle()
      expect(upkeep(engine)).toEqual([1, 1, 1])
      await engine.clock.advance(29_000)
      await engine.request(...balance(hex(5)))
      expect(upkeep(engine)).toEqual([1, 1, 1])
      await engine.request(...balance())
      await engine.clock.settle()
      expect(engine.status().providers.map(({ head, lag }) => [head, lag])).toEqual(Array(3).fill([100, 0]))
    },
  )

  test('behavior: nor does a read of a block by its hash', async () => {
    const engine = setUp([100, 100])
    await engine.request('eth_getLogs', [{ blockHash: `0x${'ab'.repeat(32)}` }])
    await engine.clock.settle()
    expect(upkeep(engine)).toEqual([0, 0])
  })

  test('behavior: who is asked for his head is not asked for it twice; one alone, backups and those with open breakers never', async () => {
    const engine = createTestEngine({
      providers: [{}, {}, { isBackup: true }, {}],
      options: { consistency: 'head' },
    })
    engine.breaker('p4').open(0)
    await engine.request(HEAD)
    await engine.clock.settle()
    expect(upkeep(engine)).toEqual([0, 1, 0, 0])
    const alone = setUp([100])
    await alone.request(...balance())
    await alone.clock.settle()
    expect(upkeep(alone)).toEqual([0])
  })

  test.each([
    [0.25, 3 / 15, 180],
    [5, 0.05, 180],
    [500, 0.05, 20],
  ])(
    'behavior: at %d requests a second on a healthy set of three, probes stay within their budget',
    async (rate, share, seconds) => {
      const engine = setUp([100, 100, 100])
      const end = seconds * 1_000
      const gaps: number[] = []
      for (let time = 0; time < end; time += 1_000 / rate) {
        engine.heights.fill(100 + Math.floor(time / 12_000))
        await engine.request(...balance())
        await engine.clock.advance(1_000 / rate)
      }
      const total = rate * seconds
      for (const number of [1, 2, 3]) {
        const times = engine
          .p(number)
          .calls.filter(({ method }) => method === HEAD)
          .map(({ at }) => at)
        for (const [index, at] of times.entries()) if (index > 0) gaps.push(at - (times[index - 1] as number))
      }
      const probes = upkeep(engine).reduce((sum, count) => sum + count, 0)
      expect(probes).toBeLessThanOrEqual(share * total + 3)
      expect(probes).toBeGreaterThanOrEqual(3 * Math.ceil(seconds / 60))
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000)
      expect(engine.asked()).toEqual([total, 0, 0])
    },
  )

  test('behavior: none when idle', async () => {
    const engine = setUp([100, 100])
    await engine.request(...balance())
    await engine.clock.settle()
    const before = upkeep(engine)
    await engine.clock.advance(600_000)
    expect([upkeep(engine), engine.clock.pending.total]).toEqual([before, 0])
  })

  test('behavior: a probe that fails counts against its channel, and its success closes nothing', async () => {
    const engine = setUp([100, 100], { timeout: 10_000 })
    engine
      .p(2)
      .on(HEAD)
      .fail(Object.assign(new Error('x'), { name: 'HttpRequestError', status: 503 }))
    await engine.request(...balance())
    await engine.clock.settle()
    expect(engine.status().providers[1]?.channels.http?.breaker.failures).toBe(1)
  })

  test('35. given threshold 5 and a provider that fails all, then the fifth request opens it: a probe beside one is not one more', async () => {
    const engine = setUp([100, 100])
    const down = Object.assign(new Error('x'), { name: 'HttpRequestError', status: 503 })
    for (const method of [HEAD, STATE]) engine.p(1).on(method).fail(down)
    for (let count = 1; count <= 5; count++) {
      expect(engine.state('p1')).toBe('closed')
      await engine.request(...balance())
      await engine.clock.settle()
      expect(engine.breaker('p1').snapshot(0).failures).toBe(count)
    }
    expect([engine.state('p1'), engine.p(1).count(HEAD), engine.p(1).count(STATE)]).toEqual(['open', 1, 5])
  })

  test.each(['an answer', 'no answer'])(
    'behavior: a probe during which we slept counts against nobody: %s',
    async (what) => {
      const engine = setUp([100, 100], { timeout: 10_000 })
      if (what === 'an answer') engine.p(2).on(HEAD).reply(hex(100), { after: 3_000 })
      else engine.p(2).on(HEAD).hang()
      const request = engine.start(...balance())
      await engine.clock.advance(200)
      expect(request).toMatchObject({ times: 1 })
      await engine.clock.jump(600_000)
      await engine.clock.advance(300)
      const [, p2] = engine.status().providers
      expect([p2?.channels.http?.breaker.failures, p2?.head]).toEqual([0, what === 'an answer' ? 100 : undefined])
    },
  )
})

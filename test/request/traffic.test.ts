// Strategies through whole requests with scripted latencies, and a crowd of requests while providers die and come back.

import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../support/engine'
import { createTestEngine } from '../support/engine'
import { networkError, rpcError } from '../support/errors'
import { seededRandom } from '../support/seeded-random'

const READ = 'eth_getBalance'

/** Requests one after another; how many each provider answered. */
async function serve(t: TestEngine, count: number) {
  const before = t.eventsOf('request').length
  for (let turn = 0; turn < count; turn++) {
    const request = t.start(READ, [turn])
    while (!request.ended) await t.clock.advanceTo(t.clock.nextAt ?? t.clock.now())
  }
  const shares: Record<string, number> = {}
  for (const { provider = '' } of t.eventsOf('request').slice(before)) shares[provider] = (shares[provider] ?? 0) + 1
  return shares
}

function withLatencies(strategy: 'fastest' | 'latency-weighted' | 'load-balanced', latencies: number[]) {
  const t = createTestEngine({ providers: latencies.length, options: { strategy }, random: seededRandom(7) })
  latencies.forEach((after, index) => void t.channel(`p${index + 1}`).reply('0x1', { after }))
  return t
}

describe('strategies', () => {
  test('61. given fastest and 150/50/10 ms, then the fastest gets more than 90 % after warm-up, and traffic moves when it degrades', async () => {
    const t = withLatencies('fastest', [150, 50, 10])
    await serve(t, 50)
    expect((await serve(t, 300)).p3).toBeGreaterThan(270)
    t.channel('p3').reply('0x1', { after: 400 })
    await serve(t, 60)
    expect((await serve(t, 300)).p2).toBeGreaterThan(260)
  })

  test('62. given fastest with no evidence, then requests succeed and every provider is soon sampled', async () => {
    const t = withLatencies('fastest', [20, 20, 20, 20])
    expect(Object.keys(await serve(t, 8)).sort()).toEqual(['p1', 'p2', 'p3', 'p4'])
  })

  test('62. behavior: a backup that is never asked does not take the place of those to be explored', async () => {
    const t = createTestEngine({ providers: [{}, {}, { isBackup: true }], options: { strategy: 'fastest' } })
    t.channel('p1').reply('0x1', { after: 10 })
    t.channel('p2').reply('0x1', { after: 50 })
    await serve(t, 10)
    const shares = await serve(t, 320)
    expect(shares.p2).toBe(10)
    expect(shares.p3).toBeUndefined()
  })

  test('63. given a provider that fails again and again, then fastest ranks it behind though its latency is the lowest', async () => {
    const t = createTestEngine({
      options: { strategy: 'fastest' },
      providers: [{ breaker: { failures: 100, ratio: 1 } }, {}],
    })
    t.channel('p1').reply('0x1', { after: 5 })
    t.channel('p2').reply('0x1', { after: 50 })
    await serve(t, 20)
    t.channel('p1').fail(networkError(), { after: 5 })
    await serve(t, 5)
    const before = t.channel('p1').count()
    expect(await serve(t, 30)).toEqual({ p2: 30 })
    expect(t.channel('p1').count() - before).toBeLessThanOrEqual(1)
  })

  test('64. given load-balanced over 3 equal providers and 300 calls, then each gets a third', async () => {
    expect(await serve(withLatencies('load-balanced', [10, 10, 10]), 300)).toEqual({ p1: 100, p2: 100, p3: 100 })
  })

  test('64. behavior: with one of three out, the other two share evenly (one of them once got two thirds)', async () => {
    const t = withLatencies('load-balanced', [10, 10, 10])
    t.breaker('p1').open(0, 1e9)
    expect(await serve(t, 300)).toEqual({ p2: 150, p3: 150 })
  })

  test('64. behavior: a provider with two channels has one share', async () => {
    const t = createTestEngine({
      providers: [{ channels: ['http', 'ws'] }, {}],
      options: { strategy: 'load-balanced' },
    })
    expect(await serve(t, 100)).toEqual({ p1: 50, p2: 50 })
    expect(t.channel('p1', 'ws').count()).toBe(25)
  })

  test('64. behavior: weights', async () => {
    const t = createTestEngine({ providers: [{ weight: 3 }, { weight: 1 }], options: { strategy: 'load-balanced' } })
    expect(await serve(t, 100)).toEqual({ p1: 75, p2: 25 })
  })

  test.each([1, 0.1])(
    '65. given latency-weighted with 50 and 100 ms (times %s), then the share is about 8 : 1',
    async (scale) => {
      const shares = await serve(withLatencies('latency-weighted', [50 * scale, 100 * scale]), 900)
      expect(shares.p1).toBeGreaterThan(760)
      expect(shares.p1).toBeLessThan(840)
    },
  )

  test('a function ranks, and what it leaves out is not asked', async () => {
    const seen: unknown[] = []
    const t = createTestEngine({
      providers: 3,
      options: {
        strategy: (candidates, need) => {
          seen.push(need)
          return candidates.filter(({ provider }) => provider !== 'p1').reverse()
        },
        rounds: 1,
      },
    })
    t.channel('p3').fail(networkError())
    t.channel('p2').reply('two')
    expect(await t.request(READ)).toBe('two')
    expect([t.channel('p1').count(), t.channel('p2').count(), t.channel('p3').count()]).toEqual([0, 1, 1])
    expect(seen).toEqual([{ method: READ, isRepeatable: true }])
  })

  test('a function that throws leaves the order of the list', async () => {
    const t = createTestEngine()
    const strategy = () => {
      throw new Error('broken')
    }
    t.channel('p1').once.fail(rpcError(-32000, 'header not found')).reply('one')
    t.channel('p2').fail(rpcError(-32000, 'header not found'))
    const request = t.start(READ, [], { strategy })
    await t.clock.advance(1_000)
    expect(request.ended).toEqual({ at: 150, value: 'one' })
  })

  test('a strategy for one method and for one request', async () => {
    const t = createTestEngine({
      providers: [{ cost: 5 }, { cost: 1 }],
      options: { methods: { eth_call: { strategy: 'cheapest' } } },
    })
    await t.request('eth_call', [{}])
    await t.request(READ)
    await t.request(READ, [], { strategy: 'cheapest' })
    expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([1, 2])
  })
})

describe('a crowd', () => {
  test('130. given 1 000 concurrent reads and p1 killed mid-way, then all succeed, its breaker opens, the slowest costs one hedge delay more', async () => {
    const t = createTestEngine({ providers: 3 })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).reply(id, { after: 100 })
    t.start(READ, ['warm'])
    await t.clock.advance(100)
    const requests: ReturnType<TestEngine['start']>[] = []
    for (let index = 0; index < 1_000; index++) {
      requests.push(t.start(READ, [index]))
      if (index === 500) {
        await t.clock.advance(50)
        t.channel('p1').fail(networkError(), { after: 5 })
      }
    }
    await t.clock.advance(5_000)
    expect(requests.every(({ ended }) => ended?.value !== undefined)).toBe(true)
    expect(t.state('p1')).not.toBe('closed')
    expect(Math.max(...t.eventsOf('request').map(({ duration }) => duration))).toBeLessThanOrEqual(100 + 300)
    expect([t.inFlight(), t.status().requests.failed]).toEqual([0, 0])
  })

  test('130. given p1 hangs from the middle on, then all succeed and hedges stay within their budget', async () => {
    const t = createTestEngine({ providers: 3 })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).reply(id, { after: 100 })
    const requests: ReturnType<TestEngine['start']>[] = []
    for (let index = 0; index < 1_000; index++) {
      requests.push(t.start(READ, [index]))
      if (index === 500) t.channel('p1').hang()
      if (index % 10 === 0) await t.clock.advance(10)
    }
    await t.clock.advance(20_000)
    expect(requests.every(({ ended }) => ended?.value !== undefined)).toBe(true)
    expect(t.status().requests.hedged).toBeLessThanOrEqual(20 + 1_000 / 10)
    expect([t.inFlight(), t.clock.pending.after]).toEqual([0, 0])
  })

  test('134. given bursts while p1 flaps for three minutes, then nothing grows, and events come one per request', async () => {
    const t = createTestEngine({ providers: 3, random: seededRandom(3) })
    const isDown = () => Math.floor(t.clock.now() / 5_000) % 2 === 1
    t.channel('p1').reply(
      () => {
        if (isDown()) throw networkError()
        return 'one'
      },
      { after: 20 },
    )
    for (const id of ['p2', 'p3']) t.channel(id).reply(id, { after: 30 })
    let started = 0
    let mostTimers = 0
    for (let second = 0; second < 180; second++) {
      const burst = second % 10 === 0 ? 50 : 5
      for (let index = 0; index < burst; index++) t.start(READ, [started++])
      mostTimers = Math.max(mostTimers, t.clock.pending.after)
      await t.clock.advance(1_000)
    }
    expect(t.eventsOf('request')).toHaveLength(started)
    expect(t.eventsOf('request').every(({ outcome }) => outcome === 'success')).toBe(true)
    expect(t.inFlight()).toBe(0)
    // One shared timer, and the answers on their way.
    expect(mostTimers).toBeLessThanOrEqual(51 + 1)
    expect(t.clock.pending.after).toBe(0)
    t.engine.close()
    expect(t.clock.pending.total).toBe(0)
  })
})

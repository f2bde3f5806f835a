// Providers that say "too much", and providers with declared limits: who goes first, who waits, and in which order.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError } from '../../support/errors'

const READ = 'eth_getBalance'
const tooMuch = (seconds?: number) => httpError(429, '', seconds === undefined ? {} : { 'retry-after': `${seconds}` })

describe('declared pace', () => {
  test.each([1, 2])(
    'given requestsPerSecond %i, then the first request has it before a probe of the head',
    async (pace) => {
      const t = createTestEngine({
        providers: [{ limits: { requestsPerSecond: pace } }, {}],
        options: { consistency: 'head' },
      })
      t.channel('p1').reply('one').on('eth_blockNumber').reply('0x1')
      t.channel('p2').reply('two').on('eth_blockNumber').reply('0x1')
      expect(await t.request(READ, ['0xa', 'latest'])).toBe('one')
      expect([t.channel('p1').count(READ), t.channel('p1').count('eth_blockNumber')]).toEqual([1, pace - 1])
    },
  )
})

describe('rate limits', () => {
  test('50. given 429 with Retry-After: 2, then p2 is used for the next 2 s and p1 again afterwards', async () => {
    const t = createTestEngine()
    t.channel('p1').once.fail(tooMuch(2)).reply('one')
    t.channel('p2').reply('two')
    const values: unknown[] = []
    for (let turn = 0; turn < 5; turn++) {
      values.push(await t.request(READ))
      await t.clock.advance(500)
    }
    expect(values).toEqual(['two', 'two', 'two', 'two', 'one'])
    expect(t.eventsOf('limit')).toEqual([{ provider: 'p1', kind: 'rate-limit', cooldown: 2_000 }])
  })

  test.each([
    ['a hint', () => tooMuch(2), 2_000],
    ['no hint', () => tooMuch(), 1_000],
  ])(
    'behavior: one event of one cooldown, with %s, though several calls were on their way',
    async (_, error, cooldown) => {
      const t = createTestEngine()
      t.channel('p1').fail(error(), { after: 5 })
      t.start(READ, [1])
      await t.clock.advance(3)
      for (const id of [2, 3]) t.start(READ, [id])
      await t.clock.advance(100)
      expect(t.channel('p1').count()).toBe(3)
      expect(t.eventsOf('limit')).toEqual([{ provider: 'p1', kind: 'rate-limit', cooldown }])
    },
  )

  test('50. given p1 is the only provider, then the request waits for its Retry-After within the deadline', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').once.fail(tooMuch(2)).reply('one')
    const [first, second] = [t.start(READ, [1]), t.start(READ, [2])]
    await t.clock.advance(1_999)
    // The second one left before the refusal came back.
    expect(t.channel('p1').count()).toBe(2)
    await t.clock.advance(1_000)
    expect(first.ended).toEqual({ at: 2_000, value: 'one' })
    expect(second.ended).toEqual({ at: 0, value: 'one' })
  })

  test('50. given a cooldown that ends too late, then it is tried all the same', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').once.fail(tooMuch(9)).reply('one')
    await t.request(READ, [1], { timeout: 1_000 }).catch(() => {})
    expect(await t.request(READ, [2], { timeout: 1_000 })).toBe('one')
    expect(t.clock.now()).toBe(0)
  })

  test('50. given a cooldown that grows while a request waits for its end, then it is tried all the same', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').once.fail(tooMuch(2)).once.fail(tooMuch(60)).reply('one')
    await t.request(READ, [1], { timeout: 1_000 }).catch(() => {})
    const [first, second] = [t.start(READ, [2]), t.start(READ, [3])]
    await t.clock.advance(10_000)
    expect(first.ended).toMatchObject({ error: { attempts: [{ kind: 'rate-limit' }] } })
    expect(second.ended?.value).toBe('one')
    expect(second.ended?.at).toBeLessThanOrEqual(3_000)
    expect(t.channel('p1').count()).toBe(3)
  })

  test('given 503 with Retry-After: 2, then p2 is used for the next 2 s, and p1 again afterwards, at the same pace', async () => {
    const t = createTestEngine()
    t.channel('p1')
      .once.fail(httpError(503, '', { 'retry-after': '2' }))
      .reply('one')
    t.channel('p2').reply('two')
    const values: unknown[] = []
    for (let turn = 0; turn < 8; turn++) {
      values.push(await t.request(READ))
      await t.clock.advance(turn < 4 ? 500 : 1)
    }
    expect(values).toEqual(['two', 'two', 'two', 'two', 'one', 'one', 'one', 'one'])
    expect(t.eventsOf('limit')).toEqual([{ provider: 'p1', kind: 'server-error', cooldown: 2_000 }])
  })

  test('given 503 with Retry-After of the only provider, then its first answer after that ends it, for those that wait', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1')
      .once.fail(httpError(503, '', { 'retry-after': '5' }))
      .reply('one')
    t.start(READ)
    await t.clock.advance(1_000)
    const waiting = t.start(READ)
    // Too short a time to wait for it: it is asked all the same.
    expect(await t.request(READ, [], { timeout: 4_500 })).toBe('one')
    await t.clock.settle()
    expect(waiting.ended).toEqual({ at: 1_000, value: 'one' })
    expect(t.status().providers[0]?.cooldownUntil).toBe(undefined)
    expect(await t.request(READ)).toBe('one')
  })

  test('given an answer that was on its way when 503 came, or 429 beside it, then the provider is left alone all the same', async () => {
    for (const status of [503, 429]) {
      const t = createTestEngine({ providers: 1 })
      const refusal = (of: number) => httpError(of, '', { 'retry-after': '30' })
      t.channel('p1').once.reply('old', { after: 20 }).once.fail(refusal(503)).once.fail(refusal(status)).reply('new')
      const old = t.start(READ, [1])
      t.start(READ, [2], { timeout: 0 })
      t.start(READ, [3], { timeout: 0 })
      await t.clock.advance(20)
      expect(old.ended?.value).toBe('old')
      if (status === 429) expect(await t.request(READ, [4])).toBe('new')
      expect(t.status().providers[0]?.cooldownUntil).toBe(30_000)
    }
  })

  test.each([
    ['2', 2_000, [2_000, 2_000]],
    // Too late for the deadline, and longer than any breaker stays open: it may be back sooner.
    ['600', 60_000, [0, 300]],
  ] as const)(
    'given 503 with Retry-After: %s of the only provider, then it is asked again within the deadline',
    async (seconds, cooldown, [from, to]) => {
      const t = createTestEngine({ providers: 1 })
      t.channel('p1')
        .once.fail(httpError(503, '', { 'retry-after': seconds }))
        .reply('one')
      const asked = t.start(READ)
      await t.clock.advance(5_000)
      expect(asked.ended?.value).toBe('one')
      expect(asked.ended?.at).toBeGreaterThanOrEqual(from)
      expect(asked.ended?.at).toBeLessThanOrEqual(to)
      expect(t.eventsOf('limit')).toMatchObject([{ cooldown }])
    },
  )

  test('51. given no hint, then the cooldown is 1 s, doubling while limits repeat', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(tooMuch())
    t.start(READ)
    await t.clock.advance(10_000)
    expect(t.channel('p1').calls.map(({ at }) => at)).toEqual([0, 1_000, 3_000, 7_000])
    expect(t.eventsOf('limit').map(({ cooldown }) => cooldown)).toEqual([1_000, 2_000, 4_000, 8_000])
  })

  test('51. given a rate limit that does not end in time, then the request ends at once with the error of the provider and no second round', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(rpcError(-32005, 'rate limit exceeded, try again in 1.5 minutes'))
    await expect(t.request(READ)).rejects.toMatchObject({ code: -32005 })
    expect([t.clock.now(), t.channel('p1').count()]).toEqual([0, 1])
    expect(t.status().providers[0]?.cooldownUntil).toBe(90_000)
  })

  test('52. given free, limited, open and backup, then they are asked in this order', async () => {
    const t = createTestEngine({ providers: [{}, {}, { isBackup: true }, {}, {}], options: { rounds: 1 } })
    t.breaker('p1').open(0, 1e9)
    t.channel('p2').fail(tooMuch(100))
    await t.request(READ, [], { provider: 'p2' }).catch(() => {})
    for (const id of ['p1', 'p2', 'p3', 'p4', 'p5']) t.channel(id).fail(rpcError(-32000, 'the moon is full'))
    const error: any = await t.request(READ).catch((thrown) => thrown)
    expect(error.attempts.map(({ provider }: any) => provider)).toEqual(['p4', 'p5', 'p2', 'p3'])
    const all = t.start(READ, [], { timeout: 5_000 })
    t.channel('p1').reply('one')
    await t.clock.advance(5_000)
    expect(all.ended?.error?.attempts.map(({ provider }: any) => provider)).toEqual(['p4', 'p5', 'p2', 'p3'])
  })

  test('52. given rounds to spend, then the open one is led to when nobody else is left', async () => {
    const t = createTestEngine({ providers: [{}, { isBackup: true }, {}] })
    t.breaker('p1').open(0, 1e9)
    t.channel('p1').reply('one')
    for (const id of ['p2', 'p3']) t.channel(id).fail(networkError())
    const request = t.start(READ)
    await t.clock.advance(75)
    expect(request.ended).toEqual({ at: 75, value: 'one' })
    expect(t.eventsOf('failover').map(({ to }) => to.provider)).toEqual(['p2', 'p1'])
  })

  test('behavior: a burst that is refused whole waits for the end of the cooldown, and no longer', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').reply(() => {
      if (t.clock.now() < 300) throw tooMuch()
      return 'one'
    })
    const requests = Array.from({ length: 20 }, (_, index) => t.start(READ, [index]))
    await t.clock.advance(1_000)
    expect(requests.map(({ ended }) => ended)).toEqual(requests.map(() => ({ at: 1_000, value: 'one' })))
  })

  test.each([[10], [60]])(
    'behavior: 30 at once at a provider that takes 10 a second, and says no after %i ms, are all answered',
    async (refusedAfter) => {
      const t = createTestEngine({ providers: 1 })
      const taken: number[] = []
      t.channel('p1').reply(async () => {
        const second = Math.floor(t.clock.now() / 1_000)
        taken[second] = (taken[second] ?? 0) + 1
        const isTaken = (taken[second] ?? 0) <= 10
        await new Promise<void>((resolve) => void t.clock.after(isTaken ? 50 : refusedAfter, resolve))
        if (!isTaken) throw tooMuch()
        return 'one'
      })
      const requests = Array.from({ length: 30 }, (_, index) => t.start(READ, [index]))
      await t.clock.advance(4_000)
      expect(requests.map(({ ended }) => ended?.value)).toEqual(requests.map(() => 'one'))
    },
  )

  test('behavior: a call that is answered with a revert was taken: it counts for the pace', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').reply(({ params }: { params?: unknown }) => {
      const [index] = params as number[]
      if (index === 20 && t.clock.now() < 1_000) throw tooMuch()
      if (index !== undefined && index > 0) throw rpcError(3, 'execution reverted')
      return 'one'
    })
    for (let index = 0; index <= 20; index++) t.start('eth_call', [index])
    await t.clock.advance(1_000)
    const before = t.channel('p1').count()
    for (let index = 30; index < 50; index++) t.start('eth_call', [index])
    await t.clock.advance(1)
    expect(t.channel('p1').count() - before).toBeGreaterThanOrEqual(13)
  })

  test('behavior: of two that cool, the first one to end is waited for', async () => {
    const t = createTestEngine()
    t.channel('p1').once.fail(tooMuch(4)).reply('one')
    t.channel('p2').once.fail(tooMuch(1)).reply('two')
    await t.request(READ, [0], { timeout: 100 }).catch(() => {})
    const request = t.start(READ, [1])
    await t.clock.advance(5_000)
    expect(request.ended).toEqual({ at: 1_000, value: 'two' })
    expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([1, 2])
  })

  test('behavior: quota leaves the provider alone for an hour', async () => {
    const t = createTestEngine()
    t.channel('p1').once.fail(rpcError(-32000, 'monthly quota exceeded')).reply('one')
    await t.request(READ)
    await t.clock.advance(3_599_999)
    await t.request(READ)
    expect(t.channel('p1').count()).toBe(1)
    await t.clock.advance(1)
    await t.request(READ)
    expect(t.channel('p1').count()).toBe(2)
  })
})

describe('declared limits', () => {
  test('given concurrency 2 and nobody else, then requests queue first come first served', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 2 } }] })
    t.channel('p1').reply('one', { after: 100 })
    const requests = Array.from({ length: 7 }, (_, index) => t.start(READ, [index]))
    await t.clock.advance(1_000)
    expect(requests.map(({ ended }) => ended?.at)).toEqual([100, 100, 200, 200, 300, 300, 400])
    expect(t.channel('p1').calls.map(({ params }) => (params as number[])[0])).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test('given requestsPerSecond 10 and a burst of 1, then one leaves every 100 ms, in order', async () => {
    const t = createTestEngine({ providers: [{ limits: { requestsPerSecond: 10, burst: 1 } }] })
    for (let index = 0; index < 5; index++) t.start(READ, [index])
    await t.clock.advance(1_000)
    expect(t.channel('p1').calls.map(({ at, params }) => [(params as number[])[0], Math.round(at)])).toEqual([
      [0, 0],
      [1, 100],
      [2, 200],
      [3, 300],
      [4, 400],
    ])
  })

  test('behavior: a newcomer does not take the room that others wait for (nobody starves)', async () => {
    const t = createTestEngine({
      providers: [{ limits: { requestsPerSecond: 10, burst: 1 } }],
      options: { timeout: 60_000 },
    })
    const late: number[] = []
    t.channel('p1').reply(({ params }: any) => void late.push(t.clock.now() - params[1]))
    t.start(READ, [-1, 0])
    // 200 that come at just the moment when there is room, or right before, at the pace the provider allows.
    for (let index = 0; index < 200; index++) {
      t.start(READ, [index, t.clock.now()])
      await t.clock.advance(index % 2 ? 150 : 50)
    }
    await t.clock.advance(5_000)
    expect(t.channel('p1').calls.map(({ params }) => (params as number[])[0])).toEqual(
      Array.from({ length: 201 }, (_, index) => index - 1),
    )
    expect(Math.max(...late)).toBeLessThanOrEqual(201)
  })

  test('error: who waited for room in vain is told what kept the provider, and when it has room', async () => {
    const t = createTestEngine({
      providers: [{ limits: { requestsPerSecond: 1, burst: 1 } }],
      options: { timeout: 500 },
    })
    t.start(READ, ['a'])
    const late = t.start(READ, ['b'])
    await t.clock.advance(500)
    expect(late.ended?.error).toMatchObject({ name: 'AllProvidersFailedError', attempts: [], retryAfter: 500 })
    expect(late.ended?.error.metaMessages).toEqual([
      'Timeout: 500 ms',
      'Retry after: 500 ms',
      'Attempts: none',
      '  p1  http  was at its limit',
    ])
  })

  test('behavior: a newcomer in the very moment in which room comes about goes behind those that wait', async () => {
    const t = createTestEngine({ providers: [{ limits: { requestsPerSecond: 10, burst: 1 } }] })
    // Its timer fires before that of the queue, which is of the same time.
    t.clock.after(100, () => void t.start(READ, ['c']))
    t.start(READ, ['a'])
    t.start(READ, ['b'])
    await t.clock.advance(1_000)
    expect(t.channel('p1').calls.map(({ params }) => (params as string[])[0])).toEqual(['a', 'b', 'c'])
  })

  test('behavior: nor does it where another provider cools', async () => {
    const t = createTestEngine({ providers: [{ limits: { requestsPerSecond: 10, burst: 1 } }, {}] })
    t.channel('p2').fail(httpError(429, '', { 'retry-after': '60' }))
    await t.request(READ, [], { provider: 'p2' }).catch(() => {})
    t.clock.after(100, () => void t.start(READ, ['c']))
    t.start(READ, ['a'])
    t.start(READ, ['b'])
    await t.clock.advance(1_000)
    expect(t.channel('p1').calls.map(({ params }) => (params as string[])[0])).toEqual(['a', 'b', 'c'])
  })

  test('behavior: one that was ruled out at a provider keeps its place while it waits for another', async () => {
    const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }] })
    t.channel('p1').fail(rpcError(-32000, 'response size exceeded'))
    t.channel('p2').reply('two', { after: 100 })
    const requests = Array.from({ length: 5 }, (_, index) => t.start(READ, [index]))
    await t.clock.advance(1_000)
    expect(requests.map(({ ended }) => ended?.at)).toEqual([100, 200, 300, 400, 500])
  })

  test('behavior: a full provider lets one with room go first, and has its place back when it has room', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }, {}] })
    t.channel('p1').reply('one', { after: 100 })
    t.channel('p2').reply('two', { after: 100 })
    const [first, second] = [t.start(READ, [1]), t.start(READ, [2])]
    await t.clock.advance(100)
    const third = t.start(READ, [3])
    await t.clock.advance(100)
    expect([first, second, third].map(({ ended }) => ended?.value)).toEqual(['one', 'two', 'one'])
  })

  test('behavior: a backup takes what a full provider cannot', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }, { isBackup: true }] })
    t.channel('p1').reply('one', { after: 100 })
    t.channel('p2').reply('two')
    t.start(READ, [1])
    expect(await t.request(READ, [2])).toBe('two')
  })

  test('behavior: one that waits for room whose breaker opens meanwhile goes to the waiting room', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 }, breaker: { failures: 1 } }] })
    t.channel('p1').once.fail(httpError(500, 'oops'), { after: 100 }).reply('one')
    const [first, second] = [t.start(READ, [1]), t.start(READ, [2])]
    await t.clock.advance(1_000)
    expect([first.ended?.value, second.ended?.value]).toEqual(['one', 'one'])
    expect(t.inFlight()).toBe(0)
  })

  describe('behavior: who waits for room while a better one is behind an open breaker', () => {
    function setUp(method: string) {
      const t = createTestEngine({ providers: 3 })
      t.breaker('p1').open(0, 2_000)
      for (const { quota } of t.engine.providers.slice(1)) quota.refuse('rate-limit', 4_500, 0)
      t.channel('p1').reply('one', { after: 10 }).on('eth_blockNumber').reply('0x1', { after: 10 })
      return { ...t, waiting: t.start(method, ['waits']) }
    }

    test('probes it with a copy as soon as it is due', async () => {
      const t = setUp(READ)
      await t.clock.advance(10_000)
      expect(t.waiting.ended).toEqual({ at: 2_010, value: 'one' })
      expect([t.channel('p1').count(), t.inFlight()]).toEqual([1, 0])
    })

    test('with a small question if it may be sent only once, and goes there then', async () => {
      const t = setUp('foo_submit')
      await t.clock.advance(10_000)
      expect(t.waiting.ended).toEqual({ at: 2_020, value: 'one' })
      expect(t.channel('p1').calls.map((call) => call.method)).toEqual(['eth_blockNumber', 'foo_submit'])
    })

    test('goes there when somebody else has found it back, or its breaker was closed by hand', async () => {
      const t = setUp('foo_submit')
      await t.clock.advance(500)
      t.breaker('p1').close()
      await t.clock.advance(10_000)
      expect(t.waiting.ended).toEqual({ at: 510, value: 'one' })
    })

    test('does not ask again at once what says nothing of it, however many wait', async () => {
      const t = setUp(READ)
      t.channel('p1').fail(rpcError(-32000, 'the moon is full'), { after: 1 })
      t.channel('p1').on('eth_blockNumber').fail(rpcError(-32000, 'the moon is full'), { after: 1 })
      for (let index = 0; index < 5; index++) t.start(READ, [index])
      await t.clock.advance(4_400)
      expect(t.channel('p1').calls.map(({ at }) => at)).toEqual([2_000, 4_000])
    })

    test('asks no more often than its breaker lets it, and takes who is left when that one has room', async () => {
      const t = setUp(READ)
      t.channel('p1').fail(networkError(), { after: 10 })
      t.channel('p2').reply('left')
      await t.clock.advance(10_000)
      expect(t.waiting.ended).toEqual({ at: 4_500, value: 'left' })
      expect(t.channel('p1').calls.map(({ at }) => at)).toEqual([2_000])
    })
  })

  test('behavior: given one that waits for room, and a provider that failed it and opened, when another finds that one back, then it goes there', async () => {
    const providers = [{ breaker: { failures: 1, networkFailures: 1 } }, { limits: { concurrency: 1 } }]
    const t = createTestEngine({ providers })
    t.channel('p2').hang()
    t.start(READ, ['fills it'], { provider: 'p2', timeout: 0 })
    t.channel('p1').once.fail(networkError()).reply('one', { after: 10 })
    const waiting = t.start('foo_submit', ['waits'])
    await t.clock.advance(500)
    expect([t.state('p1'), waiting.ended]).toEqual(['open', undefined])
    t.breaker('p1').close()
    await t.clock.advance(500)
    expect(waiting.ended).toEqual({ at: 510, value: 'one' })
  })

  test('behavior: those that wait for room keep their order when one is back', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }, { limits: { concurrency: 1 } }] })
    t.breaker('p1').open(0, Infinity)
    t.channel('p2').hang()
    t.channel('p1').reply('one', { after: 10 })
    const requests = Array.from({ length: 5 }, (_, index) => t.start('foo_submit', [index]))
    await t.clock.advance(100)
    t.breaker('p1').close()
    await t.clock.advance(100)
    expect(requests.map(({ ended }) => ended?.at)).toEqual([undefined, 110, 120, 130, 140])
  })

  test('behavior: the deadline holds in the queue', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }] })
    t.channel('p1').hang()
    t.start(READ, [1])
    const second = t.start(READ, [2], { timeout: 500 })
    await t.clock.advance(500)
    expect(second.ended).toMatchObject({ at: 500, error: { name: 'AllProvidersFailedError', attempts: [] } })
    expect(t.channel('p1').count()).toBe(1)
  })

  test('behavior: 1 000 wait for room, the next one fails at once and the limit holds', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }], options: { timeout: 0 } })
    t.channel('p1').reply('one', { after: 1 })
    const requests = Array.from({ length: 1_001 }, (_, index) => t.start(READ, [index]))
    await expect(t.request(READ, ['one too many'])).rejects.toMatchObject({ name: 'AllProvidersFailedError' })
    expect(t.channel('p1').inFlight).toBe(1)
    await t.clock.advance(1_001)
    expect(requests.map(({ ended }) => ended?.at)).toEqual(Array.from({ length: 1_001 }, (_, index) => index + 1))
    expect(t.inFlight()).toBe(0)
  })
})

test('given p1 was down and is back while a request waits for room at both, then it is asked once, not again before the next round', async () => {
  const limits = { concurrency: 1 }
  const t = createTestEngine({
    providers: [
      { id: 'p1', limits },
      { id: 'p2', limits },
    ],
    options: { hedge: false },
  })
  const controller = new AbortController()
  for (const id of ['p1', 'p2']) t.channel(id).once.hang()
  t.start('eth_call', [1], { signal: controller.signal })
  t.start('eth_call', [2])
  await t.clock.settle()
  const request = t.start('eth_call', [3])
  await t.clock.settle()
  t.breaker('p1').open(0, Infinity)
  await t.clock.settle()
  t.channel('p1').fail(httpError(500))
  controller.abort()
  t.breaker('p1').close()
  await t.clock.advance(1_000)
  expect([t.channel('p1').count(), t.channel('p2').count(), request.ended]).toEqual([2, 1, undefined])
})

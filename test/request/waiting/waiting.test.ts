// Requests whose candidates are all behind open breakers: they wait within their deadlines, one of them leads, and all go on
// when a probe succeeds.

import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError } from '../../support/errors'

const READ = 'eth_getBalance'
const LONG = 1e9

function openAll(t: TestEngine) {
  for (const { id, channels } of t.engine.providers)
    for (const { type } of channels) t.breaker(id, type).open(t.clock.now(), LONG)
}

function startMany(t: TestEngine, count: number) {
  return Array.from({ length: count }, (_, index) => t.start(READ, [index]))
}

describe('24. given all breakers open', () => {
  test('and waitForProvider: false, then the request fails at once without a call, and the error carries retryAfter', async () => {
    const t = createTestEngine({ options: { waitForProvider: false } })
    t.breaker('p1').open(0, 4_000)
    t.breaker('p2').open(0, 3_000)
    const error: any = await t.request(READ).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'AllProvidersFailedError', retryAfter: 3_000, attempts: [] })
    expect([t.channel('p1').count(), t.channel('p2').count(), t.clock.now()]).toEqual([0, 0, 0])
  })

  test('and waitForProvider: false, then a request whose own failure opened the last one carries retryAfter too', async () => {
    const t = createTestEngine({ providers: [{ breaker: { failures: 1 } }], options: { waitForProvider: false } })
    t.channel('p1').fail(networkError())
    await expect(t.request(READ)).rejects.toMatchObject({ name: 'AllProvidersFailedError', retryAfter: 2_100 })
  })

  test('and waitForProvider: false, then a request leads to one that is due: it used to stay open for ever', async () => {
    const t = createTestEngine({ options: { waitForProvider: false } })
    for (const id of ['p1', 'p2']) t.breaker(id).open(0, 1_000)
    await t.clock.advance(1_000)
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toMatchObject({ value: '0x1' })
    expect(t.state('p1')).toBe('closed')
  })

  test.each([
    ['has no quota left', () => rpcError(-32000, 'daily request count exceeded')],
    ['does not let us in', () => httpError(401)],
  ])('but for one that %s, then it is as good as down: a probe in vain ends nothing', async (_, refusal) => {
    const t = createTestEngine()
    t.breaker('p2').open(0, LONG)
    t.channel('p1').fail(refusal())
    t.channel('p2').once.fail(networkError()).reply('two')
    const requests = startMany(t, 2)
    await t.clock.advance(5_000)
    expect(requests.map(({ ended }) => ended?.value)).toEqual(['two', 'two'])
    expect(t.channel('p1').count()).toBe(2)
  })

  test('then one leads with a probe after the delay of a round, and all go on when it succeeds', async () => {
    const t = createTestEngine({ providers: 1 })
    openAll(t)
    t.channel('p1').reply('0x1', { after: 10 })
    const requests = startMany(t, 20)
    await t.clock.advance(74)
    expect(t.channel('p1').count()).toBe(0)
    await t.clock.advance(1)
    expect(t.channel('p1').count()).toBe(1)
    await t.clock.advance(9)
    expect(t.channel('p1').count()).toBe(1)
    await t.clock.advance(11)
    expect(t.channel('p1').count()).toBe(20)
    expect(requests.map(({ ended }) => ended?.at)).toEqual([85, ...Array(19).fill(95)])
    expect(t.status().requests.retried).toBe(0)
  })

  test('then failed probes are led one at a time, by one leader, with growing delays up to a second (half of 2 s)', async () => {
    const t = createTestEngine({ providers: 1 })
    openAll(t)
    t.channel('p1').fail(networkError())
    const requests = startMany(t, 5)
    await t.clock.advance(9_999)
    const delays = t.channel('p1').calls.map(({ at }, index, all) => at - (all[index - 1]?.at ?? 0))
    expect(delays).toEqual([75, 150, 300, 600, ...Array(8).fill(1_000)])
    expect(t.channel('p1').calls.every(({ params }) => (params as number[])[0] === 0)).toBe(true)
    await t.clock.advance(1)
    expect(requests.map(({ ended }) => ended?.at)).toEqual(Array(5).fill(10_000))
    expect(t.inFlight()).toBe(0)
  })

  test.each([1, 2, 4])(
    'and %i rounds, then as many probes are led, whether the first round could ask anybody or not',
    async (rounds) => {
      for (const isOpen of [true, false]) {
        const t = createTestEngine({ providers: [{ breaker: { failures: 1 } }], options: { rounds } })
        if (isOpen) openAll(t)
        t.channel('p1').fail(networkError())
        const request = t.start(READ)
        await t.clock.advance(9_000)
        expect([t.channel('p1').count(), request.ended?.error?.attempts.length]).toEqual([rounds, rounds])
      }
    },
  )

  test('and the leader gives up, then the next one leads', async () => {
    const t = createTestEngine({ providers: 1 })
    openAll(t)
    t.channel('p1').hang()
    const controller = new AbortController()
    const leader = t.start(READ, ['leader'], { signal: controller.signal })
    const next = t.start(READ, ['next'])
    await t.clock.advance(100)
    expect(t.channel('p1').count()).toBe(1)
    controller.abort()
    t.channel('p1').reply('0x1')
    await t.clock.settle()
    expect([leader.ended?.at, t.channel('p1').aborted, t.breaker('p1').isProbing()]).toEqual([100, 1, false])
    await t.clock.advance(75)
    expect(next.ended).toEqual({ at: 175, value: '0x1' })
    expect(t.channel('p1').calls.map(({ params }) => (params as string[])[0])).toEqual(['leader', 'next'])
  })

  test('and a leader that pauses is aborted, then the next one leads', async () => {
    const t = createTestEngine({ providers: 1 })
    openAll(t)
    const controller = new AbortController()
    t.start(READ, ['leader'], { signal: controller.signal })
    const next = t.start(READ, ['next'])
    await t.clock.advance(50)
    controller.abort()
    await t.clock.advance(75)
    expect(next.ended).toEqual({ at: 125, value: '0x1' })
    expect(t.channel('p1').count()).toBe(1)
  })

  test('and a breaker is closed by hand, then those that wait go on at once, the leader too (it once slept until its deadline)', async () => {
    const t = createTestEngine({ providers: 1 })
    openAll(t)
    const requests = startMany(t, 3)
    await t.clock.advance(10)
    t.breaker('p1').close()
    await t.clock.settle()
    expect(requests.map(({ ended }) => ended?.at)).toEqual([10, 10, 10])
  })

  test('then the channel that is due first is probed first, and a hanging one gets 2 s while others wait', async () => {
    const t = createTestEngine({ providers: 3 })
    t.breaker('p1').open(0, 1_000)
    t.breaker('p2').open(0, 500)
    t.breaker('p3').open(0, 2_000)
    t.channel('p2').hang()
    t.channel('p1').reply('one')
    const requests = startMany(t, 3)
    await t.clock.advance(10_000)
    expect(t.channel('p2').calls.map(({ at }) => at)).toEqual([75])
    // 75 + 2000 + half of 150, as another request leads then.
    expect(t.channel('p1').calls.map(({ at }) => at)).toEqual([2_150, 2_150, 2_150])
    expect(requests.map(({ ended }) => ended)).toEqual(Array(3).fill({ at: 2_150, value: 'one' }))
  })

  test('and a send hangs as the probe (nobody waits behind it), then a read that comes later is served by its own', async () => {
    const t = createTestEngine({ providers: 1, options: { timeout: 30_000 } })
    openAll(t)
    t.channel('p1').hang()
    const send = t.start('eth_sendRawTransaction', ['0x02'])
    await t.clock.advance(1_000)
    t.channel('p1').reply('0x1')
    const early = t.start(READ)
    await t.clock.advance(1_074)
    expect(t.channel('p1').count()).toBe(1)
    // 75 + 2000 + half of 150.
    await t.clock.advance(76)
    const late = t.start(READ)
    await t.clock.settle()
    expect([early.ended, late.ended, send.ended]).toEqual([
      { at: 2_150, value: '0x1' },
      { at: 2_150, value: '0x1' },
      undefined,
    ])
    await t.clock.advance(30_000)
    expect([send.ended?.at, t.breaker('p1').isClosed(), t.inFlight()]).toEqual([30_000, true, 0])
  })

  test('and one leads beside one that hangs, and both fail, then they do not wait for each other', async () => {
    const t = createTestEngine({ providers: 1, options: { timeout: 20_000 } })
    openAll(t)
    t.channel('p1').once.fail(networkError(), { after: 4_000 }).fail(networkError())
    const requests = [t.start(READ, ['one'])]
    await t.clock.advance(1_000)
    requests.push(t.start(READ, ['two']))
    await t.clock.advance(7_000)
    t.channel('p1').reply('0x1')
    await t.clock.advance(3_000)
    expect(requests.map(({ ended }) => ended)).toMatchObject([{ value: '0x1' }, { value: '0x1' }])
  })

  test('and the one that is due first says again and again what settles nothing, then the others have their turns too', async () => {
    const t = createTestEngine({ providers: 2, options: { timeout: 20_000 } })
    t.breaker('p1').open(0, 1)
    t.breaker('p2').open(0, LONG)
    t.channel('p1').fail(rpcError(-32000, 'header not found'))
    t.channel('p2').reply('0x2')
    const request = t.start(READ)
    await t.clock.advance(3_000)
    expect(request.ended).toMatchObject({ value: '0x2' })
  })

  test('and mixed walls, then each group has its own leader, and nobody leads beside one that wants the same channel', async () => {
    const t = createTestEngine({
      options: { methods: { eth_a_getX: { providers: ['p1'] }, eth_b_getX: { providers: ['p2'] } } },
    })
    openAll(t)
    t.channel('p1').hang()
    t.channel('p2').reply('two')
    const first = t.start('eth_a_getX')
    const second = t.start('eth_b_getX')
    const both = t.start(READ)
    await t.clock.advance(75)
    expect(second.ended).toEqual({ at: 75, value: 'two' })
    expect(both.ended).toEqual({ at: 75, value: 'two' })
    expect([t.channel('p1').count(), first.ended]).toEqual([1, undefined])
  })

  test('and somebody else stops leading, then a leader is not put off by it', async () => {
    const t = createTestEngine({
      options: { methods: { eth_a_getX: { providers: ['p1'] }, eth_b_getX: { providers: ['p2'] } } },
    })
    openAll(t)
    const controller = new AbortController()
    const first = t.start('eth_a_getX')
    t.start('eth_b_getX', [], { signal: controller.signal })
    await t.clock.advance(70)
    controller.abort('enough')
    await t.clock.advance(5)
    expect(first.ended).toEqual({ at: 75, value: '0x1' })
  })

  test('and a leader for one channel while another one came back, then the leader takes that (it once did not see it)', async () => {
    const t = createTestEngine()
    openAll(t)
    t.channel('p1').fail(networkError(), { after: 50 })
    t.channel('p2').reply('two')
    const request = t.start(READ)
    await t.clock.advance(80)
    expect(t.channel('p1').count()).toBe(1)
    t.breaker('p2').close()
    await t.clock.advance(45)
    expect(request.ended).toEqual({ at: 125, value: 'two' })
  })

  test('and a leader for one that is back, when that has room for one request, then the leader has the room, and the others in order', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }] })
    openAll(t)
    t.channel('p1').reply('one', { after: 10 })
    const requests = startMany(t, 4)
    await t.clock.advance(50)
    t.breaker('p1').close()
    await t.clock.settle()
    expect(t.channel('p1').inFlight).toBe(1)
    await t.clock.advance(100)
    expect(requests.map(({ ended }) => ended?.at)).toEqual([60, 70, 80, 90])
  })

  test('and a leader that waits for room at one that is back, then another one leads to the other', async () => {
    const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }] })
    t.channel('p1').reply('one')
    t.channel('p2').hang()
    t.start(READ, ['fills it'], { provider: 'p2' })
    openAll(t)
    const requests = [t.start(READ), t.start(READ, [], { provider: 'p1' })]
    await t.clock.advance(10)
    t.breaker('p2').close()
    await t.clock.advance(500)
    expect(requests.map(({ ended }) => ended)).toEqual(Array(2).fill({ at: 85, value: 'one' }))
  })

  test('then too little time left fails at once with retryAfter', async () => {
    const t = createTestEngine({ providers: 1, options: { timeout: 20 } })
    t.breaker('p1').open(0, 3_000)
    await expect(t.request(READ)).rejects.toMatchObject({ name: 'AllProvidersFailedError', retryAfter: 3_000 })
    expect(t.clock.now()).toBe(0)
  })

  test('then a leader whose delay leaves less than 25 ms starts nothing, and the next one leads', async () => {
    const t = createTestEngine({ providers: 1 })
    openAll(t)
    const leader = t.start(READ, ['leader'], { timeout: 99 })
    const next = t.start(READ, ['next'])
    await t.clock.advance(1_000)
    expect(leader.ended).toMatchObject({ at: 75, error: { name: 'AllProvidersFailedError' } })
    expect(next.ended).toEqual({ at: 150, value: '0x1' })
    expect(t.channel('p1').count()).toBe(1)
  })

  test('then a request without a deadline does not hold up the others behind a hanging probe for ever', async () => {
    const t = createTestEngine({ providers: 1 })
    openAll(t)
    t.channel('p1').once.hang().reply('0x1')
    const leader = t.start(READ, [], { timeout: 0 })
    await t.clock.advance(30_000)
    expect(leader.ended).toBeUndefined()
    const next = t.start(READ)
    await t.clock.advance(1_000)
    expect([leader.ended?.value, next.ended?.value]).toEqual(['0x1', '0x1'])
    expect(t.clock.now()).toBe(31_000)
  })
})

describe('bounds', () => {
  test('given 1 000 that wait, then the next one fails at once with retryAfter, and the seats are free again afterwards', async () => {
    const t = createTestEngine({ providers: 1 })
    t.breaker('p1').open(0, 9_000)
    const requests = startMany(t, 1_000)
    await t.clock.settle()
    const refused = t.start(READ, ['one too many'])
    await t.clock.settle()
    expect(refused.ended).toMatchObject({ at: 0, error: { name: 'AllProvidersFailedError', retryAfter: 9_000 } })
    await t.clock.advance(75)
    expect(requests.every(({ ended }) => ended?.value === '0x1')).toBe(true)
    openAll(t)
    const later = startMany(t, 1_000)
    await t.clock.advance(75)
    expect(later.every(({ ended }) => ended?.value === '0x1')).toBe(true)
  })
})

describe('a request with another candidate to ask again', () => {
  test('leads once a round, then goes on with the next round', async () => {
    const t = createTestEngine()
    t.breaker('p2').open(0, LONG)
    t.channel('p1').once.fail(rpcError(-32000, 'header not found')).reply('one')
    t.channel('p2').fail(networkError())
    const request = t.start(READ)
    await t.clock.advance(1_000)
    // p1 at 0, the probe of p2 at 75, round 2 at half of 300 later.
    expect(request.ended).toEqual({ at: 225, value: 'one' })
    expect(t.channel('p2').calls.map(({ at }) => at)).toEqual([75])
  })

  test('does not stand in line behind the probes of others (20 reads of a new block once took turns at a dead p2)', async () => {
    const t = createTestEngine()
    t.breaker('p2').open(0, LONG)
    t.channel('p1').reply(() => {
      if (t.clock.now() < 100) throw rpcError(-32000, 'header not found')
      return 'one'
    })
    t.channel('p2').hang()
    const requests = startMany(t, 20)
    await t.clock.advance(10_000)
    // The first one leads, and gives the hanging p2 two seconds.
    expect(requests.slice(1).map(({ ended }) => ended)).toEqual(Array(19).fill({ at: 150, value: 'one' }))
    expect(requests[0]?.ended).toMatchObject({ value: 'one' })
    expect(t.channel('p2').count()).toBe(1)
  })

  test('waits for the probe of another one if it is its last hope, but does not lead after it', async () => {
    const t = createTestEngine()
    t.breaker('p2').open(0, LONG)
    t.channel('p1').fail(rpcError(-32000, 'the moon is full'))
    t.channel('p2').fail(httpError(401, 'no'), { after: 40 })
    const requests = startMany(t, 3)
    await t.clock.advance(10_000)
    expect(requests.map(({ ended }) => [ended?.at, ended?.error.code])).toEqual(Array(3).fill([115, -32000]))
    expect(t.channel('p2').count()).toBe(1)
  })

  test.each([
    ['was answered with a refusal of just that request', false],
    ['was given up', true],
  ])('leads itself if the probe of another one %s: that says nothing of the channel', async (_, isGivenUp) => {
    const t = createTestEngine()
    t.breaker('p2').open(0, LONG)
    t.channel('p1').fail(rpcError(-32000, 'the moon is full'))
    t.channel('p2').once.fail(rpcError(3, 'execution reverted'), { after: 40 }).reply('two')
    const controller = new AbortController()
    t.start(READ, [], { signal: controller.signal })
    const requests = startMany(t, 2)
    await t.clock.advance(100)
    expect(t.channel('p2').count()).toBe(1)
    if (isGivenUp) controller.abort()
    await t.clock.advance(1_000)
    expect(requests.map(({ ended }) => ended?.value)).toEqual(['two', 'two'])
  })

  test('given two that are down, and the probe of another one fails at the first, leads to the second itself (it once ended)', async () => {
    const t = createTestEngine({ providers: 3, options: { methods: { eth_a_getX: { providers: ['p1'] } } } })
    for (const id of ['p1', 'p2']) t.breaker(id).open(0, LONG)
    t.channel('p1').fail(networkError())
    t.channel('p2').reply('two')
    t.channel('p3').fail(rpcError(-32601, 'the method does not exist'))
    t.start('eth_a_getX')
    await t.clock.settle()
    const request = t.start(READ)
    await t.clock.advance(500)
    expect(request.ended).toEqual({ at: 150, value: 'two' })
    expect([t.channel('p1').calls[0]?.method, t.channel('p3').count()]).toEqual(['eth_a_getX', 1])
  })

  test('leads to one whose breaker opened while it was asking the other, which cannot serve it (it once ended)', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(rpcError(-32000, 'missing trie node'), { after: 100 })
    t.channel('p2').reply('two')
    const request = t.start(READ, ['0x01', 'latest'])
    await t.clock.advance(50)
    t.breaker('p2').open(t.clock.now(), LONG)
    await t.clock.advance(500)
    expect(request.ended).toEqual({ at: 175, value: 'two' })
  })

  test('leads to one that has just opened by failing it, sooner than it waits for the end of a cooldown', async () => {
    const t = createTestEngine({ providers: [{}, { breaker: { failures: 1 } }] })
    t.channel('p1').fail(httpError(429, '', { 'retry-after': '5' }))
    t.channel('p2').once.fail(networkError(), { after: 5 }).reply('two')
    const request = t.start(READ)
    await t.clock.advance(10_000)
    expect(request.ended).toEqual({ at: 80, value: 'two' })
  })

  test('does not ask the one that has failed again in the same round when another one is back', async () => {
    const t = createTestEngine()
    t.breaker('p2').open(0, LONG)
    t.channel('p1').fail(rpcError(-32000, 'the moon is full'))
    t.channel('p2').reply('two')
    const request = t.start(READ)
    await t.clock.advance(10)
    t.breaker('p2').close()
    await t.clock.settle()
    expect(request.ended).toEqual({ at: 10, value: 'two' })
    expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([1, 1])
  })
})

describe('as many rounds as are allowed', () => {
  test('one round: a request that nobody can be asked for leads once all the same', async () => {
    for (const answer of ['0x1', undefined]) {
      const t = createTestEngine({ providers: 1, options: { rounds: 1 } })
      openAll(t)
      if (answer) t.channel('p1').reply(answer)
      else t.channel('p1').fail(networkError())
      const request = t.start(READ)
      await t.clock.advance(5_000)
      expect([request.ended?.value, t.channel('p1').count()]).toEqual([answer, 1])
    }
  })

  test('probes that are led to count like rounds', async () => {
    const t = createTestEngine({ providers: [{ breaker: { failures: 1 } }], options: { rounds: 3 } })
    t.channel('p1').fail(networkError())
    const request = t.start(READ)
    await t.clock.advance(9_000)
    expect([request.ended?.error.name, t.channel('p1').count()]).toEqual(['AllProvidersFailedError', 3])
  })

  test('but they take no round from one that can be asked again', async () => {
    const t = createTestEngine({ options: { rounds: 2 } })
    t.breaker('p2').open(0, LONG)
    for (const id of ['p1', 'p2']) t.channel(id).fail(networkError())
    const request = t.start(READ)
    await t.clock.advance(9_000)
    expect([request.ended?.error.name, t.channel('p1').count()]).toEqual(['AllProvidersFailedError', 2])
  })

  test('while another one could be asked again, each that is open is led to in turn before that', async () => {
    const t = createTestEngine({ providers: 3 })
    t.breaker('p2').open(0, LONG)
    t.breaker('p3').open(0, LONG)
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).fail(networkError(), { after: 10 })
    t.start(READ)
    await t.clock.advance(500)
    expect(['p1', 'p2', 'p3'].map((id) => t.channel(id).calls.map(({ at }) => at))).toEqual([[0, 405], [85], [245]])
  })
})

describe('in the large', () => {
  test('given one server down for 600 ms and 20 concurrent reads through a list of one, then all 20 succeed', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').reply(() => {
      if (t.clock.now() < 600) throw networkError()
      return '0x1'
    })
    const requests = startMany(t, 20)
    await t.clock.advance(10_000)
    expect(requests.map(({ ended }) => ended?.value)).toEqual(Array(20).fill('0x1'))
    expect(Math.max(...requests.map(({ ended }) => ended?.at ?? Infinity))).toBeLessThanOrEqual(1_200)
    expect(t.inFlight()).toBe(0)
  })

  test('53. given two limited providers, then requests succeed once one recovers, and no breaker opened', async () => {
    const t = createTestEngine()
    for (const [id, until] of [
      ['p1', 4_000],
      ['p2', 2_000],
    ] as const)
      t.channel(id).reply(() => {
        if (t.clock.now() < until) throw httpError(429, '', { 'retry-after': `${(until - t.clock.now()) / 1_000}` })
        return id
      })
    const requests = startMany(t, 3)
    await t.clock.advance(10_000)
    expect(requests.map(({ ended }) => ended?.value)).toEqual(['p2', 'p2', 'p2'])
    expect(t.eventsOf('breaker')).toEqual([])
  })
})

test('behavior: nobody waits for a probe that hangs on after another one has failed', async () => {
  const t = createTestEngine({ providers: 1 })
  t.channel('p1').hang()
  t.breaker('p1').open(0, 100)
  t.start('eth_getLogs', [{ fromBlock: '0x1', toBlock: '0xffff' }], { timeout: 30_000 })
  await t.clock.advance(3_000)
  t.start('eth_getBalance', [], { timeout: 5_000 })
  await t.clock.advance(6_000)
  expect(t.state('p1')).toBe('open')
  t.channel('p1').reply('0x1')
  const request = t.start('eth_getBalance')
  await t.clock.advance(3_000)
  expect(request.ended?.value).toBe('0x1')
})

// A second candidate beside a slow one: when, who, how many, and what losing means.

import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError } from '../../support/errors'

const READ = 'eth_getBalance'
const LOGS = [{ fromBlock: '0x0', toBlock: '0x1000' }]

function times(t: TestEngine, id: string) {
  return t.channel(id).calls.map(({ at }) => at)
}

/** Tells the engine what p1 usually takes. */
async function warm(t: TestEngine, latency: number, count = 5) {
  t.channel('p1').reply('one', { after: latency })
  for (let turn = 0; turn < count; turn++) {
    t.start(READ, [turn])
    await t.clock.advance(latency)
  }
}

describe('when', () => {
  test('cold: 500 ms', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    t.channel('p2').reply('two', { after: 10 })
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(times(t, 'p2')).toEqual([500])
    expect(request.ended).toEqual({ at: 510, value: 'two' })
    expect(t.status().requests.hedged).toBe(1)
    expect(t.eventsOf('attempt').map(({ provider, hedged, outcome }) => [provider, hedged, outcome])).toEqual([
      ['p2', true, 'success'],
      ['p1', false, 'aborted'],
    ])
    expect(t.eventsOf('failover')).toEqual([])
  })

  test.each([
    [100, 300],
    [10, 50],
  ])('three times the own median of %i ms, at least 50 ms: after %i ms', async (latency, delay) => {
    const t = createTestEngine()
    await warm(t, latency)
    t.channel('p1').hang()
    const start = t.clock.now()
    t.start(READ)
    await t.clock.advance(1_000)
    expect(times(t, 'p2')).toEqual([start + delay])
  })

  test('per kind of method', async () => {
    const t = createTestEngine()
    await warm(t, 10)
    t.channel('p1').hang()
    const start = t.clock.now()
    t.start('eth_blockNumber')
    await t.clock.advance(1_000)
    expect(times(t, 'p2')).toEqual([start + 500])
  })

  test('again after each further delay, at most three in flight', async () => {
    const t = createTestEngine({ providers: 5, options: { hedge: { delay: 100 } } })
    for (let index = 1; index <= 5; index++) t.channel(`p${index}`).hang()
    t.start(READ)
    await t.clock.advance(5_000)
    expect(['p1', 'p2', 'p3', 'p4', 'p5'].map((id) => times(t, id))).toEqual([[0], [100], [200], [], []])
  })

  test('again after each further delay too, where nobody had room at the first', async () => {
    const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }] })
    t.channel('p1').hang()
    t.channel('p2').on('evm_mine').reply('0x0', { after: 700 })
    t.channel('p2').reply('two', { after: 10 })
    t.start('evm_mine', [], { provider: 'p2' })
    const request = t.start(READ)
    await t.clock.advance(5_000)
    expect(request.ended).toEqual({ at: 1_010, value: 'two' })
    expect(t.status().requests.hedged).toBe(1)
  })

  test('every 50 ms where nothing is hoped for from those in flight, as they are behind open breakers', async () => {
    const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }] })
    t.channel('p1').hang()
    t.channel('p2').once.reply('filler', { after: 560 }).reply('two')
    t.start(READ, ['fills it'], { provider: 'p2' })
    const request = t.start(READ)
    await t.clock.advance(100)
    t.breaker('p1').open(t.clock.now(), 60_000)
    await t.clock.advance(1_000)
    expect(request.ended).toEqual({ at: 600, value: 'two' })
  })

  test('or where the budget had nothing left', async () => {
    const t = createTestEngine({ options: { hedgeBudget: 1 } })
    t.channel('p1').hang()
    t.channel('p2').reply('two', { after: 10 })
    const requests = [t.start(READ, [1]), t.start(READ, [2])]
    await t.clock.advance(600)
    for (let turn = 0; turn < 12; turn++) t.start('eth_gasPrice', [turn], { provider: 'p2' })
    await t.clock.advance(5_000)
    expect(requests.map(({ ended }) => ended?.at).sort((a = 0, b = 0) => a - b)).toEqual([510, 1_010])
  })

  test('behavior: with a delay of 0 it does not look all the time', async () => {
    const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }], options: { hedge: { delay: 0 } } })
    t.channel('p1').hang()
    t.channel('p2').on('evm_mine').reply('0x0', { after: 60 })
    t.start('evm_mine', [], { provider: 'p2' })
    t.start(READ)
    await t.clock.advance(5_000)
    expect(times(t, 'p2')).toEqual([0, 100])
  })

  test('behavior: a failure beside another one in flight is followed by the next candidate at once', async () => {
    const t = createTestEngine({ providers: 3, options: { hedge: { delay: 100 } } })
    t.channel('p1').hang()
    t.channel('p2').fail(networkError(), { after: 20 })
    t.channel('p3').reply('three', { after: 5 })
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toEqual({ at: 125, value: 'three' })
  })

  test('behavior: the slow one may still win', async () => {
    const t = createTestEngine()
    t.channel('p1').reply('one', { after: 600 })
    t.channel('p2').hang()
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toEqual({ at: 600, value: 'one' })
    expect([t.channel('p2').aborted, t.inFlight()]).toEqual([1, 0])
    // It had not had its own delay: it has not lost.
    expect(t.status().providers[1]?.channels.http?.breaker.failures).toBe(0)
  })
})

test('behavior: a failure beside another one in flight is no reason to ask one that cools', async () => {
  const t = createTestEngine({ providers: 3 })
  t.channel('p3').fail(httpError(429, '', { 'retry-after': '60' }))
  await t.request(READ, [], { provider: 'p3' }).catch(() => {})
  t.channel('p1').reply('one', { after: 900 })
  t.channel('p2').fail(networkError())
  const request = t.start(READ)
  await t.clock.advance(900)
  expect([request.ended, t.channel('p3').count()]).toEqual([{ at: 900, value: 'one' }, 1])
})

describe('when there is nothing in flight any more', () => {
  test('behavior: a request that queues after a failure is not woken for its hedge (it once rang for ever)', async () => {
    const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }] })
    t.channel('p2').reply('two', { after: 3_000 })
    t.start('evm_mine', [], { provider: 'p2' })
    t.channel('p1').fail(networkError(), { after: 10 })
    const request = t.start(READ)
    await t.clock.advance(400)
    expect(t.clock.nextAt).toBeGreaterThan(500 - 1)
    await t.clock.advance(10_000)
    expect(request.ended).toEqual({ at: 6_000, value: 'two' })
    expect(t.status().requests.hedged).toBe(0)
  })

  test('behavior: a pause is not cut short by it', async () => {
    const t = createTestEngine({ providers: 2, options: { hedge: { delay: 50 }, retryDelay: 1_000 } })
    t.clock.after(10, () => t.breaker('p2').recordFailure(t.clock.now(), 'network'))
    t.channel('p1').once.fail(rpcError(-32000, 'header not found'), { after: 20 }).reply('one')
    t.channel('p2').once.fail(rpcError(-32000, 'header not found'), { after: 20 })
    const request = t.start(READ)
    await t.clock.advance(5_000)
    expect(request.ended).toEqual({ at: 1_040, value: 'one' })
  })
})

describe('what', () => {
  test.each([
    ['a write', 'evm_mine', []],
    ['a trace', 'trace_block', ['0x1']],
    ['debug', 'debug_traceTransaction', ['0x1']],
    ['wide logs', 'eth_getLogs', LOGS],
    ['a raw transaction', 'eth_sendRawTransaction', ['0x00']],
    ['a wallet method', 'eth_accounts', []],
  ])('never %s', async (_, method, params) => {
    const t = createTestEngine({ options: { hedge: { delay: 10 } } })
    t.channel('p1').reply('one', { after: 3_000 })
    const request = t.start(method, params)
    await t.clock.advance(3_000)
    expect(request.ended?.value).toBe('one')
    expect(t.channel('p2').count()).toBe(0)
  })

  test('hedge: false, for all or for a method', async () => {
    const t = createTestEngine({ options: { methods: { [READ]: { hedge: false } } } })
    t.channel('p1').reply('one', { after: 3_000 })
    t.start(READ)
    await t.clock.advance(3_000)
    expect(t.channel('p2').count()).toBe(0)
    t.start('eth_blockNumber')
    await t.clock.advance(3_000)
    expect(t.channel('p2').count()).toBe(1)
  })
})

describe('who', () => {
  const askedAfter = async (t: TestEngine) => {
    t.channel('p1').hang()
    t.start(READ)
    await t.clock.advance(500)
    return t.engine.providers.flatMap(({ id }) => (id !== 'p1' && t.channel(id).count() > 0 ? [id] : []))
  }

  test('never a backup', async () => {
    expect(await askedAfter(createTestEngine({ providers: [{}, { isBackup: true }] }))).toEqual([])
  })

  test('never one behind an open breaker', async () => {
    const t = createTestEngine({ providers: 3 })
    t.breaker('p2').open(0, 1e9)
    expect(await askedAfter(t)).toEqual(['p3'])
  })

  test('never one whose breaker opened after the route was planned', async () => {
    const t = createTestEngine({ providers: 2 })
    t.clock.after(100, () => t.breaker('p2').open(100, 1e9))
    expect(await askedAfter(t)).toEqual([])
  })

  test('never a limited one', async () => {
    const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }, {}] })
    t.channel('p2').hang()
    t.start('evm_mine', [], { provider: 'p2' })
    t.channel('p3').reply('three', { after: 100 })
    expect(await askedAfter(t)).toEqual(['p2', 'p3'])
    expect(t.channel('p2').count(READ)).toBe(0)
  })

  test('never a dearer one while a cheaper one is left', async () => {
    const t = createTestEngine({
      providers: [{}, { cost: 10 }, { cost: 2 }, { cost: 5 }],
      options: { hedge: { delay: 100 } },
    })
    for (const id of ['p1', 'p2', 'p3', 'p4']) t.channel(id).hang()
    t.start(READ)
    await t.clock.advance(500)
    expect(['p1', 'p2', 'p3', 'p4'].map((id) => times(t, id))).toEqual([[0], [], [100], [200]])
  })

  test('another provider before the other channel of the same', async () => {
    const t = createTestEngine({ providers: [{ channels: ['http', 'ws'] }, {}] })
    t.channel('p1', 'http').hang()
    t.channel('p1', 'ws').hang()
    t.channel('p2').reply('two')
    const request = t.start(READ)
    await t.clock.advance(500)
    expect([request.ended?.value, t.channel('p1', 'ws').count()]).toEqual(['two', 0])
  })
})

describe('the budget', () => {
  test('a bucket of 20, full at the start, a tenth of one more per request', async () => {
    const t = createTestEngine({ options: { hedge: { delay: 100 } } })
    t.channel('p1').hang()
    t.channel('p2').hang()
    for (let index = 0; index < 100; index++) t.start(READ, [index], { timeout: 1_000 })
    await t.clock.advance(500)
    expect(t.status().requests.hedged).toBe(20)
    await t.clock.advance(10_000)
    t.channel('p1').reply('one')
    t.breaker('p1').close()
    for (let index = 0; index < 29; index++) await t.request(READ, [index], { provider: 'p1' })
    t.channel('p1').hang()
    for (let index = 0; index < 5; index++) t.start(READ, [index], { timeout: 1_000 })
    await t.clock.advance(500)
    // 34 more requests: 3 more hedges.
    expect(t.status().requests.hedged).toBe(23)
  })

  test('that of a method pays for its hedges alone, and only its requests add to it', async () => {
    const methods = { [READ]: { hedge: { budget: 1 } } }
    const t = createTestEngine({ options: { hedgeBudget: 2, methods } })
    t.channel('p1').hang()
    t.channel('p2').reply('two', { after: 10 })
    const requests = [t.start(READ, [1]), t.start(READ, [2])]
    await t.clock.advance(600)
    expect(t.status().requests.hedged).toBe(1)
    const others = [1, 2, 3].map((turn) => t.start('eth_gasPrice', [turn]))
    await t.clock.advance(600)
    expect(t.status().requests.hedged).toBe(3)
    expect(others.filter(({ ended }) => ended)).toHaveLength(2)
    expect(requests.filter(({ ended }) => ended)).toHaveLength(1)
    t.breaker('p1').close()
    for (let turn = 3; turn < 14; turn++) t.start(READ, [turn])
    await t.clock.advance(600)
    expect(t.status().requests.hedged).toBe(4)
  })

  test('hedgeBudget 0: none', async () => {
    const t = createTestEngine({ options: { hedgeBudget: 0 } })
    t.channel('p1').reply('one', { after: 3_000 })
    t.start(READ)
    await t.clock.advance(3_000)
    expect(t.channel('p2').count()).toBe(0)
  })
})

describe('losing', () => {
  test('again and again without ever answering opens the breaker as timeouts do', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    for (let turn = 0; turn < 3; turn++) {
      expect(t.state('p1')).toBe('closed')
      t.start(READ, [turn])
      await t.clock.advance(2_000)
    }
    expect(t.state('p1')).toBe('open')
    expect(t.eventsOf('request').every(({ outcome }) => outcome === 'success')).toBe(true)
  })

  test('is a censored sample: one that hangs from the start makes no later read slower', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    for (let turn = 1; turn <= 3; turn++) {
      const call = t.start(READ, [turn])
      await t.clock.advance(499)
      expect(t.channel('p2').count()).toBe(turn - 1)
      await t.clock.advance(1)
      expect([call.ended?.value, t.channel('p2').count()]).toEqual(['0x1', turn])
    }
    expect(t.state('p1')).toBe('open')
  })

  test('an answer in between is forgotten losses', async () => {
    const t = createTestEngine({ options: { hedge: { delay: 100 } } })
    const p1 = t.channel('p1')
    for (const isWell of [false, false, true, false, false]) {
      isWell ? p1.once.reply('one') : p1.once.hang()
      t.start(READ, [isWell])
      await t.clock.advance(1_000)
    }
    expect(t.state('p1')).toBe('closed')
  })

  test('heavy work is not held against the channel', async () => {
    const t = createTestEngine({ options: { hedge: { delay: 100 } } })
    t.channel('p1').hang()
    for (let turn = 0; turn < 5; turn++) {
      t.start('eth_call', [{}, 'latest', { '0x0': {} }])
      await t.clock.advance(1_000)
    }
    expect(t.status().requests.hedged).toBe(5)
    expect(t.state('p1')).toBe('closed')
  })

  test('an error of the hedge about the request is final, and the slow one has not lost', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    t.channel('p2').fail(rpcError(3, 'execution reverted'))
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toMatchObject({ at: 500, error: { code: 3 } })
    expect([t.channel('p1').aborted, t.inFlight()]).toEqual([1, 0])
    expect(t.status().providers[0]?.channels.http?.breaker.failures).toBe(0)
  })

  test('behavior: a failed hedge leaves the slow one its time', async () => {
    const t = createTestEngine()
    t.channel('p1').reply('one', { after: 900 })
    t.channel('p2').fail(httpError(500, 'oops'), { after: 10 })
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toEqual({ at: 900, value: 'one' })
  })
})

// One request through the whole pipeline: who is asked, in which order, how often, and what the caller gets.

import { custom } from 'viem'
import { describe, expect, test } from 'vitest'
import { failover } from '../../src/failover'
import type { FailoverValue } from '../../src/value'
import { createTestEngine } from '../support/engine'
import { httpError, networkError, rpcError, timeoutError } from '../support/errors'

const READ = 'eth_getBalance'
const reverted = () => rpcError(3, 'execution reverted: no', '0x08c379a0')

describe('a failure and another provider', () => {
  test.each([
    ['503', () => httpError(503, 'down')],
    ['connection refused', () => networkError()],
    ['-32005', () => rpcError(-32005, 'rate limit exceeded')],
    ['a timeout of the provider', () => timeoutError()],
    ['-32603', () => rpcError(-32603, 'Internal error')],
    ['-32601', () => rpcError(-32601, 'method not found')],
    ['401', () => httpError(401, 'no key')],
    ['block not found', () => rpcError(-32000, 'header not found')],
    ['unknown text', () => rpcError(-32000, 'the moon is full')],
  ])(
    '11. given p1 returns %s and p2 is healthy, then the caller gets the result of p2 with one call to each',
    async (_, error) => {
      const t = createTestEngine()
      t.channel('p1').fail(error())
      t.channel('p2').reply('0x2')
      expect(await t.request(READ)).toBe('0x2')
      expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([1, 1])
      expect(t.clock.now()).toBe(0)
      expect(t.inFlight()).toBe(0)
    },
  )

  test.each([
    ['execution reverted', READ, reverted()],
    ['-32602', READ, rpcError(-32602, 'invalid params')],
    ['insufficient funds', 'eth_estimateGas', rpcError(-32000, 'insufficient funds for gas * price + value')],
    ['plain -32600', READ, rpcError(-32600, 'Invalid Request')],
    ['user rejected', READ, rpcError(4001, 'User rejected the request.')],
  ])(
    '14. given p1 returns %s, then it is returned with code and data, one call is made and the breaker count unchanged',
    async (_, method, error) => {
      const t = createTestEngine()
      t.channel('p1').fail(error)
      await expect(t.request(method)).rejects.toMatchObject({ code: error.code })
      const thrown: any = await t.request(method).catch((caught) => caught)
      if (error.data !== undefined) expect(thrown.cause.data ?? thrown.data).toBe(error.data)
      expect(thrown.attempts).toMatchObject([{ provider: 'p1', channel: 'http' }])
      expect(t.channel('p2').count()).toBe(0)
      expect(t.status().providers[0]?.channels.http?.breaker).toEqual({ state: 'closed', failures: 0 })
    },
  )

  test('15. given two always-failing providers, then a round is two dispatches, rounds wait inside the deadline, and one error names every attempt', async () => {
    const t = createTestEngine()
    for (const id of ['p1', 'p2']) t.channel(id).fail(rpcError(-32000, 'header not found'))
    const request = t.start(READ)
    await t.clock.advance(0)
    expect(t.channel('p1').count() + t.channel('p2').count()).toBe(2)
    await t.clock.advance(20_000)
    expect(request.ended?.at).toBeLessThanOrEqual(10_000)
    const { attempts } = request.ended?.error ?? {}
    const calls = t.channel('p1').count() + t.channel('p2').count()
    expect(calls).toBeGreaterThan(2)
    expect(attempts).toHaveLength(calls)
    expect(t.eventsOf('request')).toHaveLength(1)
  })

  test('16. given ten providers of which only the tenth works, then the read succeeds on it', async () => {
    const t = createTestEngine({ providers: 10 })
    for (let index = 1; index < 10; index++) t.channel(`p${index}`).fail(networkError())
    t.channel('p10').reply('0x10')
    expect(await t.request(READ)).toBe('0x10')
    expect(t.eventsOf('request')).toMatchObject([{ outcome: 'success', attempts: 10, provider: 'p10' }])
    expect(t.eventsOf('failover').map(({ from, to }) => [from.provider, to.provider])).toEqual(
      Array.from({ length: 9 }, (_, index) => [`p${index + 1}`, `p${index + 2}`]),
    )
  })

  test('16. given ten providers of which nine hang, then the tenth answers within the deadline, with and without hedging', async () => {
    for (const hedge of [false, {}] as const) {
      const t = createTestEngine({ providers: 10, options: { hedge } })
      for (let index = 1; index < 10; index++) t.channel(`p${index}`).hang()
      t.channel('p10').reply('0x10')
      const request = t.start(READ)
      await t.clock.advance(10_000)
      expect(request.ended).toMatchObject({ value: '0x10' })
      expect(t.inFlight()).toBe(0)
    }
  })

  test('17. given a failing channel, then it is asked once a round: its calls lie a pause apart', async () => {
    const t = createTestEngine({ options: { rounds: 3 } })
    for (const id of ['p1', 'p2']) t.channel(id).fail(rpcError(-32000, 'header not found'))
    t.start(READ)
    await t.clock.advance(10_000)
    // Round 2 after half of 300, round 3 after half of 600.
    for (const id of ['p1', 'p2']) expect(t.channel(id).calls.map(({ at }) => at)).toEqual([0, 150, 450])
  })

  test('22. given all say "header not found", then the caller gets the first such error, its class and code, without blame', async () => {
    const t = createTestEngine({ options: { rounds: 1 } })
    t.channel('p1').fail(rpcError(-32000, 'header not found'))
    t.channel('p2').fail(rpcError(-32001, 'unknown block'))
    const error: any = await t.request(READ).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'InvalidInputRpcError', code: -32000 })
    expect(error.attempts.map(({ kind }: any) => kind)).toEqual(['block-not-available', 'block-not-available'])
    expect(t.eventsOf('attempt').map(({ failure }) => failure?.blamed)).toEqual([false, false])
  })

  test('22. behavior: a block that comes a moment later is found in a further round', async () => {
    const t = createTestEngine()
    t.channel('p1').once.fail(rpcError(-32000, 'header not found')).reply('0xb10c')
    t.channel('p2').fail(rpcError(-32000, 'header not found'))
    const request = t.start(READ)
    await t.clock.advance(150)
    expect(request.ended).toEqual({ at: 150, value: '0xb10c' })
    expect(t.status().requests).toEqual({ total: 1, failed: 0, hedged: 0, retried: 1 })
  })

  test('48. given a channel that throws synchronously, then it is one failure and the original error surfaces', async () => {
    const t = createTestEngine({ providers: 1, options: { rounds: 1 } })
    const original = new Error('broken transport')
    t.channel('p1').request = () => {
      throw original
    }
    const error: any = await t.request(READ).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'AllProvidersFailedError', attempts: [{ provider: 'p1', error: original }] })
    expect(error.cause).toBe(original)
    expect(t.status().providers[0]?.channels.http?.breaker.failures).toBe(1)
    expect(t.inFlight()).toBe(0)
  })
})

describe('channels', () => {
  const both = [{ channels: ['http', 'ws'] as const }, {}]

  test('21. given -32601 over http, then the ws channel of p1 is skipped too, p2 is asked, and the method is remembered for half an hour', async () => {
    const t = createTestEngine({ providers: both })
    t.channel('p1', 'http').fail(rpcError(-32601, 'the method trace_x does not exist/is not available'))
    t.channel('p2').reply('0x2')
    expect(await t.request('trace_block', ['0x1'])).toBe('0x2')
    expect(await t.request('trace_block', ['0x1'])).toBe('0x2')
    expect([t.channel('p1', 'http').count(), t.channel('p1', 'ws').count(), t.channel('p2').count()]).toEqual([1, 0, 2])
    expect(t.eventsOf('capability')).toMatchObject([{ provider: 'p1', what: 'method', from: 'trace_block' }])
    await t.clock.advance(30 * 60_000)
    await t.request('trace_block', ['0x1'])
    expect(t.channel('p1', 'http').count()).toBe(2)
  })

  test('25. given the override ws (or http), then only that channel is used', async () => {
    const t = createTestEngine({ providers: both })
    t.channel('p1', 'ws').reply('ws')
    expect(await t.request(READ, [], { channel: 'ws' })).toBe('ws')
    expect([t.channel('p1', 'http').count(), t.channel('p2').count()]).toEqual([0, 0])
    t.channel('p1', 'http').fail(networkError())
    expect(await t.request(READ, [], { channel: 'http' })).toBe('0x1')
    expect([t.channel('p1', 'ws').count(), t.channel('p2').count()]).toEqual([1, 1])
  })

  test('26. given the http of p1 fails but its ws works, then it serves behind the other providers', async () => {
    const t = createTestEngine({ providers: both })
    t.channel('p1', 'http').fail(networkError())
    t.channel('p1', 'ws').reply('ws')
    t.channel('p2').fail(networkError())
    expect(await t.request(READ)).toBe('ws')
    expect(t.eventsOf('failover').map(({ to }) => `${to.provider} ${to.channel}`)).toEqual(['p2 http', 'p1 ws'])
  })

  test('behavior: a failure that says nothing about the way leaves the other channel in its place', async () => {
    const t = createTestEngine({ providers: both })
    t.channel('p1', 'http').fail(rpcError(-32603, 'Internal error'))
    t.channel('p1', 'ws').reply('ws')
    expect(await t.request(READ)).toBe('ws')
    expect(t.channel('p2').count()).toBe(0)
  })
})

describe('overrides', () => {
  test('18. given a named provider without failover, when it fails, then its error is returned and others see no call', async () => {
    const t = createTestEngine({ providers: 3 })
    t.channel('p2').fail(rpcError(-32603, 'Internal error'))
    const failed = t.start(READ, [], { provider: 'p2' })
    await t.clock.advance(2_000)
    expect(failed.ended?.error).toMatchObject({ code: -32603 })
    // As often as viem's `http()` asks.
    expect([t.channel('p1').count(), t.channel('p2').count(), t.channel('p3').count()]).toEqual([0, 4, 0])
    t.channel('p2').fail(networkError())
    const lost = t.start(READ, [], { provider: 'p2' })
    await t.clock.advance(10_000)
    expect(lost.ended?.error).toMatchObject({ name: 'AllProvidersFailedError' })
    expect(lost.ended?.error?.attempts[0]).toMatchObject({ provider: 'p2', kind: 'network' })
    expect([t.channel('p1').count(), t.channel('p3').count()]).toEqual([0, 0])
    t.breaker('p2').close()
    t.channel('p2').once.fail(httpError(503)).reply('two')
    const served = t.start(READ, [], { provider: 'p2' })
    await t.clock.advance(2_000)
    expect(served.ended?.value).toBe('two')
  })

  test('18. behavior: a named provider is not hedged', async () => {
    const t = createTestEngine()
    t.channel('p1').reply('0x1', { after: 5_000 })
    const request = t.start(READ, [], { provider: 'p1' })
    await t.clock.advance(5_000)
    expect(request.ended).toEqual({ at: 5_000, value: '0x1' })
    expect(t.channel('p2').count()).toBe(0)
  })

  test('19. given failover allowed, then another provider is asked after the failure and the first not again', async () => {
    const t = createTestEngine({ providers: 3 })
    t.channel('p2').fail(networkError())
    t.channel('p1').reply('one')
    expect(await t.request(READ, [], { provider: 'p2', allowFailover: true })).toBe('one')
    expect([t.channel('p1').count(), t.channel('p2').count(), t.channel('p3').count()]).toEqual([1, 1, 0])
  })

  test('66. given exclude, then those are never contacted; all excluded is an error that says so', async () => {
    const t = createTestEngine()
    t.channel('p2').fail(networkError())
    const request = t.start(READ, [], { exclude: ['p1'], timeout: 1_000 })
    await t.clock.advance(1_000)
    expect(request.ended?.error.name).toBe('AllProvidersFailedError')
    expect(t.channel('p1').count()).toBe(0)
    const error: any = await t.request(READ, [], { exclude: ['p1', 'p2'] }).catch((thrown) => thrown)
    expect(error).toMatchObject({
      name: 'NoProviderError',
      reasons: [
        { provider: 'p1', reason: 'is excluded' },
        { provider: 'p2', reason: 'is excluded' },
      ],
    })
    expect(t.eventsOf('request').at(-1)).toMatchObject({
      outcome: 'error',
      attempts: 0,
      error: { name: 'NoProviderError' },
    })
  })

  test('74. given a method declared away, then that provider never sees it; if nobody is left, the error names them', async () => {
    const t = createTestEngine({
      providers: [
        { capabilities: { methods: { exclude: ['trace_*'] } } },
        { capabilities: { methods: { include: ['eth_*'] } } },
      ],
    })
    await expect(t.request('trace_block', ['0x1'])).rejects.toMatchObject({
      name: 'NoProviderError',
      reasons: [{ provider: 'p1' }, { provider: 'p2' }],
    })
    expect(t.channel('p1').count() + t.channel('p2').count()).toBe(0)
    await t.request(READ)
    expect(t.channel('p1').count()).toBe(1)
  })

  test('behavior: a wall keeps a method from everybody else, and its order is the priority', async () => {
    const t = createTestEngine({ providers: 3, options: { methods: { 'trace_*': { providers: ['p3', 'p2'] } } } })
    t.channel('p3').fail(networkError())
    t.channel('p2').fail(networkError())
    const request = t.start('trace_block', ['0x1'], { timeout: 1_000 })
    await t.clock.advance(1_000)
    expect(request.ended?.error.attempts.slice(0, 2).map(({ provider }: any) => provider)).toEqual(['p3', 'p2'])
    expect(t.channel('p1').count()).toBe(0)
  })
})

describe('overrides through the transport', () => {
  const calls: string[] = []
  const transport = failover([
    { id: 'p1', http: custom({ request: async ({ method }) => calls.push(method) }) },
    { id: 'p2', http: custom({ request: async ({ method }) => calls.push(method) }) },
  ])({}).value as FailoverValue

  test.each([
    [{ provider: 'nobody' }, 'options.provider'],
    [{ exclude: ['p1', 'nobody'] }, 'options.exclude[1]'],
    [{ timeout: -1 }, 'with.timeout'],
    [{ timeout: Number.NaN }, 'with.timeout'],
    [{ timeout: Infinity }, 'with.timeout'],
  ])('20, 29. %o is an error that names it, before anything is sent', async (overrides, path) => {
    await expect(transport.request({ method: READ }, overrides)).rejects.toMatchObject({
      name: 'InvalidOptionsError',
      path: expect.stringContaining(path.split('.')[1] as string),
    })
    expect(calls).toEqual([])
  })
})

describe('writes', () => {
  test('33. given evm_mine, then a single dispatch, unless the failure proves that nothing was done', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(httpError(502, 'bad gateway'))
    await expect(t.request('evm_mine')).rejects.toMatchObject({ name: 'AllProvidersFailedError' })
    expect(t.channel('p2').count()).toBe(0)
    t.channel('p1').fail(networkError())
    expect(await t.request('evm_mine')).toBe('0x1')
    expect(t.channel('p2').count()).toBe(1)
  })

  test.each(['alchemy_getAssetTransfers', 'zks_getBridgeContracts'])(
    '33. given %s, then it fails over as any read',
    async (method) => {
      const t = createTestEngine()
      t.channel('p1').fail(httpError(502, 'bad gateway'))
      expect(await t.request(method)).toBe('0x1')
    },
  )

  test('33. given a write that hangs, then nobody else is asked and it has the whole deadline', async () => {
    const t = createTestEngine({ options: { timeout: 1_000 } })
    t.channel('p1').hang()
    const request = t.start('evm_mine')
    await t.clock.advance(1_000)
    expect(request.ended).toMatchObject({ at: 1_000, error: { name: 'AllProvidersFailedError' } })
    expect(t.channel('p2').count()).toBe(0)
  })

  test('31, 32. given eth_sendRawTransaction and a timeout or a refused connection, then p2 is asked with the same bytes', async () => {
    for (const error of [timeoutError(), networkError(), httpError(500, 'oops')]) {
      const t = createTestEngine()
      t.channel('p1').fail(error)
      t.channel('p2').reply('0xhash')
      expect(await t.request('eth_sendRawTransaction', ['0x00'])).toBe('0xhash')
      expect(t.channel('p2').calls[0]?.params).toEqual(['0x00'])
    }
  })
})

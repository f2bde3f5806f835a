// How requests end for their callers: the most telling error, what is attached to it, and exactly one event for each of them.

import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError, timeoutError } from '../../support/errors'

const READ = 'eth_getBalance'
const unclear = (text = 'the moon is full', code = -32000) => rpcError(code, text)

async function errorOf(t: TestEngine, method = READ, params: unknown = []): Promise<any> {
  const request = t.start(method, params)
  await t.clock.advance(20_000)
  return request.ended?.error
}

describe('the most telling error', () => {
  test('about the request before about the provider, though the provider comes first', async () => {
    const t = createTestEngine({ providers: 3, options: { rounds: 1 } })
    t.channel('p1').fail(rpcError(-32005, 'rate limit exceeded'))
    t.channel('p2').fail(rpcError(-32601, 'Method not found'))
    t.channel('p3').fail(rpcError(-32000, 'missing trie node'))
    const error = await errorOf(t)
    expect(error.code).toBe(-32000)
    expect(error.attempts.map(({ provider, kind }: any) => [provider, kind])).toEqual([
      ['p1', 'rate-limit'],
      ['p2', 'unsupported-method'],
      ['p3', 'missing-state'],
    ])
  })

  test('among equals the first provider, whoever was asked first', async () => {
    const t = createTestEngine({ providers: [{ priority: 5 }, { priority: 1 }] })
    t.channel('p1').fail(unclear('one', -32000))
    t.channel('p2').fail(unclear('two', -32001))
    expect((await errorOf(t)).code).toBe(-32000)
    expect(t.channel('p2').calls[0]?.at).toBe(0)
  })

  test('a JSON-RPC error of the provider before failures without one', async () => {
    const t = createTestEngine({ providers: 3, options: { rounds: 1 } })
    t.channel('p1').fail(networkError())
    t.channel('p2').fail(rpcError(-32005, 'rate limit exceeded'))
    t.channel('p3').fail(httpError(502, 'bad gateway'))
    const error = await errorOf(t)
    expect(error).toMatchObject({ name: 'LimitExceededRpcError', code: -32005 })
    expect(error.attempts).toHaveLength(3)
  })

  test('of the last round', async () => {
    const t = createTestEngine({ providers: 1, options: { rounds: 2 } })
    t.channel('p1').once.fail(rpcError(-32000, 'header not found')).fail(rpcError(-32001, 'header not found, still'))
    expect(await errorOf(t)).toMatchObject({ code: -32001, attempts: [{}, {}] })
  })

  test('of an earlier round if the last one had none', async () => {
    const t = createTestEngine({ providers: 1, options: { rounds: 2 } })
    t.channel('p1').once.fail(rpcError(-32000, 'header not found')).fail(networkError())
    expect(await errorOf(t)).toMatchObject({ code: -32000 })
  })

  test('none at all: AllProvidersFailedError without a code', async () => {
    const t = createTestEngine({ options: { rounds: 1 } })
    t.channel('p1').fail(networkError())
    t.channel('p2').fail(timeoutError())
    const error = await errorOf(t)
    expect(error).toMatchObject({
      name: 'AllProvidersFailedError',
      method: READ,
      attempts: [
        { provider: 'p1', channel: 'http', kind: 'network', duration: 0 },
        { provider: 'p2', channel: 'http', kind: 'timeout', duration: 0 },
      ],
    })
    expect('code' in error).toBe(false)
  })

  test('retryAfter is the shortest cooldown', async () => {
    const t = createTestEngine({ options: { timeout: 1_000 } })
    t.channel('p1').fail(httpError(429, '', { 'retry-after': '30' }))
    t.channel('p2').fail(httpError(429, '', { 'retry-after': '20' }))
    await expect(t.request(READ)).rejects.toMatchObject({ name: 'AllProvidersFailedError', retryAfter: 20_000 })
  })

  test('behavior: those that have room, and were not asked once more, are no reason to come back at once', async () => {
    const breaker = { failures: 1_000, networkFailures: 1_000, minimumAttempts: 1_000 }
    const t = createTestEngine({ providers: [{ breaker }], options: { retryBudget: 0 } })
    t.channel('p1').fail(networkError())
    const seen = [t.start(READ), t.start(READ)]
    await t.clock.advance(10_000)
    for (const { ended } of seen)
      expect(ended?.error).toMatchObject({ name: 'AllProvidersFailedError', retryAfter: undefined })
  })

  test('behavior: what is final without a code is returned as it is', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(new Error('user rejected the request'))
    const error = await errorOf(t)
    expect(error).toMatchObject({ name: 'UnknownRpcError', attempts: [{ kind: 'user-rejected' }] })
    expect(error.message).toContain('user rejected the request')
    expect(t.channel('p2').count()).toBe(0)
  })

  test('behavior: a frozen error passes without attempts', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(Object.freeze(rpcError(3, 'execution reverted')))
    expect(await errorOf(t)).toMatchObject({ code: 3 })
  })
})

describe('shouldThrow', () => {
  test('true makes a failure final, and the caller gets that error', async () => {
    const seen: string[] = []
    const t = createTestEngine({
      options: {
        shouldThrow: (error) => {
          seen.push(error.name)
          return error.name === 'HttpRequestError'
        },
      },
    })
    const original = networkError()
    t.channel('p1').fail(original)
    expect(await errorOf(t)).toBe(original)
    expect(t.channel('p2').count()).toBe(0)
    expect(seen).toEqual(['HttpRequestError'])
  })

  test.each([
    undefined,
    false,
    () => {
      throw new Error('broken')
    },
  ])('%s leaves the decision to the library', async (answer) => {
    const t = createTestEngine({ options: { shouldThrow: typeof answer === 'function' ? answer : () => answer } })
    t.channel('p1').fail(networkError())
    expect(await t.request(READ)).toBe('0x1')
    t.channel('p1').fail(rpcError(3, 'execution reverted'))
    expect(await errorOf(t)).toMatchObject({ code: 3 })
  })

  test('is asked about our own timeouts too', async () => {
    const t = createTestEngine({
      options: { shouldThrow: (error) => error.name === 'TimeoutError', hedge: false, timeout: 1_000 },
    })
    t.channel('p1').hang()
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toMatchObject({ at: 600, error: { name: 'TimeoutError' } })
    expect(t.channel('p2').count()).toBe(0)
  })

  test('sees the error as http() would have thrown it', async () => {
    const seen: string[] = []
    const t = createTestEngine({ options: { shouldThrow: ({ name }) => void seen.push(name) } })
    t.channel('p1').fail(rpcError(-32601, 'Method not found'))
    await t.request(READ)
    expect(seen).toEqual(['MethodNotFoundRpcError'])
  })

  test('behavior: a request that is aborted while it is asked ends once', async () => {
    const controller = new AbortController()
    const t = createTestEngine({
      options: {
        shouldThrow: () => {
          controller.abort(new Error('enough'))
          return false
        },
      },
    })
    t.channel('p1').fail(networkError())
    const request = t.start(READ, [], { signal: controller.signal })
    await t.clock.advance(100)
    expect(request).toMatchObject({ times: 1, ended: { error: { message: 'enough' } } })
    expect([t.channel('p2').count(), t.inFlight()]).toEqual([0, 0])
    expect(t.eventsOf('request')).toHaveLength(1)
  })
})

describe('wallet methods', () => {
  const withWallet = [{}, { isWallet: true }, { isWallet: true }]

  test('8. go to wallets first, in list order, once, without a deadline', async () => {
    const t = createTestEngine({ providers: withWallet })
    t.channel('p2').reply(['0xa'], { after: 600_000 })
    const request = t.start('eth_requestAccounts')
    await t.clock.advance(600_000)
    expect(request.ended).toEqual({ at: 600_000, value: ['0xa'] })
    expect([t.channel('p1').count(), t.channel('p2').count(), t.channel('p3').count()]).toEqual([0, 1, 0])
  })

  test('a timeout that was given holds', async () => {
    const t = createTestEngine({ providers: withWallet, options: { isTimeoutGiven: true, timeout: 5_000 } })
    t.channel('p2').hang()
    const request = t.start('eth_accounts')
    const own = t.start('eth_accounts', [], { timeout: 700 })
    await t.clock.advance(5_000)
    expect([request.ended?.at, own.ended?.at]).toEqual([5_000, 700])
    expect(t.channel('p3').count()).toBe(0)
  })

  test.each([
    rpcError(-32601, 'not found'),
    rpcError(-32004, 'not supported'),
    rpcError(4200, 'unsupported'),
    rpcError(4900, 'disconnected'),
    rpcError(4901, 'chain disconnected'),
    networkError(),
  ])('8. $code goes on', async (error) => {
    const t = createTestEngine({ providers: withWallet })
    t.channel('p2').fail(error)
    t.channel('p3').reply('three')
    expect(await t.request('eth_sendTransaction', [{}])).toBe('three')
    expect(t.channel('p1').count()).toBe(0)
  })

  test.each([
    rpcError(4001, 'User rejected'),
    rpcError(-32603, 'Internal error'),
    rpcError(-32000, 'no funds'),
    timeoutError(),
  ])('anything else is final and counts against nobody: $code $name', async (error) => {
    const t = createTestEngine({ providers: withWallet })
    t.channel('p2').fail(error)
    for (let turn = 0; turn < 10; turn++) await errorOf(t, 'eth_sendTransaction', [{}])
    expect([t.channel('p1').count(), t.channel('p2').count(), t.channel('p3').count()]).toEqual([0, 10, 0])
    expect(t.status().providers[1]?.channels.http).toMatchObject({
      breaker: { state: 'closed', failures: 0 },
      latency: {},
    })
  })

  test.each(['eth_sendTransaction', 'eth_sendRawTransaction'])(
    'error: the reason of whoever gives up a send is told as it is, also if it is nothing: %s',
    async (method) => {
      const t = createTestEngine()
      t.channel('p1').hang()
      const controller = new AbortController()
      const seen = t.start(method, ['0x02c0'], { signal: controller.signal })
      await t.clock.advance(10)
      controller.abort(null)
      await t.clock.settle()
      expect([seen.times, seen.ended?.error]).toEqual([1, null])
    },
  )

  test.each([
    [timeoutError(), true, 'The transaction may have been sent.'],
    [networkError(), false, 'The transaction was not sent.'],
    [rpcError(4001, 'User rejected'), false, 'The transaction was not sent.'],
    [rpcError(-32000, 'insufficient funds'), false, 'The transaction was not sent.'],
  ])('error: one line says whether a transaction may have been sent: %s', async (given, mayHaveBeenSent, line) => {
    const t = createTestEngine({ providers: [{ isWallet: true }] })
    t.channel('p1').fail(given)
    const linesOf = ({ message }: Error) => message.split('\n').filter((text) => text.includes('The transaction'))
    // The second time an error that is the same one says no more.
    for (let turn = 0; turn < 2; turn++) {
      const error = await errorOf(t, 'eth_sendTransaction', [{}])
      expect([error.mayHaveBeenSent, linesOf(error)]).toEqual([mayHaveBeenSent, [line]])
    }
  })

  test.each(['eth_sendUserOperation', 'eth_sendBundle', 'eth_sendRawTransactionConditional'])(
    'error: what becomes a transaction may have been sent too: %s',
    async (method) => {
      const t = createTestEngine()
      t.channel('p1').fail(timeoutError())
      const error = await errorOf(t, method, [{}])
      expect([error.mayHaveBeenSent, t.channel('p2').count()]).toEqual([true, 0])
      expect(error.message).toContain('The transaction may have been sent.')
    },
  )

  test('error: given nobody who may be asked to send one, then the error says that it was not sent', async () => {
    const t = createTestEngine({ providers: 1, options: { methods: { eth_sendTransaction: { providers: [] } } } })
    const error = await errorOf(t, 'eth_sendTransaction', [{}])
    expect(error).toMatchObject({ name: 'NoProviderError', mayHaveBeenSent: false })
    expect(error.message).toContain('The transaction was not sent.')
  })

  test('behavior: an open breaker does not keep a wallet from its methods', async () => {
    const t = createTestEngine({ providers: withWallet })
    t.breaker('p2').open(0, 1e9)
    t.channel('p2').reply('two')
    expect(await t.request('eth_accounts')).toBe('two')
    expect(t.breaker('p2').isClosed()).toBe(false)
  })

  test('behavior: a named one is asked first', async () => {
    const t = createTestEngine({ providers: withWallet })
    t.channel('p3').fail(rpcError(4900, 'disconnected'))
    t.channel('p2').reply('two')
    expect(await t.request('eth_accounts', [], { provider: 'p3', allowFailover: true })).toBe('two')
    expect(t.channel('p3').count()).toBe(1)
  })

  test('behavior: a wall gives the order', async () => {
    const t = createTestEngine({
      providers: withWallet,
      options: { methods: { eth_accounts: { providers: ['p3', 'p2'] } } },
    })
    t.channel('p3').reply('three')
    expect(await t.request('eth_accounts')).toBe('three')
  })

  test('behavior: without wallets the list order holds', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(rpcError(-32601, 'not found'))
    t.channel('p2').reply('two')
    expect(await t.request('eth_accounts')).toBe('two')
  })
})

describe('126. exactly one terminal event', () => {
  const event = (t: TestEngine) => {
    const [only, ...more] = t.eventsOf('request')
    expect(more).toEqual([])
    expect(t.eventsOf('attempt').filter(({ id }) => id !== only?.id)).toEqual([])
    return only
  }

  test('success', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(networkError(), { after: 5 })
    t.channel('p2').reply('two', { after: 7 })
    t.start(READ)
    await t.clock.advance(20)
    expect(event(t)).toEqual({
      id: 1,
      method: READ,
      outcome: 'success',
      attempts: 2,
      provider: 'p2',
      channel: 'http',
      duration: 12,
    })
  })

  test('failure', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(rpcError(3, 'execution reverted'), { after: 5 })
    t.start(READ)
    await t.clock.advance(20)
    expect(event(t)).toEqual({
      id: 1,
      method: READ,
      outcome: 'error',
      attempts: 1,
      provider: 'p1',
      channel: 'http',
      duration: 5,
      error: { name: 'RpcRequestError', kind: 'reverted', code: 3 },
    })
    expect(t.status().requests.failed).toBe(1)
  })

  test('failure: of a raw transaction, the provider and the kind are those of the error that is told', async () => {
    const t = createTestEngine({ providers: 2, options: { rounds: 1 } })
    t.channel('p1').fail(rpcError(-32000, 'transaction underpriced'))
    t.channel('p2').fail(networkError())
    await errorOf(t, 'eth_sendRawTransaction', ['0x01'])
    expect(t.eventsOf('request')).toMatchObject([{ provider: 'p1', error: { kind: 'transaction-rejected' } }])
  })

  test('failure: of the provider whose error is told, though another one was asked later', async () => {
    const t = createTestEngine({ options: { rounds: 1 } })
    t.channel('p1').fail(unclear())
    t.channel('p2').fail(networkError())
    t.start(READ)
    await t.clock.advance(20)
    expect(event(t)).toMatchObject({ provider: 'p1', attempts: 2, error: { kind: 'unknown', code: -32000 } })
  })

  test('failure: also of a request that is answered by others', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(rpcError(-32602, 'invalid argument 0'))
    t.start('eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x2' }])
    await t.clock.advance(20)
    expect(event(t)).toMatchObject({ outcome: 'error', provider: 'p1', channel: 'http', error: { code: -32602 } })
  })

  test('timeout', async () => {
    const t = createTestEngine({ providers: 1, options: { timeout: 500 } })
    t.channel('p1').hang()
    t.start(READ)
    await t.clock.advance(1_000)
    expect(event(t)).toEqual({
      id: 1,
      method: READ,
      outcome: 'error',
      attempts: 1,
      provider: 'p1',
      channel: 'http',
      duration: 500,
      error: { name: 'AllProvidersFailedError', kind: 'timeout' },
    })
  })

  test('abort', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    const controller = new AbortController()
    t.start(READ, [], { signal: controller.signal })
    await t.clock.advance(30)
    controller.abort()
    await t.clock.advance(1_000)
    expect(event(t)).toMatchObject({
      outcome: 'aborted',
      attempts: 1,
      provider: 'p1',
      channel: 'http',
      duration: 30,
      error: { name: 'AbortError' },
    })
    expect(t.status().requests.failed).toBe(0)
  })

  test('closed', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    t.start(READ)
    await t.clock.advance(30)
    t.engine.close()
    await t.clock.advance(1_000)
    expect(event(t)).toMatchObject({
      outcome: 'aborted',
      attempts: 1,
      duration: 30,
      error: { name: 'TransportClosedError' },
    })
  })

  test('shared: one for each caller, with one call in all', async () => {
    const t = createTestEngine({ options: { share: true } })
    t.channel('p1').reply('one', { after: 10 })
    const requests = [t.start(READ), t.start(READ), t.start(READ)]
    await t.clock.advance(10)
    expect(requests.map(({ ended }) => ended?.value)).toEqual(['one', 'one', 'one'])
    expect(t.channel('p1').count()).toBe(1)
    const events = t.eventsOf('request')
    expect(events.map(({ outcome, attempts }) => [outcome, attempts]).sort()).toEqual([
      ['success', 0],
      ['success', 0],
      ['success', 1],
    ])
    expect(new Set(events.map(({ id }) => id)).size).toBe(3)
    expect(t.status().requests.total).toBe(3)
  })

  test('local answer', async () => {
    const t = createTestEngine({ options: { chainId: 1, verifyChain: true } })
    t.channel('p1').on('eth_chainId').reply('0x1')
    await t.request(READ)
    expect(await t.request('eth_chainId')).toBe('0x1')
    expect(t.eventsOf('request').at(-1)).toMatchObject({ method: 'eth_chainId', outcome: 'success', attempts: 0 })
    expect(t.channel('p1').count('eth_chainId')).toBe(1)
  })

  test('127. behavior: a listener that throws or rejects changes nothing', async () => {
    const t = createTestEngine()
    for (const name of ['request', 'attempt', 'failover'] as const) {
      t.engine.events.on(name, () => {
        throw new Error('broken')
      })
      t.engine.events.on(name, () => Promise.reject(new Error('broken')))
    }
    t.channel('p1').fail(networkError())
    expect(await t.request(READ)).toBe('0x1')
    await t.clock.settle()
    expect(t.eventsOf('request')).toHaveLength(1)
  })
})

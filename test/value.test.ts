// What `client.transport` is given: names, rules and values, refused before anything is sent.

import { createPublicClient, custom } from 'viem'
import { describe, expect, test } from 'vitest'
import type { EventName } from '../src'
import { failover, TransportClosedError } from '../src'
import { createFleet } from './support/fleet'

const url = 'http://127.0.0.1:1'
const { transport } = createPublicClient({ transport: failover([{ id: 'a', http: url }]) })
const any = transport as any
const READ = { method: 'eth_getBalance', params: [`0x${'11'.repeat(20)}`, 'latest'] }

async function messageOf(run: () => unknown) {
  try {
    await run()
  } catch (error) {
    expect(error).toMatchObject({ name: 'InvalidOptionsError' })
    return (error as Error).message
  }
  return 'accepted'
}

describe('request', () => {
  test.each<[unknown, string]>([
    [{ providers: 'b' }, 'Option `options.providers` is not an option here'],
    [{ provider: 'b' }, 'Option `options.provider` must be the id of a provider'],
    [
      { abortSignal: AbortSignal.abort() },
      'is not an option here (there are provider, channel, strategy, timeout, exclude, allowFailover, signal), but it is a signal.',
    ],
    [{ signal: 5 }, 'Option `options.signal` must be an AbortSignal, but it is 5.'],
    [{ signal: null }, 'Option `options.signal` must be an AbortSignal, but it is null.'],
    [5_000, 'Option `options` must be an object, but it is 5000.'],
    [0, 'Option `options` must be an object, but it is 0.'],
    [null, 'Option `options` must be an object, but it is null.'],
    [['a'], 'Option `options` must be an object, but it is an array.'],
    [AbortSignal.abort(), 'Option `options` must be an object, but it is a signal (give { signal }).'],
  ])('error: options %j', async (options, message) => {
    expect(await messageOf(() => any.request(READ, options))).toContain(message)
  })

  test('error: a request without a method, or whose method throws, is rejected', async () => {
    for (const given of [null, {}, { method: 5 }])
      expect(await messageOf(() => any.request(given))).toContain('Option `method` must be a text')
    const spoiled = {
      get method() {
        throw new Error('spoiled')
      },
    }
    const asked = any.request(spoiled)
    await expect(asked).rejects.toThrow('spoiled')
  })

  test('behavior: what viem’s clients add says nothing, nor does what is undefined', async () => {
    await using fleet = await createFleet(1)
    const client = createPublicClient({ transport: failover([fleet.providers[0].url]) })
    const viems = { dedupe: true, methods: { include: ['eth_call'] }, retryCount: 0, retryDelay: 5, uid: 'x' }
    for (const options of [viems, {}, undefined, { provider: undefined, providers: undefined, signal: undefined }])
      expect(await (client.transport.request as any)(READ, options)).toMatch(/^0x/)
    await client.transport.close()
  })
})

describe('streams', () => {
  test.each<[string, unknown, string]>([
    ['heads', { sgnal: 5 }, 'Option `sgnal` is not an option here (there are signal)'],
    ['heads', { signal: 5 }, 'Option `signal` must be an AbortSignal, but it is 5.'],
    ['heads', 5, 'Option `options` must be an object, but it is 5.'],
    ['heads', AbortSignal.abort(), 'Option `options` must be an object, but it is a signal (give { signal }).'],
    ['ready', AbortSignal.abort(), 'Option `options` must be an object, but it is a signal (give { signal }).'],
    ['ready', { signal: 'now' }, 'Option `signal` must be an AbortSignal, but it is "now".'],
    ['ready', { timeout: 5 }, 'Option `timeout` is not an option here'],
    ['subscribe', undefined, 'Option `options` must be an object, but it is undefined.'],
    ['subscribe', { params: ['newHeads'], onData: 5 }, 'Option `onData` must be a function, but it is 5.'],
    ['subscribe', { params: ['newHeads'] }, 'Option `onData` must be a function, but it is undefined.'],
    ['subscribe', { params: ['newHeads'], onData() {}, onError: {} }, 'Option `onError` must be a function'],
  ])('error: %s(%j)', async (name, options, message) => {
    expect(await messageOf(() => any[name](options))).toContain(message)
  })

  test.each<[unknown, string]>([
    [{ confirmation: 1 }, 'Option `confirmation` is not an option here (there are signal, fromBlock, confirmations)'],
    [{ confirmations: -1 }, 'Option `confirmations` must be a whole number of 0 or more, but it is -1.'],
    [{ fromBlock: 5 }, 'Option `fromBlock` must be a bigint of 0 or more, but it is 5.'],
    [{ fromBlock: -5n }, 'Option `fromBlock` must be a bigint of 0 or more, but it is -5n.'],
    [{ signal: {} }, 'Option `signal` must be an AbortSignal, but it is an object.'],
    [AbortSignal.abort(), 'Option `options` must be an object, but it is a signal (give { signal }).'],
  ])('error: logs({}, %o)', async (options, message) => {
    expect(await messageOf(() => any.logs({}, options))).toContain(message)
  })

  test('behavior: those of a later viem are none of ours', async () => {
    const given = { params: ['logs', { address: 'x' }], onData() {}, method: 'eth_subscribe' }
    expect(await messageOf(() => any.subscribe(given))).toContain('`params[1].address` must be an address')
  })
})

describe('breaker', () => {
  test('error: open() for a time that is none', async () => {
    for (const ms of [-1, Number.NaN, '5', null])
      expect(await messageOf(() => any.breaker('a', 'http').open(ms))).toContain('`ms` must be a number of 0 or more')
    expect(transport.breaker('a', 'http').state).toBe('closed')
  })

  test('behavior: for ever, which is told without a time, as `Infinity` is no JSON', () => {
    const breaker = transport.breaker('a', 'http')
    const told: unknown[] = []
    const off = transport.on('breaker', (event) => told.push(event))
    breaker.open(Infinity)
    expect(breaker.state).toBe('open')
    breaker.close()
    off()
    expect(told).toEqual([
      { provider: 'a', channel: 'http', from: 'closed', to: 'open' },
      { provider: 'a', channel: 'http', from: 'open', to: 'closed' },
    ])
  })
})

describe('close', () => {
  test.each(['a listener', 'onError'])('behavior: a client made by %s meanwhile has a new engine', async (by) => {
    let answer: Promise<string> = new Promise(() => {})
    const block = { number: '0x64', hash: `0x${'aa'.repeat(32)}`, parentHash: `0x${'bb'.repeat(32)}` }
    const answers: Record<string, unknown> = { eth_blockNumber: '0x64', eth_getBlockByNumber: block }
    const node = custom({ request: async ({ method }) => answers[method] ?? answer })
    const made = failover([{ id: 'a', http: node, wallet: false }])
    const first = createPublicClient({ transport: made }).transport
    const remade: Promise<unknown>[] = []
    const remake = () => {
      answer = Promise.resolve('0x2a')
      remade.push(createPublicClient({ transport: made }).transport.request(READ))
    }
    const pending = first.request(READ)
    if (by === 'a listener') first.on('request', remake)
    else await first.subscribe({ params: ['newHeads'], onData() {}, onError: remake })
    await Promise.all([first.close(), expect(pending).rejects.toThrow(TransportClosedError)])
    expect(await Promise.all(remade)).toEqual(['0x2a'])
    const second = createPublicClient({ transport: made }).transport
    expect(await second.request(READ)).toBe('0x2a')
    await second.close()
  })
})

describe('on', () => {
  const names: Record<EventName, true> = {
    request: true,
    attempt: true,
    failover: true,
    breaker: true,
    limit: true,
    capability: true,
    connection: true,
    subscription: true,
    gap: true,
    head: true,
    reorg: true,
    dispute: true,
  }

  test('default: every event', async () => {
    for (const name of Object.keys(names)) expect(await messageOf(() => any.on(name, () => {})())).toBe('accepted')
  })

  test('error: another name, and no listener', async () => {
    expect(await messageOf(() => any.on('breakr', () => {}))).toMatch(
      /^Option `event` must be one of request, .*, dispute, but it is "breakr"/,
    )
    expect(await messageOf(() => any.on('breaker', undefined))).toContain('Option `listener` must be a function')
  })
})

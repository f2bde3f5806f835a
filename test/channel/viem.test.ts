// A channel over any viem transport: its request below viem's own retries, what it subscribes to, what is secret in it.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BaseError, custom, fallback, http, webSocket } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test, vi } from 'vitest'
import type { UpstreamSubscription } from '../../src/channel/channel'
import { createViemChannel, secretsOfTransport } from '../../src/channel/viem'
import { InvalidResponseError } from '../../src/errors'
import { errorOf } from '../support/rejection'
import { afterwards, listen } from './loopback'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const call = { method: 'eth_call', params: [{ to: '0xabc' }, 'latest'] }

function make(request: (...args: any[]) => any) {
  return createViemChannel({
    transport: custom({ request })({ retryCount: 3 }),
    type: 'http',
    provider: 'one',
  })
}

/** A server that answers with a body, or never. */
const serve = (answer: (id: number) => unknown) =>
  listen(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const body = answer(JSON.parse(text).id)
    if (body !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })

describe('createViemChannel', () => {
  test('default', async () => {
    const calls: unknown[][] = []
    const channel = make(async (...args) => {
      calls.push(args)
      return '0x1'
    })
    expect(await channel.request(call)).toBe('0x1')
    expect(calls).toEqual([[call]])
    expect(channel.type).toBe('http')
    channel.close()
  })

  test('default: a real http() transport', async () => {
    const { url } = await serve((id) => ({ id, result: '0x2' }))
    const channel = createViemChannel({ transport: http(url)({ chain: mainnet }), type: 'http', provider: 'one' })
    expect(await channel.request(call, { signal: new AbortController().signal })).toBe('0x2')
  })

  test('behavior: asked once, below the retries of the transport', async () => {
    let count = 0
    const channel = make(async () => {
      count++
      throw Object.assign(new Error('busy'), { code: -32603 })
    })
    expect(await errorOf(channel.request(call))).toMatchObject({ name: 'Error', code: -32603, message: 'busy' })
    expect(count).toBe(1)
  })

  test('behavior: a signal is handed on if there is one', async () => {
    const calls: unknown[][] = []
    const channel = make(async (...args) => {
      calls.push(args)
      return 1
    })
    const { signal } = new AbortController()
    await channel.request(call, { signal })
    await channel.request(call, {})
    expect(calls).toEqual([[call, { signal }], [call]])
  })

  test.each([
    ['http', http('http://127.0.0.1:9'), 'any'],
    ['fallback', fallback([http('http://127.0.0.1:9')]), 'any'],
    ['webSocket', webSocket('ws://127.0.0.1:9'), undefined],
    ['custom', custom({ request: async () => 1 }), undefined],
  ])('behavior: the signals that %s takes', (_, transport, signals) => {
    expect(createViemChannel({ transport: transport({}), type: 'http', provider: 'one' }).signals).toBe(signals)
  })

  test.each([
    ['http', http],
    ['fallback', (url: string) => fallback([fallback([http(url)])])],
  ])('behavior: an abort ends a hanging %s at once, with the reason', async (_, transport) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const { server, url } = await serve(() => undefined)
    const closed = new Promise((resolve) =>
      server.on('request', (_, response) => {
        response.on('close', resolve)
        controller.abort(reason)
      }),
    )
    const channel = createViemChannel({ transport: transport(url)({}), type: 'http', provider: 'one' })
    expect(await errorOf(channel.request(call, { signal: controller.signal }))).toBe(reason)
    await closed
  })

  test.each([
    ['http', http],
    ['fallback', (url: string, options: object) => fallback([http(url, options)])],
  ])('behavior: %s makes its batches of calls that can be given up one by one', async (_, transport) => {
    const bodies: number[] = []
    const server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const calls = JSON.parse(text) as { id: number }[]
      bodies.push(calls.length)
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(calls.map(({ id }) => ({ id, result: 1 }))))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterwards(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const made = transport(url, { batch: { wait: 300 } })({})
    const channel = createViemChannel({ transport: made, type: 'http', provider: 'one' })
    const ask = () => channel.request(call, { signal: new AbortController().signal })
    const asked = [ask(), ask(), ask()]
    await turn()
    expect(await Promise.all([...asked, ask(), ask()])).toEqual([1, 1, 1, 1, 1])
    expect(bodies).toEqual([5])
  })

  test('behavior: null, false, 0 and empty are results', async () => {
    for (const result of [null, false, 0, '', []]) expect(await make(async () => result).request(call)).toBe(result)
  })

  test('behavior: no promise at all', async () => {
    expect(await make(() => 7).request(call)).toBe(7)
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    expect(await make(() => ({ then: (resolve: (value: number) => void) => resolve(8) })).request(call)).toBe(8)
  })

  test('error: a transport that throws at once is a rejection with that error', async () => {
    const error = Object.assign(new Error('denied'), { code: 4001 })
    const channel = make(() => {
      throw error
    })
    expect(await errorOf(channel.request(call))).toBe(error)
  })

  test('error: whatever is thrown comes through', async () => {
    for (const thrown of [undefined, 'text', { code: 4001, message: 'denied', data: { any: 1 } }]) {
      expect(await errorOf(make(() => Promise.reject(thrown)).request(call))).toBe(thrown)
    }
  })

  test('error: undefined is no result', async () => {
    const error = await errorOf(make(async () => undefined).request(call))
    expect(error).toBeInstanceOf(InvalidResponseError)
    expect(error.metaMessages).toEqual(['Provider: one', 'Method: eth_call', 'Reason: no result'])
  })

  test('behavior: undefined is a result of methods of wallets', async () => {
    const channel = make(async () => undefined)
    expect(await channel.request({ method: 'wallet_addEthereumChain' })).toBe(undefined)
    expect((await errorOf(channel.request(call))).name).toBe('InvalidResponseError')
  })

  test("error: viem's errors carry id and method", async () => {
    const { url } = await serve((id) => ({ id, error: { code: 3, message: 'reverted', data: '0x08' } }))
    const channel = createViemChannel({ transport: http(`${url}/secret-path`)({}), type: 'http', provider: 'one' })
    const error = await errorOf(channel.request(call))
    expect(error).toBeInstanceOf(BaseError)
    expect(error).toMatchObject({ name: 'RpcRequestError', code: 3, data: '0x08', details: 'reverted', url: 'one' })
    expect(error.metaMessages).toEqual(['URL: one', 'Request body: {"method":"eth_call"}'])
  })
})

describe('subscribe', () => {
  /** A socket of viem's that confirms when it is told to. */
  function setUp() {
    let confirm = () => {}
    const [unsubscribe, subscribe] = [vi.fn(async () => true), vi.fn()]
    subscribe.mockImplementation(
      () =>
        new Promise((resolve) => {
          confirm = () => resolve({ subscriptionId: '0xa', unsubscribe })
        }),
    )
    const getRpcClient = async () => ({ socket: { readyState: 1 } })
    const transport = { ...custom({ request: async () => 1 })({}), value: { subscribe, getRpcClient } } as any
    const channel = createViemChannel({ transport, type: 'ws', provider: 'one' })
    const controller = new AbortController()
    const sink = { onData() {}, onError() {} }
    return {
      subscribe,
      unsubscribe,
      controller,
      confirm: () => confirm(),
      asked: channel.subscribe?.(['newHeads'], sink, { signal: controller.signal }) as Promise<UpstreamSubscription>,
    }
  }

  test('default: confirmed; an abort after that is not its business', async () => {
    const { asked, confirm, controller, unsubscribe } = setUp()
    await turn()
    confirm()
    await asked
    controller.abort()
    await turn()
    expect(unsubscribe).not.toHaveBeenCalled()
  })

  test('behavior: an abort ends one that hangs, with the reason; its late confirmation is unsubscribed', async () => {
    const { asked, confirm, controller, unsubscribe } = setUp()
    await turn()
    const reason = new Error('enough')
    controller.abort(reason)
    expect([await errorOf(asked), unsubscribe.mock.calls.length]).toEqual([reason, 0])
    confirm()
    await turn()
    expect(unsubscribe).toHaveBeenCalledTimes(1)
  })

  test('behavior: aborted before its socket is there, it is never sent', async () => {
    const { asked, controller, subscribe } = setUp()
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await errorOf(asked)).toBe(reason)
    await turn()
    expect(subscribe).not.toHaveBeenCalled()
  })
})

describe('secretsOfTransport', () => {
  test('default', () => {
    const one = http('http://one', { fetchOptions: { headers: { a: '1', b: '2' } } })
    const two = http('http://two', { fetchOptions: { headers: [['a', '3']] } })
    const three = http('http://three', { fetchOptions: { headers: new Headers({ a: '4' }) } })
    const transport = fallback([
      one,
      fallback([two, three]),
      webSocket('ws://four'),
      custom({ request: async () => 1 }),
    ])
    expect(secretsOfTransport(transport({}))).toEqual({
      urls: ['http://one', 'http://two', 'http://three'],
      headers: ['1', '2', '3', '4'],
    })
  })

  test('behavior: nothing to see, endless nesting', () => {
    expect(secretsOfTransport(undefined)).toEqual({ urls: [], headers: [] })
    const endless: any = { value: { url: 'http://one', transports: [] } }
    endless.value.transports.push(endless)
    expect(new Set(secretsOfTransport(endless).urls)).toEqual(new Set(['http://one']))
  })
})

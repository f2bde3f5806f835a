// The EIP-1193 provider over a scripted transport: the order of ids and events, and what is told of the connection.

import { InternalRpcError, RpcRequestError } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test, vi } from 'vitest'
import type { FailoverValue, Status, SubscribeOptions } from '../../src'
import { AllProvidersFailedError, createProvider, failover, TransportClosedError } from '../../src'

type BreakerListener = (event: { to: string }) => void

const dark = () => new AllProvidersFailedError({ method: 'eth_blockNumber', attempts: [] })
const rpcError = (code: number, data?: unknown) =>
  new RpcRequestError({
    body: {},
    url: 'p1',
    error: { code, message: 'no', ...(data !== undefined && { data }) } as never,
  })

/** All promises that can settle have settled, and timers of this turn have fired. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

/** A transport of which each call is answered by hand, or by `answers`. */
function createSource(answers: Record<string, unknown> = {}) {
  const calls: { method: string; params?: unknown }[] = []
  const upstreams: (SubscribeOptions & { confirm(): void; refuse(error: Error): void; ended: number })[] = []
  const watchers = new Set<BreakerListener>()
  const states: Record<string, string> = { p1: 'closed', p2: 'closed' }
  const closed = vi.fn()
  const script = {
    async request(args: { method: string; params?: unknown }) {
      calls.push(args)
      const answer = answers[args.method]
      const value = typeof answer === 'function' ? answer() : answer
      if (value instanceof Error) throw value
      return value
    },
    subscribe: (options: SubscribeOptions) =>
      new Promise((resolve, reject) => {
        const upstream = {
          ...options,
          // Every one has the same id: a shared stream may have.
          confirm: () =>
            resolve({
              subscriptionId: '0x5',
              async unsubscribe() {
                upstream.ended++
                throw new Error('the socket is gone')
              },
            }),
          refuse: reject,
          ended: 0,
        }
        upstreams.push(upstream)
      }),
    on(_name: string, listener: BreakerListener) {
      watchers.add(listener)
      return () => void watchers.delete(listener)
    },
    status: () => ({
      providers: Object.entries(states).map(([id, state]) => ({
        id,
        wrongChain: false,
        channels: { http: { breaker: { state } } },
      })),
    }),
    close: closed,
  }
  return {
    calls,
    answers,
    upstreams,
    watchers,
    closed,
    asked: () => calls.map(({ method }) => method),
    breaker(id: string, to: string) {
      states[id] = to
      for (const watcher of watchers) watcher({ to })
    },
    client: { transport: script as unknown as FailoverValue & { status(): Status } },
  }
}

function createWatched(answers?: Record<string, unknown>) {
  const source = createSource(answers)
  const provider = createProvider(source.client)
  const told: unknown[] = []
  provider.on('connect', ({ chainId }) => told.push(`connect ${chainId}`))
  provider.on('disconnect', ({ code, cause }) => told.push(`disconnect ${code} ${(cause as Error).name}`))
  provider.on('chainChanged', (chainId) => told.push(`chainChanged ${chainId}`))
  return { source, provider, told }
}

async function createSubscribed(count = 1) {
  const source = createSource()
  const provider = createProvider(source.client)
  const messages: any[] = []
  provider.on('message', (message) => messages.push(message))
  const asked = Array.from({ length: count }, () =>
    provider.request<`0x${string}`>({ method: 'eth_subscribe', params: ['newHeads'] }),
  )
  await turn()
  for (const { confirm } of source.upstreams) confirm()
  const ids = await Promise.all(asked)
  await turn()
  return { source, provider, messages, ids }
}

const push = (result: unknown) => ({ subscription: '0x5' as const, result })
const resultsOf = (messages: any[]) => messages.map(({ data }) => data.result ?? data.error.name)

describe('request', () => {
  test('default: method and params go to the transport, and nothing else', async () => {
    const source = createSource({ eth_call: '0x01' })
    const provider = createProvider(source.client)
    const payload = { jsonrpc: '2.0', id: 7, method: 'eth_call', params: [{}] }
    expect(await provider.request(payload)).toBe('0x01')
    expect(source.calls).toEqual([{ method: 'eth_call', params: [{}] }])
    // web3.js tells providers apart by that.
    expect(provider.request.constructor.name).toBe('AsyncFunction')
  })

  test('error: what the transport throws, the same object', async () => {
    const error = dark()
    const provider = createProvider(createSource({ eth_call: error }).client)
    await expect(provider.request({ method: 'eth_call' })).rejects.toBe(error)
  })

  test('error: code and data at the top, also where viem leaves the data to the cause', async () => {
    const inner = rpcError(-32603, '0x08c379a0')
    const frozen = Object.freeze(new InternalRpcError(inner))
    const answers = {
      eth_call: rpcError(3, '0xaa'),
      eth_estimateGas: new InternalRpcError(inner),
      eth_gasPrice: frozen,
    }
    const provider = createProvider(createSource(answers).client)
    await expect(provider.request({ method: 'eth_call' })).rejects.toMatchObject({ code: 3, data: '0xaa' })
    await expect(provider.request({ method: 'eth_estimateGas' })).rejects.toMatchObject({
      name: 'InternalRpcError',
      code: -32603,
      data: '0x08c379a0',
    })
    await expect(provider.request({ method: 'eth_gasPrice' })).rejects.toBe(frozen)
  })

  test('error: no method', async () => {
    const provider = createProvider(createSource().client)
    for (const args of [undefined, null, {}, { method: 5 }])
      await expect(provider.request(args as never)).rejects.toThrow('Option `method` must be a text')
  })
})

describe('createProvider', () => {
  test('error: neither a transport nor a client of ours, or no chain', () => {
    const make = createProvider as (...args: unknown[]) => unknown
    for (const from of [undefined, null, {}, { transport: {} }, 'https://a.example'])
      expect(() => make(from)).toThrow('Option `client` must be a client over failover()')
    const transport = failover(['https://a.example'])
    for (const options of [undefined, {}, { chain: {} }, { chain: 1 }])
      expect(() => make(transport, options)).toThrow('Option `chain` must be a chain of viem')
    expect(() => make(() => ({ config: {} }), { chain: mainnet })).toThrow('must be what failover() returned')
  })
})

describe('eth_subscribe', () => {
  test('behavior: an event that arrives before the id is known is held until it is', async () => {
    const source = createSource()
    const provider = createProvider(source.client)
    const known = new Set<string>()
    const seen: unknown[] = []
    provider.on('message', ({ type, data }) => {
      if (type === 'eth_subscription') seen.push([known.has(data.subscription), data.result])
    })
    const register = async () => {
      const id = await provider.request<string>({ method: 'eth_subscribe', params: ['newHeads'] })
      // As it is in ethers, web3.js and viem: promises around promises until somebody notes the id.
      for (let layer = 0; layer < 200; layer++) await undefined
      known.add(id)
    }
    const registered = register()
    await turn()
    const [upstream] = source.upstreams
    upstream?.onData(push(1))
    upstream?.confirm()
    upstream?.onData(push(2))
    await registered
    upstream?.onData(push(3))
    expect(seen).toEqual([])
    await turn()
    upstream?.onData(push(4))
    expect(seen).toEqual([1, 2, 3, 4].map((result) => [true, result]))
  })

  test('behavior: while it is held the source may wait', async () => {
    const source = createSource()
    const provider = createProvider(source.client)
    const asked = provider.request({ method: 'eth_subscribe', params: ['newHeads'] })
    await turn()
    const [upstream] = source.upstreams
    let isReleased = false
    const waited = Promise.resolve(upstream?.onData(push(1))).then(() => {
      isReleased = true
    })
    upstream?.confirm()
    await asked
    expect(isReleased).toBe(false)
    await waited
    expect(upstream?.onData(push(2))).toBe(undefined)
  })

  test('behavior: ids are unique here, whatever the source calls its streams', async () => {
    const { source, messages, ids } = await createSubscribed(3)
    expect(new Set(ids).size).toBe(3)
    for (const [index, { onData }] of source.upstreams.entries()) onData(push(index))
    expect(messages).toEqual(
      ids.map((subscription, result) => ({ type: 'eth_subscription', data: { subscription, result } })),
    )
    expect(source.upstreams.map(({ params }) => params)).toEqual([['newHeads'], ['newHeads'], ['newHeads']])
  })

  test('behavior: what a source has to tell is told, and the stream goes on', async () => {
    const { source, provider, messages, ids } = await createSubscribed()
    const [upstream] = source.upstreams
    const gap = new Error('gap')
    upstream?.onError?.(gap)
    upstream?.onData(push(1))
    const closed = new TransportClosedError()
    upstream?.onError?.(closed)
    upstream?.onData(push(2))
    expect(messages).toEqual([
      { type: 'eth_subscription_error', data: { id: ids[0], error: gap } },
      { type: 'eth_subscription', data: { subscription: ids[0], result: 1 } },
      { type: 'eth_subscription_error', data: { id: ids[0], error: closed } },
    ])
    expect(await provider.request({ method: 'eth_unsubscribe', params: ids })).toBe(false)
  })

  test('behavior: what is told while it is held keeps its place', async () => {
    const source = createSource()
    const provider = createProvider(source.client)
    const messages: any[] = []
    provider.on('message', (message) => messages.push(message))
    const asked = provider.request({ method: 'eth_subscribe', params: ['newHeads'] })
    await turn()
    const [upstream] = source.upstreams
    upstream?.onData(push(1))
    upstream?.confirm()
    await asked
    upstream?.onError?.(new Error('gap'))
    upstream?.onData(push(2))
    upstream?.onError?.(new TransportClosedError())
    upstream?.onData(push(3))
    await turn()
    expect(resultsOf(messages)).toEqual([1, 'Error', 2, 'TransportClosedError'])
  })

  test('error: what the source refuses', async () => {
    const source = createSource()
    const provider = createProvider(source.client)
    const asked = provider.request({ method: 'eth_subscribe' })
    await turn()
    const error = rpcError(-32602)
    source.upstreams[0]?.refuse(error)
    await expect(asked).rejects.toBe(error)
    expect(source.upstreams[0]?.params).toEqual([])
  })
})

describe('eth_unsubscribe', () => {
  test('default: true, then false; nothing comes any more; the source hears of it once', async () => {
    const { source, provider, messages, ids } = await createSubscribed(2)
    const end = () => provider.request({ method: 'eth_unsubscribe', params: [ids[0]] })
    expect(await Promise.all([end(), end()])).toEqual([true, false])
    expect(await end()).toBe(false)
    for (const { onData } of source.upstreams) onData(push(1))
    expect(messages.map(({ data }) => data.subscription)).toEqual([ids[1]])
    expect(source.upstreams.map(({ ended }) => ended)).toEqual([1, 0])
    expect(source.asked()).toEqual([])
  })

  test('behavior: in a listener, while held events are given out', async () => {
    const source = createSource()
    const provider = createProvider(source.client)
    const seen: unknown[] = []
    provider.on('message', (message) => {
      if (message.type !== 'eth_subscription') return
      seen.push(message.data.result)
      void provider.request({ method: 'eth_unsubscribe', params: [message.data.subscription] })
    })
    const asked = provider.request({ method: 'eth_subscribe', params: ['newHeads'] })
    await turn()
    for (const result of [1, 2]) source.upstreams[0]?.onData(push(result))
    source.upstreams[0]?.confirm()
    await asked
    await turn()
    expect([seen, source.upstreams[0]?.ended]).toEqual([[1], 1])
  })

  test('behavior: before the first event was given out', async () => {
    const source = createSource()
    const provider = createProvider(source.client)
    const seen = vi.fn()
    provider.on('message', seen)
    const asked = provider.request({ method: 'eth_subscribe', params: ['newHeads'] })
    await turn()
    source.upstreams[0]?.onData(push(1))
    source.upstreams[0]?.confirm()
    expect(await provider.request({ method: 'eth_unsubscribe', params: [await asked] })).toBe(true)
    await turn()
    expect(seen).not.toHaveBeenCalled()
  })

  test.each([[undefined], [[]], [['0x2']], [['0x0']], [['0x01']], [['1']], [[1]], [['nonsense']], [{}]])(
    'error: %j was never given out',
    async (params) => {
      const { provider } = await createSubscribed()
      await expect(provider.request({ method: 'eth_unsubscribe', params })).rejects.toMatchObject({
        code: 4200,
        shortMessage: 'There is no subscription of this id.',
      })
    },
  )
})

describe('on and removeListener', () => {
  test('behavior: a listener that throws or rejects harms nobody', async () => {
    const { source, provider, messages } = await createSubscribed()
    provider.on('message', () => {
      throw new Error('mine')
    })
    provider.on('message', async () => {
      throw new Error('mine')
    })
    const after = vi.fn()
    provider.on('message', after)
    for (const result of [1, 2]) source.upstreams[0]?.onData(push(result))
    await turn()
    expect(resultsOf(messages)).toEqual([1, 2])
    expect(after).toHaveBeenCalledTimes(2)
  })

  test('behavior: one that was added twice is called twice, and taken away one by one', async () => {
    const { source, provider } = await createSubscribed()
    const listener = vi.fn()
    const counts = [provider.on, provider.on, provider.removeListener, provider.removeListener, provider.removeListener]
    const seen = counts.map((change) => {
      change('message', listener)
      listener.mockClear()
      source.upstreams[0]?.onData(push(1))
      return listener.mock.calls.length
    })
    expect(seen).toEqual([1, 2, 1, 0, 0])
  })
})

describe('connect, disconnect, chainChanged', () => {
  test('default: without a listener nothing is asked and nothing watched', async () => {
    const source = createSource({ eth_gasPrice: '0x1' })
    const provider = createProvider(source.client)
    provider.on('message', () => {})
    provider.on('accountsChanged', () => {})
    await provider.request({ method: 'eth_gasPrice' })
    await turn()
    expect([source.asked(), source.watchers.size]).toEqual([['eth_gasPrice'], 0])
  })

  test('default: one question, told once, however much is asked', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1', eth_gasPrice: '0x1' })
    await Promise.all([1, 2, 3].map(() => provider.request({ method: 'eth_gasPrice' })))
    await turn()
    await provider.request({ method: 'eth_chainId' })
    expect(told).toEqual(['connect 0x1'])
    expect(source.asked().filter((method) => method === 'eth_chainId')).toHaveLength(2)
  })

  test('behavior: nothing answers, then something does, then nothing again', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: dark, eth_blockNumber: dark, eth_call: dark })
    const call = () => provider.request({ method: 'eth_call' }).catch(() => {})
    await turn()
    await call()
    await call()
    await turn()
    expect(told).toEqual(['disconnect 4900 AllProvidersFailedError'])
    Object.assign(source.answers, { eth_chainId: '0x1', eth_blockNumber: '0x5', eth_call: '0x' })
    await call()
    await call()
    await turn()
    expect(told.slice(1)).toEqual(['connect 0x1'])
    Object.assign(source.answers, { eth_blockNumber: dark, eth_call: dark })
    await Promise.all([call(), call()])
    await turn()
    await call()
    await turn()
    expect(told.slice(2)).toEqual(['disconnect 4900 AllProvidersFailedError'])
  })

  test('behavior: one request that nobody could answer is not yet a lost connection', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1', eth_blockNumber: '0x5', trace_block: dark })
    await turn()
    await provider.request({ method: 'trace_block' }).catch(() => {})
    await turn()
    expect(told).toEqual(['connect 0x1'])
    expect(source.asked()).toEqual(['eth_chainId', 'trace_block', 'eth_blockNumber'])
  })

  test.each([
    ['an error of a provider', rpcError(-32000)],
    ['an error that proves nothing', new Error('mine')],
  ])('behavior: %s is no lost connection', async (_, error) => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1', eth_call: error })
    await turn()
    await provider.request({ method: 'eth_call' }).catch(() => {})
    await turn()
    expect([told, source.asked()]).toEqual([['connect 0x1'], ['eth_chainId', 'eth_call']])
  })

  test('behavior: breakers that open make it ask, once all are open', async () => {
    const { source, told } = createWatched({ eth_chainId: '0x1', eth_blockNumber: dark })
    await turn()
    source.breaker('p1', 'open')
    await turn()
    expect(source.asked()).toEqual(['eth_chainId'])
    source.breaker('p2', 'open')
    source.breaker('p1', 'half-open')
    await turn()
    source.breaker('p1', 'open')
    await turn()
    expect([told, source.asked()]).toEqual([
      ['connect 0x1', 'disconnect 4900 AllProvidersFailedError'],
      ['eth_chainId', 'eth_blockNumber'],
    ])
    source.answers.eth_blockNumber = '0x5'
    source.breaker('p1', 'closed')
    await turn()
    expect(told.slice(2)).toEqual(['connect 0x1'])
  })

  test('behavior: given a request that nobody could answer while all breakers are open, then that is told at once', async () => {
    const { source, provider, told } = createWatched({
      eth_chainId: '0x1',
      eth_blockNumber: () => new Promise(() => {}),
      eth_call: dark,
    })
    await turn()
    source.breaker('p1', 'open')
    source.breaker('p2', 'open')
    await provider.request({ method: 'eth_call' }).catch(() => {})
    await turn()
    expect(told).toEqual(['connect 0x1', 'disconnect 4900 AllProvidersFailedError'])
  })

  test('behavior: an event of a subscription makes it ask while it is disconnected', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: dark })
    const asked = provider.request({ method: 'eth_subscribe', params: ['newHeads'] })
    await turn()
    source.upstreams[0]?.confirm()
    await asked
    await turn()
    source.answers.eth_chainId = '0x1'
    source.upstreams[0]?.onData(push(1))
    source.upstreams[0]?.onData(push(2))
    await turn()
    source.upstreams[0]?.onData(push(3))
    await turn()
    expect(told).toEqual(['disconnect 4900 AllProvidersFailedError', 'connect 0x1'])
    expect(source.asked()).toEqual(['eth_chainId', 'eth_chainId'])
  })

  test('behavior: another chain id is told, by whomever it was asked for', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1', wallet_switchEthereumChain: null })
    await turn()
    source.answers.eth_chainId = '0x5'
    expect(await provider.request({ method: 'eth_chainId' })).toBe('0x5')
    await turn()
    await provider.request({ method: 'eth_chainId' })
    source.answers.eth_chainId = '0xa'
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: '0xa' }] })
    await turn()
    expect(told).toEqual(['connect 0x1', 'chainChanged 0x5', 'chainChanged 0xa'])
  })

  test('behavior: an old answer that comes late, or a switch while it asks, does not go back and forth', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1', wallet_switchEthereumChain: null })
    await turn()
    const waiting: ((id: string) => void)[] = []
    source.answers.eth_chainId = () => new Promise<string>((resolve) => waiting.push(resolve))
    const old = provider.request({ method: 'eth_chainId' })
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: '0x5' }] })
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: '0xa' }] })
    // Our question, asked after the first switch, answered after the second one.
    waiting[1]?.('0x5')
    await turn()
    waiting[2]?.('0xa')
    await turn()
    waiting[0]?.('0x1')
    await old
    await turn()
    waiting[3]?.('0xa')
    await turn()
    expect(told).toEqual(['connect 0x1', 'chainChanged 0x5', 'chainChanged 0xa'])
    expect(waiting).toHaveLength(4)
  })

  test('behavior: what is no chain id connects nobody, and is not asked for again and again', async () => {
    const { source, told } = createWatched({ eth_chainId: 'nonsense' })
    await turn()
    await turn()
    expect([told, source.asked()]).toEqual([[], ['eth_chainId']])
  })

  test('behavior: with the last listener it stops to look, with a new one it goes on', async () => {
    const source = createSource({ eth_chainId: '0x1', eth_blockNumber: dark, eth_call: dark })
    const provider = createProvider(source.client)
    const told: unknown[] = []
    const listener = ({ code }: { code: number }) => told.push(code)
    provider.on('disconnect', listener)
    await turn()
    provider.removeListener('disconnect', listener)
    expect(source.watchers.size).toBe(0)
    await provider.request({ method: 'eth_call' }).catch(() => {})
    expect(source.asked()).toEqual(['eth_chainId', 'eth_call'])
    provider.on('disconnect', listener)
    expect(source.watchers.size).toBe(1)
    await provider.request({ method: 'eth_call' }).catch(() => {})
    await turn()
    expect(told).toEqual([4900])
  })
})

describe('close', () => {
  test('default: every subscription is ended, later requests are refused, the engine of a client goes on', async () => {
    const { source, provider, messages, ids } = await createSubscribed(2)
    const opening = provider.request({ method: 'eth_subscribe', params: ['newHeads'] })
    await turn()
    await Promise.all([provider.close(), provider.close()])
    await expect(opening).rejects.toMatchObject({ name: 'TransportClosedError' })
    source.upstreams[2]?.confirm()
    await turn()
    for (const { onData, onError } of source.upstreams) {
      onData(push(1))
      onError?.(new Error('late'))
    }
    expect(messages).toEqual([])
    expect(source.upstreams.map(({ ended }) => ended)).toEqual([1, 1, 1])
    for (const request of [{ method: 'eth_call' }, { method: 'eth_unsubscribe', params: ids }])
      await expect(provider.request(request)).rejects.toMatchObject({ name: 'TransportClosedError', code: 4900 })
    expect([source.closed.mock.calls.length, source.asked()]).toEqual([0, []])
  })

  test('behavior: told as `disconnect`, once, and nothing after it', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1' })
    await turn()
    await provider.close()
    provider.on('connect', () => told.push('again'))
    await turn()
    expect(told).toEqual(['connect 0x1', 'disconnect 4900 TransportClosedError'])
    expect(source.watchers.size).toBe(0)
    const lost = createWatched({ eth_chainId: dark })
    await turn()
    await lost.provider.close()
    expect(lost.told).toEqual(['disconnect 4900 AllProvidersFailedError'])
  })

  test('behavior: while its question is on its way', async () => {
    let answer = (_: string) => {}
    const { provider, told } = createWatched({
      eth_chainId: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    await provider.close()
    answer('0x1')
    await turn()
    expect(told).toEqual(['disconnect 4900 TransportClosedError'])
  })

  test('behavior: the engine was closed by its owner', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1', eth_call: new TransportClosedError() })
    await turn()
    await expect(provider.request({ method: 'eth_call' })).rejects.toMatchObject({
      name: 'TransportClosedError',
      code: 4900,
    })
    await provider.close()
    expect(told).toEqual(['connect 0x1', 'disconnect 4900 TransportClosedError'])
    expect(source.watchers.size).toBe(0)
  })

  test('behavior: a subscription that is being opened ends with code 4900 too', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1' })
    const opening = [provider.request({ method: 'eth_subscribe' }), provider.request({ method: 'eth_subscribe' })]
    const ended = expect(Promise.allSettled(opening)).resolves.toMatchObject([
      { reason: { name: 'TransportClosedError', code: 4900 } },
      { reason: { name: 'TransportClosedError', code: 4900 } },
    ])
    await turn()
    source.upstreams[0]?.refuse(new TransportClosedError())
    await turn()
    expect(told).toEqual(['connect 0x1', 'disconnect 4900 TransportClosedError'])
    await provider.close()
    await ended
  })

  test('behavior: given subscriptions alone, the end of the engine is told as `disconnect`', async () => {
    const { source, provider, told } = createWatched({ eth_chainId: '0x1' })
    const asked = provider.request({ method: 'eth_subscribe' })
    await turn()
    const [upstream] = source.upstreams
    upstream?.confirm()
    await asked
    await turn()
    upstream?.onError?.(new TransportClosedError())
    expect(told).toEqual(['connect 0x1', 'disconnect 4900 TransportClosedError'])
  })
})

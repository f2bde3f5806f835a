// `transport.subscribe`: viem's watchers on a real node, who is asked in which order, and what ends a subscription.

import { createPublicClient, createTestClient, createWalletClient, http, webSocket } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as anvilChain, mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { ProviderEntry } from '../../src'
import { failover } from '../../src'
import { startAnvil } from '../support/anvil'
import { createFleet } from '../support/fleet'
import type { FleetProvider } from '../support/fleet-provider'
import { probeAbi, probeCode } from './contracts'

const account = mnemonicToAccount('test test test test test test test test test test test junk')
const contract = '0x00000000000000000000000000000000000c0de0'

/** What was pushed, and when there is enough of it. */
function createSink() {
  const data: any[] = []
  const errors: any[] = []
  let check = () => {}
  const until = (list: any[], count: number) =>
    new Promise<void>((resolve) => {
      check = () => list.length >= count && resolve()
      check()
    })
  return {
    data,
    errors,
    onData: (item: unknown) => {
      data.push(item)
      check()
    },
    onError: (error: unknown) => {
      errors.push(error)
      check()
    },
    pushed: (count: number) => until(data, count),
    failed: () => until(errors, 1),
  }
}

function clientOf(list: readonly ProviderEntry[], options = {}) {
  return createPublicClient({ chain: mainnet, transport: failover(list, { timeout: 2_000, ...options }) })
}

/** viem keeps its sockets by URL: the ones of a test end with it. */
async function closeSocket({ wsUrl }: { wsUrl: string }) {
  const { close } = await webSocket(wsUrl)({}).value!.getRpcClient()
  close()
}

const params = ['newHeads']
const both = ({ id, url, wsUrl }: FleetProvider) => ({ id, http: url, ws: wsUrl })

describe('a real node', () => {
  test('default: watchers subscribe, requests go over the socket', async () => {
    await using anvil = await startAnvil()
    const admin = createTestClient({ chain: anvilChain, mode: 'anvil', transport: http(anvil.url) })
    await admin.setCode({ address: contract, bytecode: probeCode })
    const client = createPublicClient({ chain: anvilChain, transport: failover([webSocket(anvil.wsUrl)]) })
    const [numbers, blocks, logs] = [createSink(), createSink(), createSink()]
    const live = new Promise<void>((resolve) => {
      client.transport.on('request', ({ method }) => method === 'eth_getBlockByNumber' && resolve())
    })
    const stops = [
      client.watchBlockNumber({ onBlockNumber: numbers.onData }),
      client.watchBlocks({ onBlock: blocks.onData, emitOnBegin: true }),
      client.watchContractEvent({ abi: probeAbi, address: contract, eventName: 'Ping', onLogs: logs.onData }),
    ]
    await live
    // Answered on the same socket, and so after the subscriptions.
    expect(await client.getChainId()).toBe(anvilChain.id)
    const wallet = createWalletClient({ account, chain: anvilChain, transport: http(anvil.url) })
    await wallet.writeContract({ abi: probeAbi, address: contract, functionName: 'ping', args: [5n] })
    await Promise.all([numbers.pushed(1), blocks.pushed(2), logs.pushed(1)])
    expect(numbers.data).toEqual([1n])
    expect(blocks.data.map(({ number }) => number)).toEqual([0n, 1n])
    expect(logs.data[0][0].args).toEqual({ x: 5n, number: 1n })
    for (const stop of stops) stop()
    await closeSocket(anvil)
  })
})

/** Resolves when `isDone` is true, looked at between turns of the event loop. */
const until = (isDone: () => boolean) =>
  new Promise<void>((resolve) => {
    const look = () => (isDone() ? resolve() : setImmediate(look))
    look()
  })

describe('subscribe', () => {
  test('default: data, unsubscribed once after the linger', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const client = clientOf([p1.wsUrl, p2.wsUrl])
    const sink = createSink()
    const { subscriptionId, unsubscribe } = await client.transport.subscribe({ params, ...sink })
    expect(subscriptionId).toMatch(/^0x/)
    expect(p1.sockets.subscriptions).toEqual([params])
    expect(client.transport.status().subscriptions).toEqual([
      {
        key: 'newHeads',
        subscribers: 1,
        state: 'live',
        source: { provider: '127.0.0.1:'.concat(new URL(p1.url).port), channel: 'ws' },
        cursor: 100,
      },
    ])
    fleet.chain.mine(2)
    await sink.pushed(2)
    expect(sink.data.map(({ subscription, result }) => [subscription, Number(result.number)])).toEqual([
      [subscriptionId, 101],
      [subscriptionId, 102],
    ])
    await Promise.all([unsubscribe(), unsubscribe()])
    expect(p1.sockets.subscriptions).toEqual([params])
    await until(() => p1.count('eth_unsubscribe') > 0)
    expect([p1.count('eth_unsubscribe'), p1.sockets.subscriptions]).toEqual([1, []])
    await client.transport.close()
  })

  test('behavior: 10 concurrent subscribers share one upstream subscription, each event arrives once a listener', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const client = clientOf([p1.wsUrl])
    const sinks = Array.from({ length: 10 }, createSink)
    const made = await Promise.all(sinks.map((sink) => client.transport.subscribe({ params, ...sink })))
    expect(new Set(made.map(({ subscriptionId }) => subscriptionId)).size).toBe(10)
    expect(p1.sockets.subscriptions).toEqual([params])
    fleet.chain.mine()
    await Promise.all(sinks.map((sink) => sink.pushed(1)))
    expect(sinks.map(({ data }) => data.length)).toEqual(sinks.map(() => 1))
    await client.transport.close()
  })

  test('behavior: filters equal up to case and order share one upstream subscription, others have their own', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const client = clientOf([p1.wsUrl])
    const [a, b] = [`0x${'aB'.repeat(20)}`, `0x${'0c'.repeat(20)}`]
    const filters = [{ address: [a, b] }, { address: [b, a.toLowerCase()], topics: [null] }, { address: a }, {}]
    await Promise.all(
      filters.map((filter) => client.transport.subscribe({ params: ['logs', filter], ...createSink() })),
    )
    expect(p1.sockets.subscriptions.filter(([kind]) => kind === 'logs')).toHaveLength(3)
    await client.transport.close()
  })

  test('behavior: the next one when subscribing fails, however', async () => {
    await using fleet = await createFleet([
      {},
      { methods: 'handshake', status: 403 },
      { methods: 'eth_subscribe', error: { code: -32601, message: 'no subscriptions here' } },
      { wrongChain: 7 },
      { methods: 'eth_subscribe', hang: true },
      {},
    ])
    const [p1, p2, p3, p4, p5, p6] = fleet.providers
    const client = clientOf([p1.url, ...[p2, p3, p4, p5, p6].map(both)])
    const sink = createSink()
    await client.transport.subscribe({ params, ...sink })
    await until(() => p6.sockets.subscriptions.length === 1)
    expect([p1, p2, p3, p4, p5, p6].map((provider) => provider.count('eth_subscribe'))).toEqual([0, 0, 1, 0, 1, 1])
    fleet.chain.mine()
    await sink.pushed(1)
    expect(sink.errors).toEqual([])
    await client.transport.close()
  })

  test('behavior: given only HTTP providers, the stream is served by polling, once for all equal subscribers', async () => {
    await using fleet = await createFleet(2)
    const client = clientOf(
      fleet.providers.map(({ url }) => url),
      { pollingInterval: 500 },
    )
    const sinks = [createSink(), createSink(), createSink()]
    await Promise.all(sinks.map((sink) => client.transport.subscribe({ params, ...sink })))
    expect(client.transport.status().subscriptions).toMatchObject([{ subscribers: 3, state: 'polling' }])
    for (const provider of fleet.providers) provider.forgetCalls()
    fleet.chain.mine(3)
    await Promise.all(sinks.map((sink) => sink.pushed(3)))
    expect(sinks.map(({ data }) => data.map(({ result }) => Number(result.number)))).toEqual(
      sinks.map(() => [101, 102, 103]),
    )
    const calls = fleet.providers.flatMap(({ calls }) => calls.map(({ method, params }) => `${method} ${params[0]}`))
    expect(calls.filter((call) => call.startsWith('eth_getBlockByHash')).length).toBeLessThan(6)
    await client.transport.close()
  })

  test('behavior: a lost socket is not told: the stream goes on', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const client = clientOf([webSocket(p1.wsUrl, { reconnect: false })])
    const sink = createSink()
    await client.transport.subscribe({ params, ...sink })
    p1.cut()
    fleet.chain.mine(2)
    await sink.pushed(2)
    fleet.chain.mine()
    await sink.pushed(3)
    expect(sink.data.map(({ result }) => Number(result.number))).toEqual([101, 102, 103])
    expect(sink.errors).toEqual([])
    await client.transport.close()
    await closeSocket(p1)
  })

  test('behavior: close ends it', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const client = clientOf([p1.wsUrl])
    const sink = createSink()
    await client.transport.subscribe({ params, ...sink })
    p1.behave({ methods: 'eth_subscribe', hang: true })
    const opening = client.transport.subscribe({ params: ['logs', {}], ...createSink() })
    await client.transport.close()
    await expect(opening).rejects.toMatchObject({ name: 'TransportClosedError' })
    expect(sink.errors).toMatchObject([{ name: 'TransportClosedError' }])
    const later = client.transport.subscribe({ params, ...createSink() })
    await expect(later).rejects.toMatchObject({ name: 'TransportClosedError' })
  })

  test('error: subscriptions are off', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const off = clientOf([p1.wsUrl], { subscriptions: false }).transport.subscribe({ params, ...createSink() })
    await expect(off).rejects.toThrow('`subscriptions` is false')
    expect(p1.calls).toEqual([])
  })

  test('error: a kind that nobody has a socket for', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const asked = clientOf([p1.url, { id: 'p2', http: p2.url }]).transport.subscribe({
      params: ['syncing'],
      ...createSink(),
    })
    await expect(asked).rejects.toMatchObject({
      name: 'NoProviderError',
      reasons: [
        {},
        { provider: 'p2', reason: 'has no socket (without one there are newHeads, logs and newPendingTransactions)' },
      ],
    })
  })

  test.each([['a URL'], ['webSocket()']])('error: what the last one said of the kind, over %s', async (entry) => {
    const script = { methods: 'eth_subscribe', error: { code: -32602, message: 'no such kind' } }
    await using fleet = await createFleet([script])
    const [p1] = fleet.providers
    const client = clientOf([entry === 'a URL' ? p1.wsUrl : webSocket(p1.wsUrl)])
    const asked = client.transport.subscribe({ params: ['nonsense'], ...createSink() })
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParamsRpcError', code: -32602, details: 'no such kind' })
    expect(client.transport.status().subscriptions).toEqual([])
    await client.transport.close()
    await closeSocket(p1)
  })

  test.each([
    [['logs', { address: '0x12' }], 'params[1].address'],
    [['logs', { topics: ['0x12'] }], 'params[1].topics[0]'],
    [['logs', { fromBlock: '0x1' }], 'params[1].fromBlock'],
    [['logs', 'all'], 'params[1]'],
    [[], 'params'],
  ])('error: %j: the field is named, nobody is asked, and the value stays in', async (bad, path) => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const asked = clientOf([p1.wsUrl]).transport.subscribe({ params: bad, ...createSink() })
    const error: any = await asked.catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'InvalidOptionsError', path })
    expect(error.message).not.toContain('0x12')
    expect(p1.calls).toEqual([])
  })
})

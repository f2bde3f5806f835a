// `transport.subscribe`, handed through to a socket of the list: viem's watchers on a real node, and who is asked in which order.

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

describe('subscribe', () => {
  test('default: data, unsubscribed once', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const client = clientOf([p1.wsUrl, p2.wsUrl])
    const sink = createSink()
    const { subscriptionId, unsubscribe } = await client.transport.subscribe({ params, ...sink })
    expect(subscriptionId).toMatch(/^0x/)
    expect(p1.sockets.subscriptions).toEqual([params])
    fleet.chain.mine(2)
    await sink.pushed(2)
    expect(sink.data.map(({ subscription, result }) => [subscription, Number(result.number)])).toEqual([
      [subscriptionId, 101],
      [subscriptionId, 102],
    ])
    await Promise.all([unsubscribe(), unsubscribe()])
    expect([p1.count('eth_unsubscribe'), p2.count(), p1.sockets.subscriptions]).toEqual([1, 0, []])
    await closeSocket(p1)
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
    const { unsubscribe } = await client.transport.subscribe({ params, ...sink })
    expect([p1, p2, p3, p4, p5, p6].map((provider) => provider.count('eth_subscribe'))).toEqual([0, 0, 1, 0, 1, 1])
    expect(sink.errors).toEqual([])
    await unsubscribe()
    await Promise.all([p3, p4, p5, p6].map(closeSocket))
  })

  test('behavior: confirmed after it was given up, it is ended', async () => {
    await using fleet = await createFleet([{ methods: 'eth_subscribe', latency: 300 }, {}])
    const [p1, p2] = fleet.providers
    const client = clientOf([p1.wsUrl, p2.wsUrl], { timeout: 200 })
    await client.transport.subscribe({ params, ...createSink() })
    expect(p2.sockets.subscriptions).toHaveLength(1)
    // Asked on the same socket after the subscription was confirmed: p1 has heard of its end.
    await new Promise<void>((resolve) => {
      const look = () => (p1.count('eth_unsubscribe') === 1 ? resolve() : setImmediate(look))
      look()
    })
    expect(p1.count('eth_subscribe')).toBe(1)
    await Promise.all([p1, p2].map(closeSocket))
  })

  test('behavior: a lost socket is told', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const key = 'a-secret-key-of-the-socket'
    const client = clientOf([webSocket(`${p1.wsUrl}/${key}`, { reconnect: false })])
    const sink = createSink()
    await client.transport.subscribe({ params, ...sink })
    p1.cut()
    await sink.failed()
    expect(sink.errors[0].name).toBe('SocketClosedError')
    expect(sink.errors[0].message).not.toContain(key)
  })

  test('behavior: close ends it', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const client = clientOf([p1.wsUrl])
    const sink = createSink()
    await client.transport.subscribe({ params, ...sink })
    p1.behave({ methods: 'eth_subscribe', hang: true })
    const opening = client.transport.subscribe({ params, ...createSink() })
    await client.transport.close()
    await expect(opening).rejects.toMatchObject({ name: 'TransportClosedError' })
    expect(sink.errors).toMatchObject([{ name: 'TransportClosedError' }])
    const later = client.transport.subscribe({ params, ...createSink() })
    await expect(later).rejects.toMatchObject({ name: 'TransportClosedError' })
    await closeSocket(p1)
    expect(p1.count('eth_unsubscribe')).toBe(1)
  })

  test('error: nobody has a socket, or subscriptions are off', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const asked = clientOf([p1.url, { id: 'p2', http: p2.url }]).transport.subscribe({ params, ...createSink() })
    await expect(asked).rejects.toMatchObject({
      name: 'NoProviderError',
      reasons: [{}, { provider: 'p2', reason: 'has no socket' }],
    })
    const off = clientOf([p1.wsUrl], { subscriptions: false }).transport.subscribe({ params, ...createSink() })
    await expect(off).rejects.toThrow('`subscriptions` is false')
    expect([p1, p2].map((provider) => provider.calls.length)).toEqual([0, 0])
  })

  test.each([['a URL'], ['webSocket()']])('error: what the last one said, over %s', async (entry) => {
    const script = { methods: 'eth_subscribe', error: { code: -32602, message: 'no such kind' } }
    await using fleet = await createFleet([script])
    const [p1] = fleet.providers
    const client = clientOf([entry === 'a URL' ? p1.wsUrl : webSocket(p1.wsUrl)])
    const asked = client.transport.subscribe({ params: ['nonsense'], ...createSink() })
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParamsRpcError', code: -32602, details: 'no such kind' })
    await closeSocket(p1)
  })
})

// createProvider(): ethers and web3.js on a real node with the first provider down, viem's own custom() over it, and what is
// told of the connection while providers go and come back.

import { BrowserProvider, Contract } from 'ethers'
import type { Hex } from 'viem'
import { createPublicClient, createTestClient, createWalletClient, custom, http, publicActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as anvilChain, mainnet } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Web3 } from 'web3'
import type { Eip1193Provider, ProviderEntry } from '../../src'
import { createProvider, failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import { deadUrl } from '../support/dead-url'
import { createFleet } from '../support/fleet'
import { probeAbi, probeCode } from './contracts'

const { address: owner } = mnemonicToAccount('test test test test test test test test test test test junk')
const contract = '0x00000000000000000000000000000000000c0de0'
/** As programs of ethers and web3.js have it. */
const abi = probeAbi as readonly any[] as any[]

/** What came, and when there is enough of it. */
function createSink<item = any>() {
  const items: item[] = []
  let check = () => {}
  return {
    items,
    add(item: item) {
      items.push(item)
      check()
    },
    has: (count: number) =>
      new Promise<void>((resolve) => {
        check = () => items.length >= count && resolve()
        check()
      }),
  }
}

function sinkOf(provider: Eip1193Provider) {
  const sink = createSink()
  provider.on('message', sink.add)
  return sink
}

describe('a real node behind one that is down', () => {
  let anvil: Anvil
  let list: readonly ProviderEntry[]
  const admin = () => createTestClient({ chain: anvilChain, mode: 'anvil', transport: http(anvil.url) })
  beforeAll(async () => {
    anvil = await startAnvil()
    list = [deadUrl(), { id: 'anvil', http: anvil.url, ws: anvil.wsUrl }]
    await admin().setCode({ address: contract, bytecode: probeCode })
  })
  afterAll(() => anvil.close())
  const providerOf = () => createProvider(failover(list), { chain: anvilChain })

  test('default: ethers reads, calls, sends, and watches blocks and logs', async () => {
    const client = createPublicClient({ chain: anvilChain, transport: failover(list) })
    await using _engine = client.transport
    const uninstalled = createSink()
    client.transport.on('request', ({ method }) => method === 'eth_uninstallFilter' && uninstalled.add(method))
    await using provider = createProvider(client)
    const ethers = new BrowserProvider(provider, undefined, { pollingInterval: 20, cacheTimeout: -1 })
    expect((await ethers.getNetwork()).chainId).toBe(31_337n)
    const signer = await ethers.getSigner(owner)
    const probe = new Contract(contract, abi, signer)
    const [blocks, logs] = [createSink<number>(), createSink<unknown[]>()]
    await ethers.on('block', blocks.add)
    await probe.on('Ping', (x: bigint) => logs.add([x]))
    const before = await ethers.getBlockNumber()
    const receipt = await (await probe.ping!(5n)).wait()
    expect(receipt).toMatchObject({ status: 1, blockNumber: before + 1 })
    await Promise.all([logs.has(1), blocks.has(1)])
    expect(logs.items).toEqual([[5n]])
    expect(await probe.value!()).toBe(5n)
    expect(await ethers.getBlock(receipt.blockNumber)).toMatchObject({ hash: receipt.blockHash })
    expect(await probe.queryFilter('Ping', before + 1)).toHaveLength(1)
    await expect(probe.reject!()).rejects.toMatchObject({ code: 'CALL_EXCEPTION', revert: { name: 'Rejected' } })
    await expect(probe.reason!()).rejects.toMatchObject({ code: 'CALL_EXCEPTION', reason: 'rate limit exceeded' })
    await ethers.off('block', blocks.add)
    await probe.removeAllListeners()
    // ethers sends it without waiting: a failure of it would be nobody's.
    await uninstalled.has(1)
  })

  test('default: web3.js reads, calls, sends, and subscribes to blocks and logs', async () => {
    await using provider = providerOf()
    const web3 = new Web3(provider)
    expect(await web3.eth.getChainId()).toBe(31_337n)
    const probe = new web3.eth.Contract(abi, contract) as any
    const [blocks, logs] = [createSink(), createSink()]
    const heads = await web3.eth.subscribe('newBlockHeaders')
    heads.on('data', blocks.add)
    const pings = await web3.eth.subscribe('logs', { address: contract })
    pings.on('data', logs.add)
    const before = await web3.eth.getBlockNumber()
    const receipt = await probe.methods.ping(6n).send({ from: owner })
    expect(receipt).toMatchObject({ status: 1n, blockNumber: before + 1n })
    await Promise.all([blocks.has(1), logs.has(1)])
    expect(blocks.items.map(({ number }) => number)).toEqual([before + 1n])
    expect(logs.items.map(({ transactionHash }) => transactionHash)).toEqual([receipt.transactionHash])
    expect(await probe.methods.value().call()).toBe(6n)
    await expect(probe.methods.reject().call()).rejects.toMatchObject({ cause: { errorName: 'Rejected' } })
    await heads.unsubscribe()
    await pings.unsubscribe()
    await admin().mine({ blocks: 1 })
    expect(await web3.eth.getBlockNumber()).toBe(before + 2n)
    expect([blocks.items.length, logs.items.length]).toEqual([1, 1])
  })

  test('behavior: viem over it, as over any wallet', async () => {
    await using provider = providerOf()
    const client = createWalletClient({ chain: anvilChain, transport: custom(provider) }).extend(publicActions)
    expect(await client.getAddresses()).toContain(owner)
    const hash = await client.writeContract({
      abi: probeAbi,
      address: contract,
      functionName: 'ping',
      args: [7n],
      account: owner,
    })
    expect(await client.waitForTransactionReceipt({ hash })).toMatchObject({ status: 'success' })
    await expect(
      client.readContract({ abi: probeAbi, address: contract, functionName: 'reject' }),
    ).rejects.toMatchObject({ cause: { data: { errorName: 'Rejected' } } })
  })
})

describe('a fleet', () => {
  const both = ({ id, url, wsUrl }: { id: string; url: string; wsUrl: string }) => ({ id, http: url, ws: wsUrl })
  const subscribe = (provider: Eip1193Provider, ...params: unknown[]) =>
    provider.request<Hex>({ method: 'eth_subscribe', params })
  const blocksOf = (messages: any[]) => messages.map(({ data }) => [data.subscription, Number(data.result.number)])

  test('default: events of each subscription, by its id, until it is ended', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    await using provider = createProvider(failover([p1, p2].map(both)), { chain: mainnet })
    const sink = sinkOf(provider)
    const [heads, again] = [await subscribe(provider, 'newHeads'), await subscribe(provider, 'newHeads')]
    expect(heads).not.toBe(again)
    fleet.chain.mine(2)
    await sink.has(4)
    expect(blocksOf(sink.items).sort()).toEqual([
      [heads, 101],
      [heads, 102],
      [again, 101],
      [again, 102],
    ])
    expect(sink.items[0]).toMatchObject({ type: 'eth_subscription', data: { result: { parentHash: /^0x/ } } })
    expect(await provider.request({ method: 'eth_unsubscribe', params: [heads] })).toBe(true)
    expect(await provider.request({ method: 'eth_unsubscribe', params: [heads] })).toBe(false)
    fleet.chain.mine(1)
    await sink.has(5)
    expect(blocksOf(sink.items.slice(4))).toEqual([[again, 103]])
  })

  test('behavior: made from a client, it leaves the engine to it; what nobody ended ends with it', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const client = createPublicClient({ chain: mainnet, cacheTime: 0, transport: failover([both(p1)]) })
    const [provider, other] = [createProvider(client), createProvider(client)]
    const [sink, otherSink] = [sinkOf(provider), sinkOf(other)]
    await subscribe(provider, 'newHeads')
    await subscribe(other, 'newHeads')
    await provider.close()
    fleet.chain.mine(1)
    await otherSink.has(1)
    expect(sink.items).toEqual([])
    expect(await client.getBlockNumber()).toBe(101n)
    await client.transport.close()
    await expect(other.request({ method: 'eth_blockNumber' })).rejects.toMatchObject({ name: 'TransportClosedError' })
    expect(otherSink.items.at(-1)).toMatchObject({
      type: 'eth_subscription_error',
      data: { error: { name: 'TransportClosedError' } },
    })
  })

  test('behavior: made from a transport, it ends the engine of that chain', async () => {
    await using fleet = await createFleet(1)
    const transport = failover([fleet.providers[0].url])
    const client = createPublicClient({ chain: mainnet, transport })
    const provider = createProvider(transport.with({ timeout: 9_000 }), { chain: mainnet })
    expect(await provider.request({ method: 'eth_blockNumber' })).toBe('0x64')
    await provider.close()
    await expect(client.getBlockNumber()).rejects.toMatchObject({ name: 'TransportClosedError' })
  })

  test('behavior: connected once a provider is verified; a dead first one is no lost connection; all dead is', async () => {
    await using fleet = await createFleet([{ wrongChain: 7 }, {}])
    const [p1, p2] = fleet.providers
    const list = [p1, p2].map(({ id, url }) => ({ id, http: url }))
    const transport = failover(list, { waitForProvider: false, retry: { rounds: 3, delay: 1 } })
    const client = createPublicClient({ chain: mainnet, transport })
    await using provider = createProvider(client)
    const told = createSink()
    provider.on('connect', (info) => told.add(info))
    provider.on('disconnect', ({ code, name }) => told.add([code, name]))
    provider.on('chainChanged', told.add)
    await told.has(1)
    expect(told.items).toEqual([{ chainId: '0x1' }])
    await p2.kill()
    const asked = provider.request({ method: 'eth_gasPrice' })
    await expect(asked).rejects.toMatchObject({ name: 'AllProvidersFailedError' })
    await told.has(2)
    await p2.revive()
    client.transport.breaker('p2', 'http').close()
    await told.has(3)
    expect(told.items).toEqual([{ chainId: '0x1' }, [4900, 'ProviderDisconnectedError'], { chainId: '0x1' }])
  })

  test('behavior: subscriptions refused are an error of the provider, with its code', async () => {
    await using fleet = await createFleet([{ methods: 'eth_subscribe', error: { code: -32602, message: 'no kind' } }])
    await using provider = createProvider(failover([both(fleet.providers[0])]), { chain: mainnet })
    await expect(subscribe(provider, 'nonsense')).rejects.toMatchObject({ code: -32602 })
  })
})

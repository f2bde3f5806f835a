// Programs of viem's documentation for `fallback`, with the word changed: the same answers from a real node.

import type { Hex, Transport } from 'viem'
import {
  createClient,
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  defineChain,
  encodeErrorResult,
  fallback,
  http,
  multicall3Abi,
  parseAbi,
  parseEther,
  publicActions,
  webSocket,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { multicall } from 'viem/actions'
import { anvil as anvilChain } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import { deadUrl } from '../support/dead-url'
import { createFleet } from '../support/fleet'
import { deployOf, probeAbi, probeCode, returningCode, revertingCode } from './contracts'
import { compare } from './outcome'
import { walletOver } from './wallet'

const account = mnemonicToAccount('test test test test test test test test test test test junk')
const bob = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const contract = '0x00000000000000000000000000000000000c0de0'
let anvil: Anvil
/** Nobody listens there. */
let dead: string
let chain: ReturnType<typeof chainOf>
beforeAll(async () => {
  dead = deadUrl()
  anvil = await startAnvil()
  chain = chainOf(anvil)
  await testClient(http(anvil.url)).setCode({ address: contract, bytecode: probeCode })
})
afterAll(() => anvil.close())

function chainOf({ url, wsUrl }: Anvil) {
  return defineChain({ ...anvilChain, rpcUrls: { default: { http: [url], webSocket: [wsUrl] } } })
}

const publicClient = (transport: Transport) => createPublicClient({ chain, transport })
const testClient = (transport: Transport) => createTestClient({ chain, mode: 'anvil', transport })
const walletClient = (transport: Transport) => createWalletClient({ account, chain, transport })

/** A list for `fallback`, first one dead. */
const list = () => [http(dead, { retryCount: 0 }), http(anvil.url)]

describe('lists that fallback takes', () => {
  const lists: Record<string, () => Transport[]> = {
    'http() without URL': () => [http()],
    'two of http()': list,
    'a nested fallback()': () => [http(dead), fallback([http(dead), http(anvil.url)])],
    'a nested failover()': () => [failover([dead, http(dead)]), failover([failover([anvil.url])])],
    'custom() alone': () => [custom(walletOver(anvil.url).provider)],
    'custom() behind http()': () => [http(dead), custom(walletOver(anvil.url).provider)],
  }
  test.each(Object.entries(lists))('default: %s', async (_, entries) => {
    const { expected, actual } = await compare([fallback(entries()), failover(entries())], async (transport) => {
      const client = publicClient(transport)
      return [await client.getBalance({ address: account.address }), await client.getChainId()]
    })
    expect(actual).toEqual(expected)
    expect(actual).toHaveProperty('value')
  })

  test('default: webSocket() entries', async () => {
    const transport = failover([webSocket(anvil.wsUrl), webSocket()])
    const client = publicClient(transport)
    expect(await client.getChainId()).toBe(anvilChain.id)
    expect(client.transport.type).toBe('webSocket')
    const { close } = await webSocket(anvil.wsUrl)({ chain }).value!.getRpcClient()
    close()
  })

  test('default: a list inside of fallback()', async () => {
    const client = publicClient(fallback([http(dead, { retryCount: 0 }), failover([dead, anvil.url])]))
    expect(await client.getChainId()).toBe(anvilChain.id)
  })

  test('behavior: a nested failover() is one list with its own', () => {
    const inner = failover([
      { id: 'a', http: dead },
      { id: 'b', http: anvil.url },
    ])
    const client = publicClient(
      failover([inner, failover([inner].slice(1).concat(failover([{ id: 'c', http: dead }])))]),
    )
    expect((client.transport as any).status().providers.map(({ id }: any) => id)).toEqual(['a', 'b', 'c'])
  })

  test('behavior: `methods` of a transport hold', async () => {
    await using fleet = await createFleet(3)
    const [p1, p2, p3] = fleet.providers
    const entries = [
      http(p1.url, { methods: { include: ['eth_blockNumber'] } }),
      http(p2.url, { methods: { exclude: ['eth_getBalance'] } }),
      http(p3.url),
    ]
    const client = createPublicClient({ transport: failover(entries, { consistency: 'none' }) })
    await client.getBlockNumber()
    await client.getBalance({ address: bob })
    await client.getBlock()
    expect([p1.calls, p2.calls, p3.calls].map((calls) => calls.map(({ method }) => method))).toEqual([
      ['eth_blockNumber'],
      ['eth_getBlockByNumber'],
      ['eth_getBalance'],
    ])
  })

  test('behavior: key, name, and the options of fallback', async () => {
    const options = {
      key: 'k',
      name: 'n',
      rank: { interval: 100 },
      retryCount: 1,
      retryDelay: 10,
      shouldThrow: () => false,
    }
    const client = publicClient(failover(list(), options))
    expect(client.transport).toMatchObject({ key: 'k', name: 'n', type: 'failover' })
    expect(publicClient(failover(list())).transport).toMatchObject({ key: 'failover', name: 'Failover', retryCount: 0 })
    expect(await client.getChainId()).toBe(anvilChain.id)
  })
})

describe('transport.type', () => {
  const ws = 'ws://127.0.0.1:1'
  const url = 'http://127.0.0.1:1'
  test.each([
    ['http only', [url], undefined, 'failover'],
    ['http, then a socket', [url, ws], undefined, 'failover'],
    ['a socket first', [ws, url], undefined, 'webSocket'],
    ['webSocket() first', [webSocket(ws), url], undefined, 'webSocket'],
    ['a provider with ws', [url, { http: 'http://127.0.0.1:2', ws }], 'auto', 'webSocket'],
    ['forced', [url], true, 'webSocket'],
    ['forbidden', [ws], false, 'failover'],
  ] as const)('default: %s', (_, entries, subscriptions, type) => {
    expect(createPublicClient({ transport: failover(entries, { subscriptions }) }).transport.type).toBe(type)
  })
})

describe('programs', () => {
  test('default: a test client', async () => {
    const client = testClient(failover(list())).extend(publicActions)
    const id = await client.snapshot()
    const before = await client.getBlockNumber()
    await client.setBalance({ address: bob, value: parseEther('3') })
    await client.mine({ blocks: 2 })
    await client.increaseTime({ seconds: 10 })
    expect(await client.getBalance({ address: bob })).toBe(parseEther('3'))
    expect(await client.getBlockNumber({ cacheTime: 0 })).toBe(before + 2n)
    await client.revert({ id })
    expect(await client.getBlockNumber({ cacheTime: 0 })).toBe(before)
    expect(await client.getBalance({ address: bob })).toBe(parseEther('10000'))
  })

  test('default: a wallet client with a local account deploys, writes, reads and waits', async () => {
    const wallet = walletClient(failover(list())).extend(publicActions)
    const hash = await wallet.deployContract({ abi: probeAbi, bytecode: deployOf(probeCode) })
    const { contractAddress } = await wallet.waitForTransactionReceipt({ hash, pollingInterval: 50 })
    const address = contractAddress as Hex
    const { request } = await wallet.simulateContract({ abi: probeAbi, address, functionName: 'ping', args: [42n] })
    const sent = await wallet.writeContract(request)
    const receipt = await wallet.waitForTransactionReceipt({ hash: sent, pollingInterval: 50 })
    expect(receipt.status).toBe('success')
    expect(await wallet.readContract({ abi: probeAbi, address, functionName: 'value' })).toBe(42n)
    const events = await wallet.getContractEvents({ abi: probeAbi, address, eventName: 'Ping', fromBlock: 0n })
    expect(events.map(({ args }) => args)).toEqual([{ x: 42n, number: receipt.blockNumber }])
  })

  test('default: a wallet client with an account of the wallet', async () => {
    const { asked, provider } = walletOver(anvil.url)
    const wallet = createWalletClient({ chain, transport: failover([http(anvil.url), custom(provider)]) })
    const [address] = await wallet.getAddresses()
    const hash = await wallet.sendTransaction({ account: address!, to: bob, value: 1n })
    expect(await publicClient(http(anvil.url)).getTransaction({ hash })).toMatchObject({ to: bob.toLowerCase() })
    expect(await wallet.signMessage({ account: address!, message: 'hello' })).toBe(
      await account.signMessage({ message: 'hello' }),
    )
    expect(asked.filter((method) => method !== 'eth_chainId')).toEqual([
      'eth_accounts',
      'eth_sendTransaction',
      'personal_sign',
    ])
  })

  test('default: multicall, without and with a contract', async () => {
    const contracts = [
      { abi: probeAbi, address: contract, functionName: 'value' },
      { abi: probeAbi, address: contract, functionName: 'reject' },
      { abi: multicall3Abi, address: contract, functionName: 'aggregate3', args: [[]] },
    ] as const
    const { expected, actual } = await compare([http(anvil.url), failover(list())], (transport) =>
      multicall(publicClient(transport), { contracts, deployless: true }).then((results) =>
        results.map(({ status, error, result }) => ({ status, result, error: error?.name })),
      ),
    )
    expect(actual).toEqual(expected)
    expect(actual).toMatchObject({ value: [{ status: 'success' }, { status: 'failure' }, { status: 'failure' }] })
    const batched = createPublicClient({
      chain,
      batch: { multicall: { deployless: true } },
      transport: failover(list()),
    })
    const read = () => batched.readContract({ abi: probeAbi, address: contract, functionName: 'value' })
    expect(await Promise.all([read(), read(), read()])).toEqual([0n, 0n, 0n])
  })

  test('default: an offchain look-up (EIP-3668)', async () => {
    const abi = parseAbi([
      'error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)',
      'function name() view returns (uint256)',
    ])
    const address = '0x00000000000000000000000000000000000cc100'
    const args = [address, ['https://gateway.example/{sender}/{data}'], '0x1234', '0xaabbccdd', '0x'] as const
    const admin = testClient(http(anvil.url))
    await admin.setCode({
      address,
      bytecode: revertingCode(encodeErrorResult({ abi, errorName: 'OffchainLookup', args })),
    })
    const { expected, actual } = await compare([http(anvil.url), failover(list())], async (transport) => {
      const asked: unknown[] = []
      const client = createPublicClient({
        chain,
        transport,
        ccipRead: {
          async request({ data, urls }) {
            asked.push([data, urls])
            // The answer of the gateway goes to a contract that is there by then.
            await admin.setCode({ address, bytecode: returningCode(`0x${'2a'.padStart(64, '0')}`) })
            return '0x5678'
          },
        },
      })
      const code = revertingCode(encodeErrorResult({ abi, errorName: 'OffchainLookup', args }))
      await admin.setCode({ address, bytecode: code })
      return [await client.readContract({ abi, address, functionName: 'name' }), asked]
    })
    expect(actual).toEqual(expected)
    expect(actual).toMatchObject({ value: [42n, [['0x1234', ['https://gateway.example/{sender}/{data}']]]] })
  })

  test('default: extend, scope, and an action alone', async () => {
    const client = createClient({ chain, transport: failover(list()) })
      .extend(publicActions)
      .extend((base) => ({ height: () => base.getBlockNumber() }))
    expect(await client.height()).toBe(await publicClient(http(anvil.url)).getBlockNumber())
    const controller = new AbortController()
    const scoped = client.scope({ signal: controller.signal })
    expect(await scoped.getChainId()).toBe(anvilChain.id)
    controller.abort(new Error('enough'))
    await expect(scoped.getBalance({ address: bob })).rejects.toThrow()
  })

  test('behavior: sendTransaction where nobody has accounts goes on to wallet_sendTransaction as over http()', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const { expected, actual } = await compare(
      [http(p1.url, { retryCount: 0 }), failover([p1.url, p2.url])],
      (transport) => createWalletClient({ transport }).sendTransaction({ account: bob, chain: null, to: bob }),
    )
    expect(actual).toEqual(expected)
    expect(p2.calls.map(({ method }) => method)).toEqual(['eth_sendTransaction', 'wallet_sendTransaction'])
    expect(p1.count('eth_sendTransaction')).toBe(2)
    p2.behave({ methods: 'wallet_sendTransaction', result: { wallet_sendTransaction: '0xabc' } })
    const wallet = createWalletClient({ transport: failover([p1.url, p2.url]) })
    expect(await wallet.sendTransaction({ account: bob, chain: null, to: bob })).toBe('0xabc')
  })
})

// Peers' own clients while the first provider misbehaves in turn and the second is a real node: viem's actions and watchers,
// wagmi's, ethers' and web3.js' programs end as if nothing had happened.

import * as wagmi from '@wagmi/core'
import { BrowserProvider, Contract, Wallet } from 'ethers'
import type { Hex } from 'viem'
import {
  createNonceManager,
  createTestClient,
  createWalletClient,
  defineChain,
  http,
  parseGwei,
  publicActions,
  toHex,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as anvilChain, mainnet } from 'viem/chains'
import { jsonRpc } from 'viem/nonce'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Web3 } from 'web3'
import { createProvider, failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import type { Fault, FlakyProxy } from '../support/flaky-proxy'
import { createFlakyProxy } from '../support/flaky-proxy'
import { probeAbi, probeCode } from './contracts'
import { outcomeOf } from './outcome'

const mnemonic = 'test test test test test test test test test test test junk'
const { address: owner, getHdKey } = mnemonicToAccount(mnemonic)
const key = toHex(getHdKey().privateKey as Uint8Array)
const address = '0x00000000000000000000000000000000000c0de0'
const multicallAddress = mainnet.contracts.multicall3.address
const pollingInterval = 20
const FAULTS = ['refuse', 'error503', 'hang', 'html', 'reset'] as const satisfies Fault[]
const probe = { abi: probeAbi, address } as const

let anvil: Anvil
let chain: ReturnType<typeof chainOf>
let p1: FlakyProxy
beforeEach(async () => {
  anvil = await startAnvil()
  chain = chainOf(anvil)
  p1 = await createFlakyProxy(anvil.url)
  await admin().setCode({ address, bytecode: probeCode })
})
afterEach(() => Promise.all([p1.close(), anvil.close()]))

function chainOf({ url }: Anvil) {
  const contracts = { multicall3: { address: multicallAddress } } as const
  return defineChain({ ...anvilChain, contracts, rpcUrls: { default: { http: [url] } } })
}

const admin = () => createTestClient({ chain, mode: 'anvil', transport: http(anvil.url) }).extend(publicActions)
/** What hangs is left after 1.8 s; the node has the other 1.2 s, on a busy machine too. */
const transportOf = () => failover([p1.url, anvil.url], { timeout: 3_000 })

/** Its nonces are its own: those of viem's shared manager would outlive the node. */
function clientOf(transport = transportOf()) {
  const account = mnemonicToAccount(mnemonic, { nonceManager: createNonceManager({ source: jsonRpc() }) })
  return createWalletClient({ account, chain, transport, pollingInterval, cacheTime: 0 }).extend(publicActions)
}

const hostOf = ({ port }: FlakyProxy) => `127.0.0.1:${port}`

/** What was seen, and when there is enough of it. */
function createSeen<item>() {
  const items: item[] = []
  let look = () => {}
  const until = (isEnough: (items: readonly item[]) => boolean) =>
    new Promise<void>((resolve) => {
      look = () => isEnough(items) && resolve()
      look()
    })
  return {
    items,
    add(...more: item[]) {
      items.push(...more)
      look()
    },
    has: (count: number) => until(() => items.length >= count),
    until,
  }
}

describe('viem', () => {
  test.each(FAULTS)('behavior: watchers miss and double nothing, sends get their nonces: %s', async (fault) => {
    const client = clientOf()
    await using _engine = client.transport
    const ready = createSeen<string>()
    client.transport.on('request', ({ method, outcome }) => {
      if (outcome === 'success' && /^eth_new/.test(method)) ready.add(method)
    })
    const [numbers, blocks] = [createSeen<bigint>(), createSeen<bigint>()]
    const [logs, events, pending] = [createSeen<bigint>(), createSeen<bigint>(), createSeen<Hex>()]
    const stops = [
      client.watchBlockNumber({ emitMissed: true, emitOnBegin: true, onBlockNumber: (one) => numbers.add(one) }),
      client.watchBlocks({ emitMissed: true, emitOnBegin: true, onBlock: ({ number }) => blocks.add(number) }),
      client.watchEvent({
        address,
        event: probeAbi[7],
        onLogs: (all) => logs.add(...all.map(({ args }) => args.x as bigint)),
      }),
      client.watchContractEvent({
        ...probe,
        eventName: 'Ping',
        onLogs: (all) => events.add(...all.map(({ args }) => args.x as bigint)),
      }),
      client.watchPendingTransactions({ onTransactions: (all) => pending.add(...all) }),
    ]
    await Promise.all([ready.has(3), numbers.has(1), blocks.has(1)])
    const ping = (x: bigint) => client.writeContract({ ...probe, functionName: 'ping', args: [x] })
    await ping(0n)
    await pending.has(1)
    // Pending transactions are not filled in: the next one is sent when they are watched at the second provider.
    const moved = createSeen<string>()
    client.transport.on('attempt', ({ method, provider, outcome }) => {
      if (outcome === 'success' && provider !== hostOf(p1) && method === 'eth_newPendingTransactionFilter')
        moved.add(method)
    })
    await p1.set(fault)
    const sent = await Promise.all([1n, 2n, 3n].map(ping))
    await moved.has(1)
    const last = await ping(4n)
    await pending.until((items) => items.includes(last))
    await p1.set('none')
    // anvil answers a send before its block is there.
    for (const hash of [...sent, last]) await admin().waitForTransactionReceipt({ hash, pollingInterval })
    // The three at once may share a block.
    const height = Number(await admin().getBlockNumber())
    await Promise.all([logs.has(5), events.has(5), numbers.has(height + 1), blocks.has(height + 1)])
    for (const stop of stops) stop()
    const inOrder = (items: readonly bigint[]) => [...items].sort((a, b) => Number(a - b))
    expect([inOrder(logs.items), inOrder(events.items)]).toEqual([
      [0n, 1n, 2n, 3n, 4n],
      [0n, 1n, 2n, 3n, 4n],
    ])
    const heights = Array.from({ length: height + 1 }, (_, number) => BigInt(number))
    expect([numbers.items, blocks.items]).toEqual([heights, heights])
    expect(new Set(pending.items).size).toBe(pending.items.length)
    expect(await admin().getTransactionCount({ address: owner })).toBe(5)
  })

  test('behavior: multicall, logs, events, filters and a simulation that reverts are those of http()', async () => {
    await admin().setCode(await multicallCode())
    const [direct, client] = [clientOf(http(anvil.url) as never), clientOf()]
    await using _engine = client.transport
    await direct.waitForTransactionReceipt({
      hash: await direct.writeContract({ ...probe, functionName: 'ping', args: [9n] }),
    })
    type Client = typeof client
    const contracts = [
      { ...probe, functionName: 'value' },
      { ...probe, functionName: 'reject' },
    ] as const
    const programs: ((by: Client) => Promise<unknown>)[] = [
      (by) =>
        by
          .multicall({ contracts })
          .then((all) => all.map(({ status, error, result }) => [status, result, error?.name])),
      (by) => by.multicall({ contracts, allowFailure: false }),
      (by) => by.getLogs({ address, event: probeAbi[7], fromBlock: 0n }),
      (by) => by.getContractEvents({ ...probe, fromBlock: 0n }),
      async (by) => by.getFilterLogs({ filter: await by.createEventFilter({ address, fromBlock: 0n, toBlock: 1n }) }),
      (by) => by.simulateContract({ ...probe, functionName: 'reject' as never }),
      (by) => by.simulateContract({ ...probe, functionName: 'reason' as never }),
    ]
    for (const fault of FAULTS) {
      await p1.set(fault)
      for (const run of programs)
        expect(await outcomeOf(() => run(client))).toEqual(await outcomeOf(() => run(direct as never)))
    }
  })

  test.each(FAULTS)('behavior: a transaction that was replaced is told: %s', async (fault) => {
    const client = clientOf()
    await using _engine = client.transport
    await admin().setAutomine(false)
    const send = (gwei: string) =>
      client.sendTransaction({
        to: address,
        data: '0x',
        gas: 100_000n,
        nonce: 0,
        maxFeePerGas: parseGwei(gwei),
        maxPriorityFeePerGas: parseGwei(gwei),
      })
    const hash = await send('10')
    await p1.set(fault)
    const replaced = createSeen<string>()
    const looked = createSeen<string>()
    client.transport.on('request', ({ method }) => method === 'eth_getTransactionByHash' && looked.add(method))
    const receipt = client.waitForTransactionReceipt({ hash, onReplaced: ({ reason }) => replaced.add(reason) })
    await looked.has(1)
    const next = await send('20')
    await admin().mine({ blocks: 1 })
    expect(await receipt).toMatchObject({ transactionHash: next })
    expect(replaced.items).toEqual(['repriced'])
  })
})

describe('its peers', () => {
  test("behavior: wagmi's reads, calls, sends and watchers, through every fault", async () => {
    await admin().setCode(await multicallCode())
    const config = wagmi.createConfig({
      chains: [chain],
      connectors: [wagmi.mock({ accounts: [owner] })],
      pollingInterval,
      transports: { [chain.id]: transportOf() },
    })
    await wagmi.connect(config, { connector: config.connectors[0]! })
    const [events, blocks] = [createSeen<bigint>(), createSeen<bigint>()]
    const first = await wagmi.getBlockNumber(config, { cacheTime: 0 })
    const ready = createSeen<string>()
    wagmi.getPublicClient(config).transport.on('request', ({ method }: { method: string }) => {
      if (method === 'eth_newFilter') ready.add(method)
    })
    const stops = [
      wagmi.watchContractEvent(config, {
        ...probe,
        eventName: 'Ping',
        onLogs: (all) => events.add(...all.map(({ args }) => args.x as bigint)),
      }),
      wagmi.watchBlocks(config, { emitMissed: true, emitOnBegin: true, onBlock: ({ number }) => blocks.add(number) }),
    ]
    await Promise.all([ready.has(1), blocks.has(1)])
    const value = { ...probe, functionName: 'value' } as const
    for (const [index, fault] of FAULTS.entries()) {
      await p1.set(fault)
      const x = BigInt(index)
      const hash = await wagmi.writeContract(config, { ...probe, functionName: 'ping', args: [x] })
      expect(await wagmi.waitForTransactionReceipt(config, { hash })).toMatchObject({ status: 'success' })
      expect(
        await wagmi.readContracts(config, { contracts: [value, { ...probe, functionName: 'reject' }] }),
      ).toMatchObject([
        { status: 'success', result: x },
        { status: 'failure', error: { cause: { data: { errorName: 'Rejected' } } } },
      ])
      expect(await wagmi.getBalance(config, { address: owner })).toMatchObject({ decimals: 18 })
    }
    await Promise.all([events.has(FAULTS.length), blocks.has(FAULTS.length + 1)])
    for (const stop of stops) stop()
    expect(events.items).toEqual(FAULTS.map((_, index) => BigInt(index)))
    expect(blocks.items).toEqual([0, ...FAULTS.map((_, index) => index + 1)].map((index) => first + BigInt(index)))
  })

  test('behavior: ethers and web3.js read, send and watch, through every fault', async () => {
    const client = clientOf()
    await using _engine = client.transport
    await using provider = createProvider(client)
    const uninstalled = createSeen<string>()
    client.transport.on('request', ({ method }) => method === 'eth_uninstallFilter' && uninstalled.add(method))
    const ethers = new BrowserProvider(provider, undefined, { pollingInterval, cacheTimeout: -1 })
    const web3 = new Web3(provider)
    // With a key of its own: what a node would sign is sent once, and so ends with the provider that it was given to.
    const contract = new Contract(address, probeAbi as readonly any[] as any[], new Wallet(key, ethers))
    web3.eth.accounts.wallet.add(key)
    const sibling = new web3.eth.Contract(probeAbi as readonly any[] as any[], address) as any
    const pings = createSeen<bigint>()
    await contract.on('Ping', (x: bigint) => pings.add(x))
    for (const [index, fault] of FAULTS.entries()) {
      await p1.set(fault)
      const x = BigInt(2 * index)
      const receipt = await (await contract.ping!(x)).wait()
      expect(receipt).toMatchObject({ status: 1 })
      expect(await sibling.methods.value().call()).toBe(x)
      expect(await sibling.methods.ping(x + 1n).send({ from: owner })).toMatchObject({ status: 1n })
      expect(await contract.value!()).toBe(x + 1n)
      expect(await contract.queryFilter('Ping', receipt.blockNumber)).toHaveLength(2)
      await expect(contract.reject!()).rejects.toMatchObject({ code: 'CALL_EXCEPTION', revert: { name: 'Rejected' } })
      await expect(sibling.methods.reject().call()).rejects.toMatchObject({ cause: { errorName: 'Rejected' } })
    }
    // ethers asks its filter at a block that it hears of between two questions: after the last one there has to be another.
    while (pings.items.length < 2 * FAULTS.length) {
      await admin().mine({ blocks: 1 })
      await ethers.getBlockNumber()
    }
    await contract.removeAllListeners()
    // ethers sends it without waiting: a failure of it would be nobody's.
    await uninstalled.has(1)
    expect(pings.items).toEqual([...Array(2 * FAULTS.length).keys()].map(BigInt))
  })
})

/** As it is on every chain. */
async function multicallCode() {
  const { multicall3Bytecode } = await import('../../node_modules/viem/_esm/constants/contracts.js' as string)
  const deployer = createWalletClient({ account: mnemonicToAccount(mnemonic), chain, transport: http(anvil.url) })
  const hash = await deployer.deployContract({ abi: [], bytecode: multicall3Bytecode as Hex })
  const { contractAddress } = await admin().waitForTransactionReceipt({ hash, pollingInterval })
  const bytecode = (await admin().getCode({ address: contractAddress as Hex })) as Hex
  return { address: multicallAddress, bytecode }
}

// Watchers and filters of viem that poll through failover(), against a real node, while the first provider dies.

import type { Log } from 'viem'
import { createPublicClient, createTestClient, createWalletClient, http, publicActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as anvilChain } from 'viem/chains'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import type { FlakyProxy } from '../support/flaky-proxy'
import { createFlakyProxy } from '../support/flaky-proxy'
import { probeAbi, probeCode } from './contracts'

const account = mnemonicToAccount('test test test test test test test test test test test junk')
const contract = '0x00000000000000000000000000000000000c0de0'
const pollingInterval = 20

let anvil: Anvil
let p1: FlakyProxy
let p2: FlakyProxy
beforeEach(async () => {
  anvil = await startAnvil()
  ;[p1, p2] = await Promise.all([createFlakyProxy(anvil.url), createFlakyProxy(anvil.url)])
  await admin().setCode({ address: contract, bytecode: probeCode })
})
afterEach(() => Promise.all([anvil.close(), p1.close(), p2.close()]))

/** At the node itself. */
function admin() {
  const transport = http(anvil.url)
  return createTestClient({ chain: anvilChain, mode: 'anvil', transport }).extend(publicActions)
}

function createClient() {
  return createPublicClient({
    chain: anvilChain,
    cacheTime: 0,
    pollingInterval,
    transport: failover([
      { id: 'p1', http: p1.url },
      { id: 'p2', http: p2.url },
    ]),
  })
}

function send(x: bigint) {
  const wallet = createWalletClient({ account, chain: anvilChain, transport: http(anvil.url) })
  return wallet.writeContract({ abi: probeAbi, address: contract, functionName: 'ping', args: [x] })
}

/** One block with one event: anvil answers a send before the block is there. */
async function ping(x: bigint) {
  await admin().waitForTransactionReceipt({ hash: await send(x), pollingInterval })
}

/** What was seen, and when there is enough of it. */
function createCollector<item>() {
  const items: item[] = []
  let check = () => {}
  return {
    items,
    add(...more: item[]) {
      items.push(...more)
      check()
    },
    until: (count: number) =>
      new Promise<item[]>((resolve) => {
        check = () => items.length >= count && resolve(items)
        check()
      }),
  }
}

/** Resolves when so many requests of a method have been answered. */
function answered(client: ReturnType<typeof createClient>, method: string, count: number) {
  const seen = createCollector<string>()
  client.transport.on('request', (event) => event.method === method && event.outcome === 'success' && seen.add(method))
  return seen.until(count)
}

test('behavior: the watchers go on without a gap when the first provider dies, and when it is back', async () => {
  const client = createClient()
  const [numbers, blocks] = [createCollector<bigint>(), createCollector<bigint>()]
  const [logs, events] = [createCollector<bigint>(), createCollector<bigint>()]
  const ready = answered(client, 'eth_newFilter', 2)
  const filter = { abi: probeAbi, eventName: 'Ping' } as const
  const stops = [
    client.watchBlockNumber({ emitMissed: true, onBlockNumber: (number) => numbers.add(number) }),
    client.watchBlocks({ emitMissed: true, onBlock: ({ number }) => blocks.add(number) }),
    client.watchEvent({ address: contract, event: probeAbi[7], onLogs: (all) => logs.add(...xsOf(all)) }),
    client.watchContractEvent({ address: contract, ...filter, onLogs: (all) => events.add(...xsOf(all)) }),
  ]
  await Promise.all([ready, numbers.until(1), blocks.until(1)])
  for (const x of [1n, 2n]) await ping(x)
  await Promise.all([logs.until(2), blocks.until(3)])
  await p1.set('refuse')
  for (const x of [3n, 4n]) await ping(x)
  await Promise.all([logs.until(4), blocks.until(5)])
  await p1.set('none')
  for (const x of [5n, 6n]) await ping(x)
  await Promise.all([logs.until(6), events.until(6), blocks.until(7), numbers.until(7)])
  for (const stop of stops) stop()
  expect([logs.items, events.items]).toEqual([
    [1n, 2n, 3n, 4n, 5n, 6n],
    [1n, 2n, 3n, 4n, 5n, 6n],
  ])
  expect([numbers.items, blocks.items]).toEqual([
    [0n, 1n, 2n, 3n, 4n, 5n, 6n],
    [0n, 1n, 2n, 3n, 4n, 5n, 6n],
  ])
  await client.transport.close()
})

test('behavior: filters outlive the provider they were made at, until they are uninstalled', async () => {
  const client = createClient()
  const event = await client.createEventFilter({ address: contract, event: probeAbi[7], strict: true })
  const block = await client.createBlockFilter()
  await ping(1n)
  expect(xsOf(await client.getFilterChanges({ filter: event }))).toEqual([1n])
  expect(await client.getFilterChanges({ filter: block })).toEqual([await hashAt(1n)])
  await ping(2n)
  await p1.set('hang')
  await p1.set('refuse')
  await ping(3n)
  expect(xsOf(await client.getFilterChanges({ filter: event }))).toEqual([2n, 3n])
  expect(await client.getFilterChanges({ filter: event })).toEqual([])
  expect(await client.getFilterChanges({ filter: block })).toEqual([await hashAt(2n), await hashAt(3n)])
  expect(await client.uninstallFilter({ filter: event })).toBe(true)
  expect(await client.uninstallFilter({ filter: event })).toBe(false)
  await expect(client.getFilterChanges({ filter: event })).rejects.toMatchObject({ name: 'InvalidInputRpcError' })
})

test('behavior: a filter of pending transactions is made again elsewhere', async () => {
  await admin().setAutomine(false)
  const client = createClient()
  const filter = await client.createPendingTransactionFilter()
  await send(1n)
  expect(await client.getFilterChanges({ filter })).toHaveLength(1)
  await p1.set('refuse')
  await client.getFilterChanges({ filter })
  await send(2n)
  expect(await client.getFilterChanges({ filter })).toHaveLength(1)
  expect(await client.uninstallFilter({ filter })).toBe(true)
})

test('behavior: changes are what is new, the logs of a filter are all of its range', async () => {
  await ping(1n)
  const client = createClient()
  const filter = await client.createContractEventFilter({
    abi: probeAbi,
    address: contract,
    fromBlock: 0n,
    toBlock: 2n,
  })
  expect(xsOf(await client.getFilterLogs({ filter }))).toEqual([1n])
  for (const x of [2n, 3n]) await ping(x)
  expect(xsOf(await client.getFilterChanges({ filter }))).toEqual([2n])
  expect(xsOf(await client.getFilterLogs({ filter }))).toEqual([1n, 2n])
})

test('behavior: a watcher of the finalized block polls', async () => {
  const client = createClient()
  const blocks = createCollector<bigint | null>()
  await admin().mine({ blocks: 80 })
  const stop = client.watchBlocks({
    blockTag: 'finalized',
    poll: true,
    emitOnBegin: true,
    onBlock: (block) => blocks.add(block.number),
  })
  await blocks.until(1)
  await admin().mine({ blocks: 1 })
  await blocks.until(2)
  stop()
  const { number } = await admin().getBlock({ blockTag: 'finalized' })
  expect(blocks.items).toEqual([number - 1n, number])
})

function xsOf(logs: readonly Log[]) {
  return logs.map((log) => (log as unknown as { args: { x: bigint } }).args.x)
}

async function hashAt(blockNumber: bigint) {
  return (await admin().getBlock({ blockNumber })).hash
}

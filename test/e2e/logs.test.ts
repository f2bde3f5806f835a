// viem's ways to logs over providers with limits: real sockets, real clients, and once a real node.

import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  http,
  parseAbi,
  parseAbiItem,
  publicActions,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as anvilChain, mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { FailoverOptions } from '../../src'
import { failover } from '../../src'
import { startAnvil } from '../support/anvil'
import { createChain } from '../support/chain'
import { tokenA, tokenB } from '../support/chain-block'
import { createFleet } from '../support/fleet'
import type { FleetProvider } from '../support/fleet-provider'
import type { Behaviour } from '../support/provider-behaviour'
import { probeAbi, probeCode } from './contracts'
import { outcomeOf } from './outcome'

const transfer = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)')
const abi = parseAbi(['event Transfer(address indexed from, address indexed to, uint256 value)'])
const chain = createChain({ height: 1_000 })

const vendors: readonly Behaviour[] = [
  { logs: { maxBlockRange: 100, wording: 'alchemy' } },
  { logs: { maxBlockRange: 250, wording: 'publicnode' } },
  { logs: { maxBlockRange: 500, wording: 'quicknode' } },
]

function clientOf(providers: readonly FleetProvider[], options: FailoverOptions = {}) {
  const list = providers.map(({ id, url }) => ({ id, http: url }))
  return createPublicClient({ chain: mainnet, cacheTime: 0, pollingInterval: 20, transport: failover(list, options) })
}

/** The truth: one healthy provider, asked by viem alone. */
async function withTruth(
  run: (ours: ReturnType<typeof clientOf>, theirs: ReturnType<typeof createPublicClient>) => Promise<void>,
) {
  await using fleet = await createFleet(vendors as never, { chain })
  await using healthy = await createFleet(1, { chain })
  const ours = clientOf(fleet.providers)
  const theirs = createPublicClient({ chain: mainnet, transport: http(healthy.providers[0].url) })
  await run(ours, theirs)
  await ours.transport.close()
}

describe('over providers with limits of their own, in words of their own', () => {
  test('default: getLogs, getContractEvents and createEventFilter bring what an unlimited provider brings', async () => {
    await withTruth(async (ours, theirs) => {
      const wide = { fromBlock: 100n, toBlock: 999n } as const
      expect(await ours.getLogs({ event: transfer, ...wide })).toEqual(
        await theirs.getLogs({ event: transfer, ...wide }),
      )
      const both = { address: [tokenA, tokenB], fromBlock: 0n, toBlock: 'latest' as const }
      expect(await ours.getLogs(both)).toEqual(await theirs.getLogs(both))
      const events = { abi, address: tokenB, ...wide } as const
      expect(await ours.getContractEvents(events)).toEqual(await theirs.getContractEvents(events))
      const filters = [ours, theirs].map(async (client) => {
        const filter = await client.createEventFilter({ event: transfer, fromBlock: 0n })
        return client.getFilterLogs({ filter })
      })
      const [own, expected] = await Promise.all(filters)
      expect(own?.map(({ transactionHash, logIndex }) => [transactionHash, logIndex])).toEqual(
        expected?.map(({ transactionHash, logIndex }) => [transactionHash, logIndex]),
      )
    })
  })

  test('behavior: what is wrong with a filter is the error that http() throws', async () => {
    await withTruth(async (ours, theirs) => {
      const backwards = { fromBlock: 900n, toBlock: 100n } as const
      const [actual, expected] = [
        await outcomeOf(() => ours.getLogs(backwards)),
        await outcomeOf(() => theirs.getLogs(backwards)),
      ]
      const facts = ({ error }: Awaited<ReturnType<typeof outcomeOf>>) =>
        (error as { name: unknown; code: unknown }[]).map(({ name, code }) => [name, code])
      expect(facts(actual)).toEqual(facts(expected))
    })
  })

  test('behavior: a piece fails over when its provider dies in the middle, and nothing warns of leaks', async () => {
    const warnings: string[] = []
    const note = ({ message }: Error) => void warnings.push(message)
    process.on('warning', note)
    await using fleet = await createFleet(
      [1, 2, 3].map(() => ({ latency: 5, logs: { maxBlockRange: 10 } })),
      { chain },
    )
    const [p1] = fleet.providers as readonly [FleetProvider]
    const client = clientOf(fleet.providers)
    const logs = client.getLogs({ address: tokenA, fromBlock: 100n, toBlock: 999n })
    const dies = new Promise<void>((resolve) => {
      const off = client.transport.on('attempt', ({ provider, outcome }) => {
        if (provider !== 'p1' || outcome !== 'success') return
        off()
        void p1.kill().then(resolve)
      })
    })
    expect((await logs).map(({ blockNumber }) => blockNumber)).toEqual(
      Array.from({ length: 900 }, (_, i) => BigInt(100 + i)),
    )
    await dies
    await client.transport.close()
    // Node warns in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  test('error: a plan that is too large is refused before anything is sent', async () => {
    await using fleet = await createFleet(1, { chain })
    const list = fleet.providers.map(({ url }) => ({
      id: 'p1',
      http: url,
      capabilities: { logs: { maxBlockRange: 1 } },
    }))
    const client = createPublicClient({ chain: mainnet, transport: failover(list) })
    const wide = client.getLogs({ fromBlock: 1n, toBlock: 900n })
    await expect(wide).rejects.toMatchObject({ name: 'LogRangeTooWideError', requests: 900, maxRequests: 500 })
    expect(fleet.providers[0].count()).toBe(0)
  })
})

describe('over a real node', () => {
  test('default: a node that is only let answer ten blocks at a time gives all its events, in order', async () => {
    await using anvil = await startAnvil()
    const contract = '0x00000000000000000000000000000000000c0de0'
    const account = mnemonicToAccount('test test test test test test test test test test test junk')
    const admin = createTestClient({ chain: anvilChain, mode: 'anvil', transport: http(anvil.url) }).extend(
      publicActions,
    )
    const wallet = createWalletClient({ account, chain: anvilChain, transport: http(anvil.url) })
    await admin.setCode({ address: contract, bytecode: probeCode })
    for (let x = 1n; x <= 12n; x++) {
      await wallet.writeContract({ abi: probeAbi, address: contract, functionName: 'ping', args: [x] })
      await admin.mine({ blocks: 20 })
    }
    const node = http(anvil.url)({ chain: anvilChain, retryCount: 0 })
    const refused = Object.assign(new Error('exceed maximum block range: 10'), { code: -32701 })
    const limited = custom({
      async request({ method, params }: { method: string; params?: any }) {
        const span = method === 'eth_getLogs' ? Number(params[0].toBlock) - Number(params[0].fromBlock) : 0
        if (span >= 10 || Number.isNaN(span)) throw refused
        return node.request({ method, params } as never)
      },
    })
    const transport = failover([1, 2].map((id) => ({ id: `p${id}`, http: limited, wallet: false })))
    const client = createPublicClient({ chain: anvilChain, transport })
    const query = { abi: probeAbi, address: contract, eventName: 'Ping', fromBlock: 0n } as const
    const events = await client.getContractEvents(query)
    expect(events.map(({ args }) => args.x)).toEqual(Array.from({ length: 12 }, (_, i) => BigInt(i + 1)))
    expect(events).toEqual(await admin.getContractEvents(query))
    const { learned } = client.transport.status().providers[0]?.capabilities ?? {}
    expect(learned?.logs).toEqual({ maxBlockRange: 10 })
  })
})

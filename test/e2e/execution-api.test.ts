// Each read of the execution API at a real node, with params that are right, absent, of another kind or far too large: over
// failover(), whose first provider misbehaves in turn, it ends as over http().

import type { Hex } from 'viem'
import {
  createClient,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  http,
  publicActions,
  zeroHash,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as anvilChain } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import type { Fault, FlakyProxy } from '../support/flaky-proxy'
import { createFlakyProxy } from '../support/flaky-proxy'
import { probeAbi, probeCode } from './contracts'
import { outcomeOf } from './outcome'

const account = mnemonicToAccount('test test test test test test test test test test test junk')
const contract = '0x00000000000000000000000000000000000c0de0'
const call = { to: contract, data: encodeFunctionData({ abi: probeAbi, functionName: 'value' }) }
const revert = { to: contract, data: encodeFunctionData({ abi: probeAbi, functionName: 'reject' }) }
/** Stand for what is known once the node is up. */
const [BLOCK, TRANSACTION] = ['the block', 'the transaction']

/**
 * Params that are right, some of them for an answer of `null` or for a revert. `eth_chainId` is answered from what is known and
 * so takes any; accounts are for wallets, which are asked once.
 */
const reads: Record<string, readonly (readonly unknown[])[]> = {
  web3_clientVersion: [[]],
  web3_sha3: [['0x68656c6c6f']],
  net_version: [[]],
  net_listening: [[]],
  eth_blockNumber: [[]],
  eth_syncing: [[]],
  eth_gasPrice: [[]],
  eth_maxPriorityFeePerGas: [[]],
  eth_blobBaseFee: [[]],
  eth_config: [[]],
  eth_feeHistory: [
    ['0x2', 'latest', [25, 75]],
    ['0x2', '0x1', []],
  ],
  eth_getBalance: [
    [account.address, 'latest'],
    [account.address, { blockNumber: '0x1' }],
    [account.address, '0xffffff'],
  ],
  eth_getCode: [[contract, 'latest']],
  eth_getStorageAt: [[contract, '0x0', 'latest']],
  eth_getTransactionCount: [
    [account.address, 'latest'],
    [account.address, 'pending'],
  ],
  eth_getProof: [[contract, ['0x0'], 'latest']],
  eth_call: [
    [call, 'latest'],
    [revert, 'latest'],
    [call, { blockHash: BLOCK }],
    [call, 'latest', { [contract]: { balance: '0x1' } }],
  ],
  eth_estimateGas: [[call], [revert, 'latest']],
  eth_createAccessList: [[call, 'latest']],
  eth_simulateV1: [[{ blockStateCalls: [{ calls: [revert] }] }, 'latest']],
  eth_getBlockByHash: [
    [BLOCK, false],
    [zeroHash, true],
  ],
  eth_getBlockByNumber: [
    ['latest', true],
    ['earliest', false],
    ['finalized', false],
    ['0x1', false],
    ['0xffffff', false],
  ],
  eth_getBlockReceipts: [['latest'], ['0xffffff']],
  eth_getBlockTransactionCountByHash: [[BLOCK], [zeroHash]],
  eth_getBlockTransactionCountByNumber: [['0x1'], ['0xffffff']],
  eth_getUncleCountByBlockHash: [[BLOCK]],
  eth_getUncleCountByBlockNumber: [['0x1']],
  eth_getUncleByBlockHashAndIndex: [[BLOCK, '0x0']],
  eth_getUncleByBlockNumberAndIndex: [['0x1', '0x0']],
  eth_getTransactionByHash: [[TRANSACTION], [zeroHash]],
  eth_getTransactionByBlockHashAndIndex: [
    [BLOCK, '0x0'],
    [BLOCK, '0xff'],
  ],
  eth_getTransactionByBlockNumberAndIndex: [['0x1', '0x0']],
  eth_getTransactionReceipt: [[TRANSACTION], [zeroHash]],
  eth_getLogs: [
    [{ fromBlock: '0x0', toBlock: 'latest' }],
    [{ blockHash: BLOCK }],
    [{ blockHash: zeroHash }],
    [{ fromBlock: '0x2', toBlock: '0x1' }],
    [{ fromBlock: '0xfffff0', toBlock: '0xffffff' }],
    [{ address: [contract, contract], topics: [null, []] }],
  ],
  debug_getRawTransaction: [[TRANSACTION]],
  debug_traceTransaction: [[TRANSACTION, { tracer: 'callTracer' }]],
  trace_block: [['0x1']],
}
const HUGE = `0x${'ff'.repeat(2_000)}`
const ODD: readonly unknown[] = [null, true, 7, -1, 1.5, '', 'zz', '0x', '0xzz', HUGE, [], {}, [[null]]]
const FAULTS: readonly Fault[] = ['error503', 'html', 'reset', 'none', 'refuse']

let anvil: Anvil
let p1: FlakyProxy
let known: Record<string, Hex>
beforeAll(async () => {
  anvil = await startAnvil()
  p1 = await createFlakyProxy(anvil.url)
  const transport = http(anvil.url)
  const admin = createTestClient({ chain: anvilChain, mode: 'anvil', transport }).extend(publicActions)
  await admin.setCode({ address: contract, bytecode: probeCode })
  const wallet = createWalletClient({ account, chain: anvilChain, transport })
  const sent = await wallet.writeContract({ abi: probeAbi, address: contract, functionName: 'ping', args: [1n] })
  const { blockHash } = await admin.waitForTransactionReceipt({ hash: sent, pollingInterval: 20 })
  known = { [BLOCK]: blockHash, [TRANSACTION]: sent }
})
afterAll(() => Promise.all([anvil.close(), p1.close()]))

/** Params as they are, none, too few, too many, by name, and each one in turn of another kind. */
function variantsOf(right: readonly unknown[]): unknown[] {
  const withAt = (at: number, odd: unknown) => right.map((param, index) => (index === at ? odd : param))
  return [
    right,
    ...[undefined, null, [], {}, right.slice(0, -1), [...right, ...ODD]],
    right.map(() => null),
    ...right.flatMap((_, at) => ODD.map((odd) => withAt(at, odd))),
  ]
}

function fill(params: unknown): unknown {
  const text = JSON.stringify(params)
  return text && JSON.parse(text, (_, value) => known[value] ?? value)
}

describe('reads of the execution API', () => {
  test.each(Object.entries(reads))('default: %s', async (method, rights) => {
    const breaker = { failures: 1_000, networkFailures: 1_000, minimumAttempts: 1_000 }
    const direct = createClient({ chain: anvilChain, transport: http(anvil.url, { retryCount: 0 }) })
    const client = createClient({
      chain: anvilChain,
      transport: failover([p1.url, anvil.url], { breaker, retry: { rounds: 1 } }),
    })
    await using _engine = client.transport
    const differences: unknown[] = []
    const variants = rights.flatMap((right, index) => (index === 0 ? variantsOf(right) : [right])).map(fill)
    for (const [index, params] of variants.entries()) {
      if (index % 4 === 0) await p1.set(FAULTS[(index / 4) % FAULTS.length] as Fault)
      const request = { method, ...(params !== undefined && { params }) } as never
      const [expected, actual] = [await ended(direct, request), await ended(client, request)]
      if (actual !== expected) differences.push({ params, expected, actual })
    }
    expect(differences).toEqual([])
  })
})

/** The value, or the class, code, data and words of the error; the words are others where params that are absent become `[]`. */
async function ended(client: { request(request: never): Promise<unknown> }, request: never): Promise<string> {
  const { value, error } = await outcomeOf(() => client.request(request))
  const { params } = request as { params?: unknown }
  return JSON.stringify(error ?? { value }, (key, part) => (key === 'details' && params == null ? undefined : part))
}

// Errors over failover() are those of http(): the same classes, codes, data and words, from a real node and from scripts.

import { inspect } from 'node:util'
import type { Client, Transport } from 'viem'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  keccak256,
  publicActions,
  toHex,
  zeroAddress,
  zeroHash,
} from 'viem'
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { anvil as anvilChain, mainnet } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import { deadUrl } from '../support/dead-url'
import { createFleet } from '../support/fleet'
import type { BehaviourScript } from '../support/provider-behaviour'
import { probeAbi, probeCode } from './contracts'
import { compare } from './outcome'

const account = mnemonicToAccount('test test test test test test test test test test test junk')
const poor = privateKeyToAccount(keccak256(toHex('poor')))
const contract = '0x00000000000000000000000000000000000c0de0'

let anvil: Anvil
let transports: readonly [Transport, Transport]
beforeAll(async () => {
  anvil = await startAnvil()
  transports = [http(anvil.url, { retryCount: 0 }), failover([deadUrl(), anvil.url], { timeout: 2_000 })]
  await createTestClient({ chain: anvilChain, mode: 'anvil', transport: http(anvil.url) }).setCode({
    address: contract,
    bytecode: probeCode,
  })
})
afterAll(() => anvil.close())

function clientOf(transport: Transport) {
  return createWalletClient({ account, chain: anvilChain, transport }).extend(publicActions)
}

const probe = { abi: probeAbi, address: contract, account } as const

describe('a real node', () => {
  const programs: Record<string, [(client: ReturnType<typeof clientOf>) => unknown, string]> = {
    'a custom error': [(client) => client.readContract({ ...probe, functionName: 'reject' }), 'Rejected'],
    'a reason in the words of a provider': [
      (client) => client.readContract({ ...probe, functionName: 'reason' }),
      'rate limit exceeded',
    ],
    'a panic': [(client) => client.readContract({ ...probe, functionName: 'divide' }), 'Division or modulo by zero'],
    'a revert without data': [(client) => client.readContract({ ...probe, functionName: 'silent' }), 'reverted'],
    'an invalid opcode': [(client) => client.readContract({ ...probe, functionName: 'spin' }), 'EVM error'],
    'a custom error of a simulation': [
      (client) => client.simulateContract({ ...probe, functionName: 'reject' as never }),
      'Rejected',
    ],
    'a custom error of an estimate': [
      (client) => client.estimateContractGas({ ...probe, functionName: 'reject' as never }),
      'Rejected',
    ],
    'a write that reverts': [
      (client) => client.writeContract({ ...probe, functionName: 'reason' as never }),
      'rate limit exceeded',
    ],
    'no contract': [
      (client) => client.readContract({ ...probe, address: account.address, functionName: 'value' }),
      '0x',
    ],
    'insufficient funds of an estimate': [
      (client) => client.estimateGas({ account: poor, to: contract, value: 1n }),
      'EstimateGasExecutionError',
    ],
    'insufficient funds of a call': [(client) => client.call({ account: poor, to: contract, value: 1n }), 'funds'],
    'insufficient funds of a send': [
      (client) => client.sendTransaction({ account: poor, to: contract, value: 1n, gas: 21_000n, nonce: 0 }),
      'InsufficientFundsError',
    ],
    'gas above the limit of a block': [
      (client) => client.sendTransaction({ to: contract, gas: 10n ** 12n, nonce: 0 }),
      'TransactionExecutionError',
    ],
    'a nonce that is too high for a call': [(client) => client.call({ to: contract, nonce: 99, gas: 1n }), 'gas'],
    'no transaction': [(client) => client.getTransaction({ hash: zeroHash }), 'TransactionNotFoundError'],
    'no receipt': [(client) => client.getTransactionReceipt({ hash: zeroHash }), 'TransactionReceiptNotFoundError'],
    'no block': [(client) => client.getBlock({ blockHash: zeroHash }), 'BlockNotFoundError'],
    'invalid params': [
      (client) => client.request({ method: 'eth_getBalance' as any, params: ['0x12', 'latest'] as any }),
      'InvalidParams',
    ],
    'an unknown method': [(client) => client.request({ method: 'foo_bar' as any }), 'MethodNotFoundRpcError'],
    'a filter that nobody knows': [
      (client) => client.request({ method: 'eth_getFilterChanges' as any, params: ['0x1234'] as any }),
      'name',
    ],
  }
  test.each(Object.entries(programs))('error: %s', async (name, [run, word]) => {
    const { expected, actual } = await compare(transports, (transport) => run(clientOf(transport)))
    expect(inspect(actual.error, { depth: null })).toContain(word)
    // A node of anvil calls it an internal error; ours says what all the others say.
    if (name !== 'a filter that nobody knows') expect(actual).toEqual(expected)
    expect(actual.error).toBeTruthy()
  })
})

describe('scripted providers', () => {
  const request = (method: string) => (client: Client) => client.request({ method: method as any })
  const cases: [string, BehaviourScript, (client: any) => unknown][] = [
    [
      'an execution error',
      { error: { code: 3, message: 'execution reverted', data: '0x1234' } },
      (client) => client.call({ to: zeroAddress }),
    ],
    [
      'data in data',
      { error: { code: -32000, message: 'reverted', data: { data: '0x08c379a0' } } },
      (client) => client.call({ to: zeroAddress }),
    ],
    [
      'data of any shape',
      { error: { code: -32000, message: 'x'.repeat(5_000), data: { deep: [1.5, { a: null }] } } },
      request('foo_bar'),
    ],
    ['a rate limit', { status: 429, error: { code: -32005, message: 'too many requests' } }, request('eth_gasPrice')],
    ['an unknown code', { error: { code: -31_999, message: 'odd' } }, request('eth_gasPrice')],
    ['header not found', { error: { code: -32000, message: 'header not found' } }, request('eth_gasPrice')],
    ['a method that is off', { unsupported: '*' }, request('eth_maxPriorityFeePerGas')],
    [
      'a user who says no',
      { error: { code: 4001, message: 'User rejected the request.' } },
      request('eth_sendTransaction'),
    ],
    [
      'a range of logs',
      { error: { code: -32602, message: 'query exceeds max block range 1000' } },
      (client) => client.getLogs({ fromBlock: 0n, toBlock: 9n }),
    ],
  ]
  test.each(cases)('error: %s, from all providers', async (_, script, run) => {
    await using fleet = await createFleet([script, script])
    const [p1, p2] = fleet.providers
    const options = { verifyChain: false, retry: { rounds: 1 } }
    const pair = [http(p1.url, { retryCount: 0 }), failover([p1.url, p2.url], options)] as const
    const { expected, actual } = await compare(pair, (transport) =>
      run(createPublicClient({ chain: mainnet, transport })),
    )
    expect(actual).toEqual(expected)
    expect(actual.error).toBeTruthy()
  })

  test('behavior: fees without eth_maxPriorityFeePerGas', async () => {
    const fees = {
      eth_getBlockByNumber: { baseFeePerGas: '0x64', number: '0x5', transactions: [] },
      eth_gasPrice: '0x6e',
    }
    const script = [
      { unsupported: 'eth_maxPriorityFeePerGas' },
      { methods: ['eth_getBlockByNumber', 'eth_gasPrice'], result: fees },
    ]
    await using fleet = await createFleet([script, script])
    const [p1, p2] = fleet.providers
    const pair = [http(p1.url), failover([p1.url, p2.url])] as const
    const { expected, actual } = await compare(pair, (transport) =>
      createPublicClient({ chain: mainnet, transport }).estimateFeesPerGas(),
    )
    expect(actual).toEqual(expected)
    expect(actual.value).toMatchObject({ maxPriorityFeePerGas: 10n })
  })

  test.each(['alchemy', 'infura', 'publicnode', 'quicknode', 'vague'] as const)(
    'error: a range that is too large and cannot be smaller, in the words of %s',
    async (wording) => {
      const script = { logs: { maxBlockRange: 0, wording } }
      await using fleet = await createFleet([script, script])
      const [p1, p2] = fleet.providers
      const pair = [http(p1.url, { retryCount: 0 }), failover([p1.url, p2.url])] as const
      const { expected, actual } = await compare(pair, (transport) =>
        createPublicClient({ chain: mainnet, transport }).getLogs({ fromBlock: 7n, toBlock: 7n }),
      )
      expect(actual).toEqual(expected)
      expect(actual.error).toBeTruthy()
    },
  )
})

// wagmi's core over failover(), with its mock connector on a real node.

import {
  connect,
  createConfig,
  getBlockNumber,
  getPublicClient,
  mock,
  readContract,
  sendTransaction,
  simulateContract,
  waitForTransactionReceipt,
  watchBlockNumber,
  writeContract,
} from '@wagmi/core'
import { defineChain } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as anvilChain } from 'viem/chains'
import { expect, test } from 'vitest'
import { failover } from '../../src'
import { startAnvil } from '../support/anvil'
import { createFlakyProxy } from '../support/flaky-proxy'
import { probeAbi, probeCode } from './contracts'

const { address: owner } = mnemonicToAccount('test test test test test test test test test test test junk')
const contract = '0x00000000000000000000000000000000000c0de0'

test('default: reads, writes and watches while the first provider dies', async () => {
  await using anvil = await startAnvil()
  await using p1 = await createFlakyProxy(anvil.url)
  const chain = defineChain({ ...anvilChain, rpcUrls: { default: { http: [anvil.url] } } })
  const config = createConfig({
    chains: [chain],
    connectors: [mock({ accounts: [owner] })],
    pollingInterval: 20,
    transports: { [chain.id]: failover([p1.url, anvil.url]) },
  })
  const client = getPublicClient(config)
  await client.request({ method: 'anvil_setCode' as any, params: [contract, probeCode] as any })
  expect(await getBlockNumber(config)).toBe(0n)
  const numbers: bigint[] = []
  const seen = new Promise<void>((resolve) => {
    watchBlockNumber(config, {
      emitMissed: true,
      onBlockNumber: (number) => {
        numbers.push(number)
        if (number === 2n) resolve()
      },
    })
  })
  await connect(config, { connector: config.connectors[0]! })
  await p1.set('refuse')
  const sent = await sendTransaction(config, { to: owner, value: 1n })
  expect(await waitForTransactionReceipt(config, { hash: sent })).toMatchObject({ status: 'success' })
  const { request } = await simulateContract(config, {
    abi: probeAbi,
    address: contract,
    functionName: 'ping',
    args: [9n],
  })
  await waitForTransactionReceipt(config, { hash: await writeContract(config, request) })
  expect(await readContract(config, { abi: probeAbi, address: contract, functionName: 'value' })).toBe(9n)
  await seen
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as bigint) + BigInt(index)))
  await expect(
    readContract(config, { abi: probeAbi, address: contract, functionName: 'reject' }),
  ).rejects.toMatchObject({
    name: 'ContractFunctionExecutionError',
    cause: { data: { errorName: 'Rejected' } },
  })
  await (client.transport as any).close()
})

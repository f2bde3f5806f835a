// Two copies of viem in one program: our transport under the clients of the CommonJS copy, its transports in our list, its
// errors judged by ours. Nothing may depend on whose class an error is of.

import { createRequire } from 'node:module'
import type { Transport } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { mainnet } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import { deadUrl } from '../support/dead-url'
import { createFleet } from '../support/fleet'
import { probeAbi, probeCode } from './contracts'
import { outcomeOf } from './outcome'

const other: typeof import('viem') = createRequire(import.meta.url)('viem')
const account = mnemonicToAccount('test test test test test test test test test test test junk')
const contract = '0x00000000000000000000000000000000000c0de0'

let anvil: Anvil
beforeAll(async () => {
  anvil = await startAnvil()
  const admin = other.createTestClient({ mode: 'anvil', transport: other.http(anvil.url) })
  await admin.setCode({ address: contract, bytecode: probeCode })
})
afterAll(() => anvil.close())

const clientOf = (transport: Transport) =>
  other.createWalletClient({ account, chain: null as never, transport: transport as never }).extend(other.publicActions)

test('default: it is another copy', async () => {
  const { BaseError } = await import('viem')
  expect(other.BaseError).not.toBe(BaseError)
})

test('default: clients of one copy over our transport, with transports of the other', async () => {
  const client = clientOf(failover([deadUrl(), other.http(anvil.url)] as never))
  expect(await client.getChainId()).toBe(31_337)
  const hash = await client.sendTransaction({ to: contract, data: '0x', chain: null, gas: 100_000n })
  expect(await client.getTransaction({ hash })).toMatchObject({ hash })
})

test('error: the same names, codes and data as over http() of that copy', async () => {
  const run = (transport: Transport) =>
    outcomeOf(() => clientOf(transport).readContract({ abi: probeAbi, address: contract, functionName: 'reject' }))
  const expected = await run(other.http(anvil.url))
  const chains = [await run(failover([anvil.url])), await run(failover([other.http(anvil.url)] as never))]
  // `details` is what viem finds in causes of its own classes: with another copy's it quotes the whole message.
  const top = (outcome: any) => outcome.error.slice(0, 2).map(({ details: _, ...link }: any) => link)
  expect(top(expected).map(({ name }: any) => name)).toEqual([
    'ContractFunctionExecutionError',
    'ContractFunctionRevertedError',
  ])
  for (const chain of chains) expect(top(chain)).toEqual(top(expected))
  expect(top(expected)[1].data).toMatchObject({ errorName: 'Rejected' })
})

test('behavior: failures of its transports are known by name', async () => {
  const scripts = [
    { status: 503 },
    { error: { code: -32601, message: 'no' } },
    { error: { code: 3, message: 'execution reverted' } },
    {},
  ]
  await using fleet = await createFleet(scripts)
  const list = fleet.providers.map(({ url }) => other.http(url))
  const client: any = other.createPublicClient({
    chain: mainnet as never,
    transport: failover(list as never, { verifyChain: false }) as never,
  })
  const kinds: unknown[] = []
  client.transport.on('attempt', ({ failure }: any) => kinds.push(failure?.kind))
  await expect(client.call({ to: contract })).rejects.toMatchObject({ name: 'CallExecutionError' })
  expect(kinds).toEqual(['server-error', 'unsupported-method', 'reverted'])
})

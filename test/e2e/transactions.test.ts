// Sends over failover() against a real node: taken and not answered, known already, mined already; and what the errors tell.

import type { Hex } from 'viem'
import { createPublicClient, createTestClient, createWalletClient, http, keccak256, publicActions, toHex } from 'viem'
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { anvil as anvilChain } from 'viem/chains'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FailoverOptions, ProviderEntry } from '../../src'
import { failover } from '../../src'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import { deadUrl } from '../support/dead-url'
import type { FlakyProxy } from '../support/flaky-proxy'
import { createFlakyProxy } from '../support/flaky-proxy'

const account = mnemonicToAccount('test test test test test test test test test test test junk')
const bob = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

let anvil: Anvil
let p1: FlakyProxy
let p2: FlakyProxy
beforeAll(async () => {
  anvil = await startAnvil()
  ;[p1, p2] = await Promise.all([createFlakyProxy(anvil.url), createFlakyProxy(anvil.url)])
})
afterAll(() => Promise.all([anvil.close(), p1.close(), p2.close()]))
beforeEach(async () => {
  await Promise.all([p1.set('none'), p2.set('none')])
  await node().setAutomine(true)
})

/** The node itself. */
function node() {
  const transport = http(anvil.url)
  return createTestClient({ chain: anvilChain, mode: 'anvil', transport }).extend(publicActions)
}

function createClient(options: FailoverOptions = {}, list: readonly ProviderEntry[] = [p1.url, p2.url]) {
  const transport = failover(list, { timeout: 1_000, retry: { rounds: 1 }, ...options })
  return createWalletClient({ account, chain: anvilChain, transport }).extend(publicActions)
}

async function sign(change: { nonce?: number; value?: bigint; gas?: bigint } = {}): Promise<Hex> {
  const nonce = await node().getTransactionCount({ address: account.address, blockTag: 'pending' })
  const fees = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n }
  return account.signTransaction({
    chainId: anvilChain.id,
    nonce,
    to: bob,
    type: 'eip1559',
    value: 1n,
    ...fees,
    ...change,
  })
}

function send(client: ReturnType<typeof createClient>, serializedTransaction: Hex) {
  return client.sendRawTransaction({ serializedTransaction })
}

/** What the send rejects with. */
function errorOf(sent: Promise<unknown>): Promise<any> {
  return sent.then(
    (value) => expect.unreachable(`sent: ${value}`),
    (error: unknown) => error,
  )
}

describe('sent twice, mined once', () => {
  test('behavior: taken and not answered, then already known', async () => {
    await node().setAutomine(false)
    const before = await node().getTransactionCount({ address: account.address })
    const raw = await sign()
    const client = createClient()
    await client.getChainId()
    await p1.set('take-and-hang')
    expect(await send(client, raw)).toBe(keccak256(raw))
    await node().mine({ blocks: 1 })
    const receipt = await node().getTransactionReceipt({ hash: keccak256(raw) })
    expect(receipt.status).toBe('success')
    expect(await node().getTransactionCount({ address: account.address })).toBe(before + 1)
  })

  test('behavior: taken, mined and not answered, then the nonce is too low', async () => {
    const raw = await sign()
    const client = createClient()
    await client.getChainId()
    await p1.set('take-and-hang')
    expect(await send(client, raw)).toBe(keccak256(raw))
  })

  test('behavior: the connection is cut once the bytes have left', async () => {
    const raw = await sign()
    const client = createClient()
    await client.getChainId()
    await p1.set('reset')
    expect(await send(client, raw)).toBe(keccak256(raw))
    expect(await send(client, raw)).toBe(keccak256(raw))
  })

  test('behavior: to all at once', async () => {
    const raw = await sign()
    const client = createClient({ transactions: { broadcast: 'all' } })
    expect(await send(client, raw)).toBe(keccak256(raw))
    expect(await send(client, raw)).toBe(keccak256(raw))
    await p1.set('refuse')
    expect(await send(client, raw)).toBe(keccak256(raw))
  })
})

describe('errors', () => {
  test('error: the nonce belongs to another transaction', async () => {
    const nonce = await node().getTransactionCount({ address: account.address })
    await send(createClient(), await sign())
    const raw = await sign({ nonce, value: 2n })
    const error = await errorOf(send(createClient(), raw))
    expect(error).toMatchObject({ name: 'TransactionRejectedRpcError', code: -32003, mayHaveBeenSent: false })
    expect(error.message).toContain(`The transaction was not sent: ${keccak256(raw)}`)
    expect(error.message.match(/The transaction was/g)).toHaveLength(1)
    expect(error.transactionHash).toBe(keccak256(raw))
  })

  test('error: refused by the rules after somebody may have taken it', async () => {
    const client = createClient()
    await client.getChainId()
    await p1.set('hang')
    const error = await errorOf(send(client, await sign({ gas: 20_000n })))
    expect(error).toMatchObject({ mayHaveBeenSent: true })
    expect(error.attempts.map(({ kind }: any) => kind)).toEqual(['timeout', 'transaction-rejected'])
  })

  test.each([['reset'], ['hang'], ['take-and-hang'], ['error503'], ['html']] as const)(
    'error: %s everywhere: it may have been sent',
    async (fault) => {
      const raw = await sign()
      const client = createClient({ timeout: 1_000 })
      await client.getChainId()
      await Promise.all([p1.set(fault), p2.set(fault)])
      const error = await errorOf(send(client, raw))
      expect(error).toMatchObject({
        name: 'AllProvidersFailedError',
        mayHaveBeenSent: true,
        transactionHash: keccak256(raw),
      })
      expect(error.attempts.map(({ provider }: any) => provider)).toHaveLength(2)
      expect(error.message.split('\n')).toContain(`The transaction may have been sent: ${keccak256(raw)}`)
    },
  )

  test('error: refused everywhere: it was not sent', async () => {
    const raw = await sign()
    const error = await errorOf(send(createClient({}, [deadUrl(), deadUrl()]), raw))
    expect(error).toMatchObject({
      name: 'AllProvidersFailedError',
      mayHaveBeenSent: false,
      transactionHash: keccak256(raw),
    })
    expect(error.message.split('\n')).toContain(`The transaction was not sent: ${keccak256(raw)}`)
  })

  test('error: what viem makes of it keeps the facts in reach', async () => {
    const poor = privateKeyToAccount(keccak256(toHex('poor')))
    const error = await errorOf(createClient().sendTransaction({ account: poor, to: bob, value: 1n, gas: 21_000n }))
    expect(error.name).toBe('TransactionExecutionError')
    expect(error.walk((link: any) => link.name === 'InsufficientFundsError')).toBeTruthy()
    expect(error.walk((link: any) => 'mayHaveBeenSent' in link)).toMatchObject({ mayHaveBeenSent: false })
  })
})

describe('eth_sendRawTransactionSync', () => {
  const sync = (client: ReturnType<typeof createClient>, serializedTransaction: Hex) =>
    client.sendRawTransactionSync({ serializedTransaction })

  test('default: the receipt', async () => {
    const raw = await sign()
    expect(await sync(createClient(), raw)).toMatchObject({ status: 'success', transactionHash: keccak256(raw) })
  })

  test('behavior: known or mined already, or unclear: the receipt is looked for', async () => {
    const raw = await sign()
    // The hang takes 60 % of it.
    const client = createClient({ timeout: 4_000 })
    await client.getChainId()
    await p1.set('take-and-hang')
    expect(await sync(client, raw)).toMatchObject({ transactionHash: keccak256(raw) })
    await p1.set('none')
    expect(await sync(client, raw)).toMatchObject({ transactionHash: keccak256(raw) })
  })
})

describe('what was sent a moment ago', () => {
  test('behavior: two sends in a row have consecutive nonces', async () => {
    await node().setAutomine(false)
    const client = createClient()
    const first = await client.sendTransaction({ to: bob, value: 1n })
    const second = await client.sendTransaction({ to: bob, value: 1n })
    const nonces = await Promise.all([first, second].map((hash) => client.getTransaction({ hash })))
    expect(nonces[1]!.nonce - nonces[0]!.nonce).toBe(1)
    await node().mine({ blocks: 1 })
  })

  test('behavior: a transaction that is dropped gives its nonce back', async () => {
    await node().setAutomine(false)
    const client = createClient()
    const nonce = () => client.getTransactionCount({ address: account.address, blockTag: 'pending' })
    const before = await nonce()
    const hash = await client.sendTransaction({ to: bob, value: 1n })
    expect(await nonce()).toBe(before + 1)
    await node().dropTransaction({ hash })
    expect(await nonce()).toBe(before)
  })

  test('behavior: waitForTransactionReceipt sees a replacement', async () => {
    await node().setAutomine(false)
    const client = createClient()
    const nonce = await client.getTransactionCount({ address: account.address, blockTag: 'pending' })
    const fee = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n }
    const hash = await client.sendTransaction({ to: bob, value: 1n, nonce, ...fee })
    const replaced = new Promise<unknown>((resolve) => {
      const waiting = client.waitForTransactionReceipt({ hash, pollingInterval: 20, onReplaced: resolve })
      waiting.catch(resolve)
    })
    // It has been seen by then: viem finds a replacement only of what it has seen.
    await new Promise<void>((resolve) => {
      client.transport.on('request', ({ method }) => method === 'eth_getTransactionByHash' && resolve())
    })
    const twice = { maxFeePerGas: 2n * 10n ** 10n, maxPriorityFeePerGas: 2n * 10n ** 9n }
    await client.sendTransaction({ to: bob, value: 2n, nonce, ...twice })
    await node().mine({ blocks: 1 })
    expect(await replaced).toMatchObject({ reason: 'replaced', transaction: { value: 2n } })
  })
})

test('behavior: viem reads what another client sent', async () => {
  const hash = await createClient().sendTransaction({ to: bob, value: 1n })
  const reader = createPublicClient({ chain: anvilChain, transport: failover([p1.url, p2.url]) })
  expect(await reader.waitForTransactionReceipt({ hash, pollingInterval: 20 })).toMatchObject({ status: 'success' })
})

// The fleet as a client sees it: a healthy provider through viem, each fault on the wire.

import { createPublicClient, createWalletClient, http, keccak256, numberToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import { tokenB } from './chain-block'
import { createFleet } from './fleet'
import type { FleetProvider } from './fleet-provider'

async function post(provider: FleetProvider, payload: unknown, signal?: AbortSignal) {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(payload), ...(signal ? { signal } : {}) }
  const response = await fetch(provider.url, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

async function ask(provider: FleetProvider, method: string, params: unknown[] = []) {
  const { text } = await post(provider, { jsonrpc: '2.0', id: 1, method, params })
  const { result, error } = JSON.parse(text)
  return error ?? result
}

const clientOf = (provider: FleetProvider) =>
  createPublicClient({ chain: mainnet, transport: http(provider.url, { retryCount: 0 }) })

describe('a healthy provider', () => {
  test('default: viem reads the chain', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const client = clientOf(p1)
    fleet.chain.mine()
    expect([await client.getChainId(), await client.getBlockNumber()]).toEqual([1, 101n])
    const block = await client.getBlock({ includeTransactions: true })
    expect([block.number, block.hash, block.transactions.length]).toEqual([101n, fleet.chain.head.hash, 2])
    const logs = await client.getLogs({ address: tokenB, fromBlock: 90n, toBlock: 95n })
    expect(logs.map((log) => log.blockNumber)).toEqual([90n, 92n, 94n])
    expect(await client.getBalance({ address: tokenB, blockNumber: 42n })).toBe(42n)
    expect(await ask(p1, 'eth_call', [{ to: tokenB }, 'latest'])).toMatch(/^0x[0-9a-f]{64}$/)
    expect(await ask(p1, 'foo_bar')).toMatchObject({ code: -32601 })
    expect([p1.count('eth_getLogs'), p2.count()]).toEqual([1, 0])
    expect(p1.calls[0]).toMatchObject({ method: 'eth_chainId', channel: 'http', batch: 0 })
  })

  test('behavior: takes a transaction, knows it, mines it', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const account = privateKeyToAccount(keccak256('0x01'))
    const wallet = createWalletClient({ account, chain: mainnet, transport: http(p1.url) })
    const hash = await wallet.sendTransaction({ to: tokenB, value: 1n })
    const [raw] = p1.calls.find((call) => call.method === 'eth_sendRawTransaction')?.params ?? []
    expect(await ask(p1, 'eth_sendRawTransaction', [raw])).toEqual({ code: -32000, message: 'already known' })
    expect(await ask(p1, 'eth_getTransactionByHash', [hash])).toMatchObject({ hash, blockHash: null })
    expect(await ask(p2, 'eth_getTransactionByHash', [hash])).toBe(null)
    expect(await ask(p1, 'eth_getTransactionCount', [account.address, 'pending'])).toBe('0x1')
    fleet.chain.mine()
    expect(await ask(p2, 'eth_getTransactionReceipt', [hash])).toMatchObject({ blockNumber: numberToHex(101) })
    expect(await ask(p2, 'eth_getTransactionCount', [account.address, 'latest'])).toBe('0x1')
  })

  test('behavior: filters tell what changed, and can be forgotten', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const id = await ask(p1, 'eth_newFilter', [{ address: tokenB }])
    fleet.chain.mine(2)
    fleet.chain.reorg(1)
    expect(await ask(p1, 'eth_getFilterChanges', [id])).toMatchObject([{ blockNumber: '0x66', removed: false }])
    p1.forgetFilters()
    expect(await ask(p1, 'eth_getFilterChanges', [id])).toMatchObject({ message: 'filter not found' })
  })
})

describe('behaviours', () => {
  const request = (id: number, method = 'eth_blockNumber') => ({ jsonrpc: '2.0', id, method })

  test('default: broken answers', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const see = async (script: Parameters<typeof p1.behave>[0], payload: unknown = request(1)) => {
      p1.behave(script)
      const { status, text } = await post(p1, payload)
      return [status, text]
    }
    expect(await see({ status: 503 })).toEqual([503, expect.stringContaining('<html>')])
    expect(await see({ body: 'try later' })).toEqual([200, 'try later'])
    expect(await see({ truncated: true })).toEqual([200, '{"jsonrpc":"2.0","id'])
    expect(await see({ wrongId: true })).toEqual([200, '{"jsonrpc":"2.0","id":"of-somebody-else","result":"0x64"}'])
    const error = { code: 3, message: 'execution reverted', data: '0x' }
    expect(await see({ status: 400, error })).toEqual([400, JSON.stringify({ jsonrpc: '2.0', id: 1, error })])
    p1.behave({ hang: true })
    await expect(post(p1, request(1), AbortSignal.timeout(30))).rejects.toMatchObject({ name: 'TimeoutError' })
    p1.behave({ reset: 'after' })
    await expect(post(p1, request(1))).rejects.toMatchObject({ cause: { code: 'UND_ERR_SOCKET' } })
    p1.behave({ reset: 'before', first: 1 })
    const before = p1.calls.length
    await expect(post(p1, request(1))).rejects.toMatchObject({ cause: { code: 'UND_ERR_SOCKET' } })
    expect(p1.calls).toHaveLength(before)
    expect((await post(p1, request(1))).status).toBe(200)
  })

  test('behavior: rules add up, each for its methods and its first calls', async () => {
    await using fleet = await createFleet([
      [
        { methods: 'eth_blockNumber', first: 1, error: { code: -32603, message: 'once' } },
        { unsupported: 'trace_*', lag: 3, wrongChain: 5 },
        { result: { eth_gasPrice: '0x7', eth_call: ([call]: any[]) => call.data } },
      ],
    ])
    const [p1] = fleet.providers
    expect(await ask(p1, 'eth_blockNumber')).toMatchObject({ message: 'once' })
    expect(await ask(p1, 'eth_blockNumber')).toBe(numberToHex(97))
    expect(await ask(p1, 'eth_chainId')).toBe('0x5')
    expect(await ask(p1, 'trace_block')).toMatchObject({ code: -32601 })
    expect([await ask(p1, 'eth_gasPrice'), await ask(p1, 'eth_call', [{ data: '0x9' }])]).toEqual(['0x7', '0x9'])
    expect(await ask(p1, 'eth_getBlockByNumber', ['0x62', false])).toBe(null)
    expect(await ask(p1, 'eth_getLogs', [{ fromBlock: '0x62', toBlock: '0x64' }])).toEqual([])
  })

  test('behavior: batches', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const see = async (script: Parameters<typeof p1.behave>[0]) => {
      p1.behave(script)
      const answer = JSON.parse((await post(p1, [request(1), request(2), request(3, 'eth_gasPrice')])).text)
      return Array.isArray(answer) ? answer.map(({ id }) => id) : answer.error.code
    }
    expect(await see({})).toEqual([1, 2, 3])
    expect(await see({ unorderedBatches: true })).toEqual([3, 2, 1])
    expect(await see({ missingMember: true })).toEqual([1, 2])
    expect([await see({ batchAsOneError: 2 }), await see({ batchAsOneError: 3 })]).toEqual([-32600, [1, 2, 3]])
    expect(p1.calls[0]).toMatchObject({ batch: 3 })
    expect(p1.count('eth_gasPrice')).toBe(5)
  })

  test('behavior: limits', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    p1.behave({ rateLimit: { perSecond: 2, retryAfter: 7 } })
    const answers = await Promise.all([1, 2, 3].map((id) => post(p1, request(id))))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429])
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('7')

    p1.behave({ archive: 10, logs: { maxBlockRange: 20, maxResults: 5, maxAddresses: 1, wording: 'alchemy' } })
    expect(await ask(p1, 'eth_getBalance', [tokenB, '0x59'])).toMatchObject({ code: -32000 })
    expect(await ask(p1, 'eth_getBalance', [tokenB, '0x5a'])).toBe('0x5a')
    const logs = (filter: object) => ask(p1, 'eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x14', ...filter }])
    expect(await logs({ toBlock: '0x15' })).toMatchObject({ message: expect.stringMatching(/work: \[0x1, 0x14]$/) })
    expect(await logs({})).toMatchObject({ message: expect.stringMatching(/work: \[0x1, 0x3]$/) })
    expect(await logs({ address: [tokenB, tokenB] })).toMatchObject({ code: -32701 })
    expect(await logs({ toBlock: '0x3' })).toHaveLength(4)
  })

  test('behavior: latency and chance are drawn from the seed', async () => {
    const spread = async (seed: number) => {
      await using fleet = await createFleet([{ probability: 0.5, wrongId: true }], { seed })
      const ids: unknown[] = []
      for (let i = 0; i < 20; i++) ids.push(JSON.parse((await post(fleet.providers[0], request(1))).text).id)
      return ids.map((id) => (id === 1 ? '.' : 'x')).join('')
    }
    const [one, two] = await Promise.all([spread(1), spread(2)])
    expect([await spread(1), one === two, new Set(one).size]).toEqual([one, false, 2])

    await using fleet = await createFleet([{ latency: { median: 1, slow: { share: 1, ms: 30 } } }])
    const start = performance.now()
    await post(fleet.providers[0], request(1))
    expect(performance.now() - start).toBeGreaterThan(28)
  })
})

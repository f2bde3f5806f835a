// The newest blocks over real HTTP: laggards, nodes that take turns, one address with several nodes behind it, and
// development chains that are set back.

import type { PublicClient } from 'viem'
import { createPublicClient, createTestClient, http } from 'viem'
import { foundry, mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { EventMap, FailoverOptions } from '../../src'
import { failover } from '../../src'
import { startAnvil } from '../support/anvil'
import { createFleet } from '../support/fleet'

function connect(
  urls: readonly string[],
  options: FailoverOptions = {},
  chain: typeof mainnet | typeof foundry = mainnet,
) {
  const list = urls.map((url, index) => ({ id: `p${index + 1}`, http: url }))
  const client = createPublicClient({ chain, cacheTime: 0, transport: failover(list, options) })
  const resets: EventMap['reorg'][] = []
  client.transport.on('reorg', (event) => void resets.push(event))
  return { client, resets, number: async () => Number(await client.getBlockNumber()) }
}

describe('a fleet', () => {
  test('behavior: a first provider that is far behind is found out and left alone, and used again once it is level', async () => {
    await using fleet = await createFleet([{ lag: 40 }, {}, {}])
    const [p1, p2, p3] = fleet.providers
    const { client, number } = connect([p1.url, p2.url, p3.url])
    // What the others have is known once they were asked: before that, p1 is all there is to go by.
    await client.getBalance({ address: `0x${'a'.repeat(40)}` })
    while (client.transport.status().providers.some(({ head }) => head === undefined)) await number()
    const before = p1.count('eth_getBalance')
    for (let block = 0; block < 10; block++) {
      fleet.chain.mine()
      const height = await number()
      expect([height, await client.getBalance({ address: `0x${'b'.repeat(40)}` })]).toEqual([
        100 + block + 1,
        100n + BigInt(block) + 1n,
      ])
    }
    expect(p1.count('eth_getBalance')).toBe(before)
    expect(client.transport.status().providers[0]?.lag).toBeGreaterThan(2)
    p1.behave({})
    expect(await client.transport.request({ method: 'eth_blockNumber' }, { provider: 'p1' })).toBe('0x6e')
    await client.getBalance({ address: `0x${'c'.repeat(40)}` })
    expect(p1.count('eth_getBalance')).toBe(before + 1)
    await client.transport.close()
  })

  test('behavior: providers that take turns at being four blocks behind: the number never goes backwards, named blocks are there', async () => {
    await using fleet = await createFleet(3)
    const { client, number, resets } = connect(fleet.providers.map(({ url }) => url))
    const heights: number[] = []
    for (let block = 0; block < 60; block++) {
      fleet.chain.mine()
      for (const [index, provider] of fleet.providers.entries()) provider.behave(index === block % 3 ? {} : { lag: 4 })
      const height = await number()
      heights.push(height)
      expect((await client.getBlock({ blockNumber: BigInt(height) })).number).toBe(BigInt(height))
    }
    expect(heights).toEqual([...heights].sort((a, b) => a - b))
    expect(heights.at(-1)).toBeGreaterThanOrEqual(156)
    expect(resets).toEqual([])
    await client.transport.close()
  })

  test('behavior: one address whose nodes differ by a block gives no null for a block it has announced', async () => {
    await using fleet = await createFleet([{ probability: 0.5, lag: 1 }])
    const [p1] = fleet.providers
    const { client, number } = connect([p1.url])
    let last = 0
    for (let block = 0; block < 20; block++) {
      fleet.chain.mine()
      const height = await number()
      expect(height).toBeGreaterThanOrEqual(last)
      last = height
      expect(await client.getBlock({ blockNumber: BigInt(height) })).toMatchObject({ number: BigInt(height) })
    }
    await client.transport.close()
  }, 30_000)

  test("behavior: logs past the laggard's head come from one who has them", async () => {
    await using fleet = await createFleet([{ lag: 3 }, {}])
    const [p1, p2] = fleet.providers
    const { client, number } = connect([p1.url, p2.url])
    while (client.transport.status().providers.some(({ head }) => head === undefined)) await number()
    fleet.chain.mine()
    const height = BigInt(await client.transport.request({ method: 'eth_blockNumber' }, { provider: 'p2' }))
    const logs = await client.getLogs({ fromBlock: height - 1n, toBlock: height })
    expect(new Set(logs.map(({ blockNumber }) => blockNumber))).toEqual(new Set([height - 1n, height]))
    await client.transport.close()
  })
})

describe('a development chain', () => {
  const testClientOf = (client: PublicClient | ReturnType<typeof connect>['client'], url?: string) =>
    createTestClient({ chain: foundry, mode: 'anvil', transport: url ? http(url) : () => client.transport as never })

  test('behavior: `evm_revert` through the client is followed at once', async () => {
    await using node = await startAnvil()
    const { client, number, resets } = connect([node.url], {}, foundry)
    const id = await client.transport.request({ method: 'evm_snapshot' as never })
    await client.transport.request({ method: 'anvil_mine' as never, params: ['0x5'] as never })
    expect(await number()).toBe(5)
    await client.transport.request({ method: 'evm_revert' as never, params: [id] as never })
    expect([await number(), resets]).toEqual([0, [{ from: 1, to: 5, depth: 5, reset: true }]])
    await client.transport.close()
  })

  test('behavior: `evm_revert` behind our back is followed when the node says so twice, one second apart', async () => {
    await using node = await startAnvil()
    const { client, number, resets } = connect([node.url], {}, foundry)
    const direct = testClientOf(client, node.url)
    const id = await direct.snapshot()
    await direct.mine({ blocks: 5 })
    expect(await number()).toBe(5)
    await direct.revert({ id })
    expect([await number(), resets]).toEqual([5, []])
    let height = 5
    while (height === 5) height = await number()
    expect([height, resets]).toEqual([0, [{ from: 1, to: 5, depth: 5, reset: true }]])
    expect(await client.getBlock()).toMatchObject({ number: 0n })
    await client.transport.close()
  })

  test('behavior: a restart to block 0 is followed, by several providers of one node at once', async () => {
    const first = await startAnvil()
    const { client, number, resets } = connect([first.url, `${first.url}/again`], {}, foundry)
    const direct = testClientOf(client, first.url)
    await direct.mine({ blocks: 7 })
    expect(await number()).toBe(7)
    await first.close()
    await using again = await startAnvil({ port: first.port })
    let height = 7
    while (height === 7) height = await number()
    expect([again.port, height, resets]).toEqual([first.port, 0, [{ from: 1, to: 7, depth: 7, reset: true }]])
    await client.transport.close()
  })

  test('behavior: a thousand blocks mined at once are believed', async () => {
    await using node = await startAnvil()
    const { client, number } = connect([node.url], {}, foundry)
    expect(await number()).toBe(0)
    await client.transport.request({ method: 'anvil_mine' as never, params: ['0x3e8'] as never })
    expect(await number()).toBe(1_000)
    await client.transport.close()
  })
})

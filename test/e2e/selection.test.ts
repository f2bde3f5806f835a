// Who is asked, told by `attempt` events, over real nodes that are not level, not of one chain, or not said to do all.

import type { Hex } from 'viem'
import { createPublicClient } from 'viem'
import { foundry } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { FailoverOptions, ProviderConfig } from '../../src'
import { failover } from '../../src'
import type { EventMap } from '../../src/events'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'

const ADDRESS = `0x${'11'.repeat(20)}`
const balance = (block: string) => ({ method: 'eth_getBalance', params: [ADDRESS, block] })

type Asked = { method: string; params?: readonly unknown[] | undefined }

/** Nodes p1, p2, ... with so many blocks, and a client over them. */
async function setUp(heights: number[], more: Partial<ProviderConfig>[] = [], options: FailoverOptions = {}) {
  const nodes = await Promise.all(
    heights.map((height, index) => startAnvil({ chainId: 31_337 + (height < 0 ? index + 1 : 0) })),
  )
  const list = nodes.map(({ url }, index) => ({ id: `p${index + 1}`, http: url, ...more[index] }))
  const client = createPublicClient({ chain: foundry, transport: failover(list, { hedge: false, ...options }) })
  const attempts: EventMap['attempt'][] = []
  client.transport.on('attempt', (event) => attempts.push(event))
  const request = client.transport.request as (asked: Asked, options?: object) => Promise<any>
  const mine = (index: number, blocks: number) =>
    blocks > 0 ? rpc(nodes[index] as Anvil, 'anvil_mine', [`0x${blocks.toString(16)}`]) : undefined
  for (const [index, height] of heights.entries()) await mine(index, height)
  return {
    client,
    request,
    mine,
    attempts,
    /** Each provider shows its head. */
    async lookAround() {
      for (const { id } of list) await request({ method: 'eth_blockNumber' }, { provider: id })
    },
    /** Who was asked for it, in order, and what came of it. */
    async ask(asked: Asked, own?: object) {
      attempts.length = 0
      const value = await request(asked, own).catch((error: unknown) => error)
      return { value, asked: attempts.filter(({ method }) => method === asked.method).map(({ provider }) => provider) }
    },
    async [Symbol.asyncDispose]() {
      await client.transport.close()
      await Promise.all(nodes.map((node) => node.close()))
    },
  }
}

async function rpc({ url }: Anvil, method: string, params: unknown[]) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  await (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
}

describe('order', () => {
  test('60. Given `priority`, then the lowest number is used; a provider without one counts as its place in the list', async () => {
    await using set = await setUp([0, 0, 0], [{ priority: 5 }, {}, { priority: -1 }])
    expect((await set.ask(balance('latest'))).asked).toEqual(['p3'])
    expect((await set.ask({ method: 'eth_getNothing' })).asked).toEqual(['p3', 'p2', 'p1'])
  })

  test('66. Given `exclude`, then those are never contacted; all excluded -> an error that says so', async () => {
    await using set = await setUp([0, 0])
    expect((await set.ask(balance('latest'), { exclude: ['p1'] })).asked).toEqual(['p2'])
    const none = await set.ask(balance('latest'), { exclude: ['p1', 'p2'] })
    expect([none.asked, none.value.name, none.value.message]).toEqual([
      [],
      'NoProviderError',
      expect.stringContaining('is excluded'),
    ])
  })

  test('67. Given heights 90/100/100 and max lag 5, then the laggard is skipped', async () => {
    await using set = await setUp([90, 100, 100], [], { maxLag: 5 })
    await set.lookAround()
    expect((await set.ask(balance('latest'))).asked).toEqual(['p2'])
    await set.mine(0, 10)
    await set.request({ method: 'eth_blockNumber' }, { provider: 'p1' })
    expect((await set.ask(balance('latest'))).asked).toEqual(['p1'])
  })

  test('68. Given a request for block 105 and providers known at 104 and 106, then the one at 106 goes first and the other stays as fallback', async () => {
    await using set = await setUp([104, 106])
    await set.lookAround()
    expect(await set.ask(balance('0x69'))).toEqual({ value: '0x0', asked: ['p2'] })
    await set.mine(0, 2)
    expect(await set.ask(balance('0x69'), { exclude: ['p2'] })).toEqual({ value: '0x0', asked: ['p1'] })
  })

  test('69. Given a call at an old block, then providers with declared or unknown archive come before those without; `latest` -> all', async () => {
    await using set = await setUp([300, 300], [{ capabilities: { archive: 128, history: { fromBlock: 200 } } }])
    await set.lookAround()
    expect((await set.ask(balance('0x64'))).asked).toEqual(['p2'])
    expect((await set.ask(balance('0xff'))).asked).toEqual(['p1'])
    expect((await set.ask(balance('latest'))).asked).toEqual(['p1'])
    const block = (number: Hex) => set.ask({ method: 'eth_getBlockByNumber', params: [number, false] })
    expect([(await block('0x64')).asked, (await block('0xff')).asked]).toEqual([['p2'], ['p1']])
  })
})

describe('what a provider may be asked', () => {
  test('71. Given no capabilities, then every method is allowed, unknown ones included', async () => {
    await using set = await setUp([0])
    expect(await set.ask({ method: 'anvil_nodeInfo' })).toMatchObject({ value: { hardFork: expect.any(String) } })
    expect((await set.ask({ method: 'eth_getNothing' })).value).toMatchObject({ code: -32601 })
  })

  test('73. Given `toBlock: "latest"` and no known head, then the range is not rejected; with a head it is computed', async () => {
    await using set = await setUp([25], [{ capabilities: { logs: { maxBlockRange: 10 } } }])
    const logs = { method: 'eth_getLogs', params: [{ fromBlock: '0x0', toBlock: 'latest' }] }
    // The head is asked for, and the declared width holds.
    expect(await set.ask(logs)).toEqual({ value: [], asked: ['p1', 'p1', 'p1'] })
    await set.lookAround()
    expect(await set.ask(logs)).toEqual({ value: [], asked: ['p1', 'p1', 'p1'] })
  })

  test("74. Given `methods: { exclude: ['eth_getBalance'] }` declared on p1, then p1 never sees it; if nobody is left, a clear error says which", async () => {
    const exclude = { capabilities: { methods: { exclude: ['eth_getBalance'] } } }
    await using set = await setUp([0, 0], [exclude])
    expect((await set.ask(balance('latest'))).asked).toEqual(['p2'])
    const none = await set.ask(balance('latest'), { exclude: ['p2'] })
    expect([none.asked, none.value.message]).toEqual([
      [],
      expect.stringContaining('is declared not to serve eth_getBalance'),
    ])
  })

  test("77. Given missing block parameter or invalid hex, then no block is inferred: the node's own error, and nobody else is asked", async () => {
    await using set = await setUp([300, 300], [{ capabilities: { archive: 1 } }])
    await set.lookAround()
    for (const params of [[ADDRESS], [ADDRESS, '0xzz'], []]) {
      const { value, asked } = await set.ask({ method: 'eth_getBalance', params })
      expect([value.code, asked]).toEqual([-32602, ['p1']])
    }
  })
})

test('124. Given a provider on the wrong chain, then no answer of it is ever returned, the first included', async () => {
  await using set = await setUp([-1, 7])
  expect(Number((await set.ask({ method: 'eth_blockNumber' })).value)).toBe(7)
  expect(await set.ask(balance('latest'))).toMatchObject({ value: '0x0', asked: ['p2'] })
  expect(set.client.transport.status().providers.map(({ wrongChain }) => wrongChain)).toEqual([true, false])
})

test('125. Given a batch under pressure with one failing item, then only that item fails over', async () => {
  await using set = await setUp([20, 20])
  await set.lookAround()
  set.attempts.length = 0
  const calls = Array.from({ length: 20 }, (_, number) => ({
    method: 'eth_getBlockByNumber',
    params: [`0x${number.toString(16)}`, false],
  }))
  const [failed, ...blocks] = await Promise.all([
    set.request({ method: 'eth_getNothing' }).catch((error: unknown) => error),
    ...calls.map((call) => set.request(call)),
  ])
  expect(failed).toMatchObject({ code: -32601 })
  expect(blocks.map(({ number }) => Number(number))).toEqual(calls.map((_, number) => number))
  const elsewhere = set.attempts.filter(({ provider }) => provider === 'p2')
  expect(elsewhere.map(({ method }) => method)).toEqual(['eth_getNothing'])
})

describe('one provider asked alone that is behind', () => {
  const block = { method: 'eth_getBlockByNumber', params: ['0x3', false] }
  const p1 = { provider: 'p1' }

  test('is asked again, and then its null is told with a `dispute`', async () => {
    await using set = await setUp([2, 3])
    await set.lookAround()
    const disputes: unknown[] = []
    set.client.transport.on('dispute', (event) => disputes.push(event))
    expect(await set.ask(block, p1)).toEqual({ value: null, asked: ['p1', 'p1', 'p1', 'p1'] })
    expect(disputes).toEqual([expect.objectContaining({ method: block.method, provider: 'p1', block: 3 })])
  })

  test('gives the block that comes meanwhile', async () => {
    await using set = await setUp([2, 3])
    await set.lookAround()
    const asking = set.ask(block, p1)
    await set.mine(0, 1)
    expect(Number((await asking).value.number)).toBe(3)
  })
})

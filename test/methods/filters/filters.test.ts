// Filters of logs and blocks: what each poll tells and what it asks for, over simulated nodes on the manual clock.

import { describe, expect, test } from 'vitest'
import type { Chain } from '../../support/chain'
import { createChain } from '../../support/chain'
import type { ChainBlock } from '../../support/chain-block'
import { tokenA, tokenB, transfersOf } from '../../support/chain-block'
import { toRpcBlock, toRpcLog } from '../../support/chain-rpc'
import { rpcError } from '../../support/errors'
import type { EngineNode, NodeEngineOptions } from '../../support/node-engine'
import { createNodeEngine } from '../../support/node-engine'
import { seededRandom } from '../../support/seeded-random'

const CHANGES = 'eth_getFilterChanges'

function setUp(options: NodeEngineOptions = {}) {
  const engine = createNodeEngine(options)
  const { ask, chain } = engine
  const seen: number[] = []
  return {
    ...engine,
    newFilter: (filter: object = { address: tokenA }): Promise<string> => ask('eth_newFilter', [filter]),
    newBlockFilter: (): Promise<string> => ask('eth_newBlockFilter'),
    poll: (id: string) => ask(CHANGES, [id]),
    /** In short: `+101` for a log of block 101, `-101` for one that is taken back. */
    logs: async (id: string) =>
      (await ask(CHANGES, [id])).map((log: any) => `${log.removed ? '-' : '+'}${Number(log.blockNumber)}`),
    hashes: (from: number, to = chain.head.number) =>
      Array.from({ length: to - from + 1 }, (_, index) => (chain.block(from + index) as ChainBlock).hash),
    /** What was asked for since the last look, by provider. */
    asked: () =>
      engine.nodes.flatMap((_, index) => {
        const id = `p${index + 1}`
        const fresh = engine.channel(id).calls.slice(seen[index] ?? 0)
        seen[index] = engine.channel(id).calls.length
        return fresh.map(({ method, params }) => `${id} ${method} ${short((params as any)?.[0])}`)
      }),
  }
}

function short(param: any): string {
  if (param?.blockHash) return 'by hash'
  if (param?.fromBlock) return `${Number(param.fromBlock)}-${Number(param.toBlock)}`
  return typeof param === 'string' ? (/^0x.{1,13}$/.test(param) ? `${Number(param)}` : param.slice(0, 6)) : ''
}

describe('changes', () => {
  test('default: each log and each block once', async () => {
    const { chain, newFilter, newBlockFilter, poll, hashes } = setUp()
    const [logs, blocks] = [await newFilter(), await newBlockFilter()]
    expect(await poll(logs)).toEqual([])
    chain.mine(2)
    expect(await poll(logs)).toEqual(
      chain.getLogs({ address: tokenA, fromBlock: 101, toBlock: 102 }).map((log) => toRpcLog(log)),
    )
    expect(await poll(logs)).toEqual([])
    expect(await poll(blocks)).toEqual(hashes(101))
    expect(await poll(blocks)).toEqual([])
  })

  test('behavior: blocks that could not all be read: those before are told, and the next poll goes on', async () => {
    const { chain, nodes, newBlockFilter, poll, hashes } = setUp({ nodes: 1 })
    const id = await newBlockFilter()
    chain.mine(40)
    // Among others, as the first of those from it on, and alone.
    const refused = [101, 121, 121, 121]
    nodes[0]!.before = ({ params }) => {
      const index = refused.indexOf(Number((params as any)[0]))
      if (index < 0) return undefined
      refused.splice(index, 1)
      throw rpcError(-32602, 'no')
    }
    await expect(poll(id)).rejects.toThrow('no')
    expect(await poll(id)).toEqual(hashes(101, 120))
    expect(await poll(id)).toEqual(hashes(121, 140))
  })

  test('behavior: that the tip was replaced is seen by one block, before others are asked for (a limited provider was never done)', async () => {
    const { chain, newBlockFilter, poll, hashes, asked } = setUp({ nodes: 1 })
    const id = await newBlockFilter()
    chain.mine()
    expect(await poll(id)).toEqual(hashes(101, 101))
    chain.reorg(1)
    chain.mine(3)
    asked()
    expect(await poll(id)).toEqual(hashes(101, 104))
    expect(asked().map((call) => call.split(' ').at(-1))).toEqual(['latest', '102', '101', '100', '101', '102', '103'])
  })

  test('behavior: a block that a provider refuses among others is asked for again, with fewer at a time', async () => {
    const { chain, nodes, newBlockFilter, poll, hashes, asked } = setUp({ nodes: 1 })
    const id = await newBlockFilter()
    chain.mine(25)
    const refused = new Set([107, 110])
    nodes[0]!.before = ({ params }) => {
      if (refused.delete(Number((params as any)[0]))) throw rpcError(-32602, 'no')
      return undefined
    }
    asked()
    expect(await poll(id)).toEqual(hashes(101, 125))
    // The newest one, 1, 2, 4 with a refused one, 3 from that on, 6 behind another, that one, and the rest.
    expect(asked()).toHaveLength(1 + 1 + 2 + 4 + 3 + 6 + 1 + 2 + 4 + 8)
  })

  test('behavior: after a block that was refused once, what comes whole lets the next part be twice as large', async () => {
    const { clock, chain, nodes, newBlockFilter, poll, hashes } = setUp({ nodes: 1 })
    const id = await newBlockFilter()
    chain.mine(200)
    const refused = new Set([102])
    nodes[0]!.after = () => 100
    nodes[0]!.before = ({ params }) => {
      if (refused.delete(Number((params as any)[0]))) throw rpcError(-32602, 'no')
      return undefined
    }
    const start = clock.now()
    expect(await poll(id)).toEqual(hashes(101, 300))
    // The newest one, 1, the part with the refused one, 1, 2, 4, 8, and 16 at a time.
    expect(clock.now() - start).toBe((1 + 1 + 1 + 4 + 12) * 100)
  })

  test('behavior: what is new does not follow what was told: that is seen before all of it is read, which took longer than a poll may', async () => {
    const { chain, nodes, newBlockFilter, poll, hashes } = setUp({ nodes: 1 })
    const id = await newBlockFilter()
    chain.mine()
    expect(await poll(id)).toEqual(hashes(101, 101))
    chain.reorg(1)
    chain.mine(300)
    nodes[0]!.after = () => 600
    const told: unknown[] = await poll(id)
    expect(told.length).toBeGreaterThan(100)
    expect([...told, ...(await poll(id))]).toEqual(hashes(101, 401))
  })

  test('default: a poll costs a block, and one look for logs if there is a new one', async () => {
    const { chain, newFilter, logs, asked } = setUp({ nodes: 1 })
    const id = await newFilter()
    asked()
    expect([await logs(id), asked()]).toEqual([[], ['p1 eth_getBlockByNumber latest']])
    chain.mine()
    expect([await logs(id), asked()]).toEqual([['+101'], ['p1 eth_getBlockByNumber latest', 'p1 eth_getLogs by hash']])
    chain.mine(3)
    expect([await logs(id), asked()]).toEqual([
      ['+102', '+103', '+104'],
      ['p1 eth_getBlockByNumber latest', 'p1 eth_getLogs 101-104'],
    ])
    chain.reorg(2, { blocks: 4 })
    expect([await logs(id), asked().slice(0, 2)]).toEqual([
      ['-104', '-103', '+103', '+104', '+105', '+106'],
      ['p1 eth_getBlockByNumber latest', 'p1 eth_getLogs 104-106'],
    ])
  })

  test('behavior: where no log shows that the chain went on, its last block does; where none shows that the node had the newest, they are asked for again', async () => {
    const logsIn = (number: number) => (number === 110 ? transfersOf(number) : [])
    const { clock, chain, newFilter, logs, asked } = setUp({ nodes: 1, chain: createChain({ logs: logsIn }) })
    const id = await newFilter()
    await clock.advance(20_000)
    const poll = async (blocks: number) => {
      if (blocks > 0) chain.mine(blocks)
      asked()
      return [await logs(id), ...asked().map((call) => call.replace('p1 eth_get', ''))]
    }
    const latest = 'BlockByNumber latest'
    expect(await poll(1)).toEqual([[], latest, 'Logs by hash'])
    expect(await poll(4)).toEqual([[], latest, 'Logs 102-105', 'BlockByNumber 101'])
    expect(await poll(0)).toEqual([[], latest, 'Logs 102-105'])
    await clock.advance(6_000)
    expect(await poll(0)).toEqual([[], latest, 'Logs 102-105'])
    await clock.advance(4_000)
    expect(await poll(0)).toEqual([[], latest])
    expect(await poll(5)).toEqual([['+110'], latest, 'Logs 102-110', 'BlockByNumber 105'])
    expect(await poll(0)).toEqual([[], latest])
    expect(await poll(40)).toEqual([[], latest, 'Logs 110-150'])
    expect(await poll(40)).toEqual([[], latest, 'Logs 110-190'])
  })

  test('default: a block filter asks for the blocks in between', async () => {
    const { chain, newBlockFilter, poll, hashes, asked } = setUp({ nodes: 1 })
    const id = await newBlockFilter()
    chain.mine(3)
    asked()
    expect(await poll(id)).toEqual(hashes(101))
    expect(asked()).toEqual([
      'p1 eth_getBlockByNumber latest',
      'p1 eth_getBlockByNumber 101',
      'p1 eth_getBlockByNumber 102',
    ])
    chain.mine()
    expect([await poll(id), asked()]).toEqual([hashes(104), ['p1 eth_getBlockByNumber latest']])
  })

  test('behavior: two polls at once do not both deliver', async () => {
    const { chain, newFilter, logs } = setUp()
    const id = await newFilter()
    chain.mine()
    const both = await Promise.all([logs(id), logs(id)])
    expect(both.sort()).toEqual([[], ['+101']])
  })

  test('behavior: only the blocks of the filter', async () => {
    const { chain, newFilter, logs, asked } = setUp({ nodes: 1 })
    const id = await newFilter({ address: tokenA, fromBlock: '0x67', toBlock: '0x69' })
    const seen: unknown[] = []
    for (const height of [102, 104, 110, 111]) {
      chain.mine(height - chain.head.number)
      seen.push(await logs(id))
    }
    expect(seen).toEqual([[], ['+103', '+104'], ['+105'], []])
    expect(asked().filter((call) => call.includes('getLogs'))).toEqual([
      'p1 eth_getLogs 103-104',
      'p1 eth_getLogs 104-105',
    ])
  })

  test('behavior: what has piled up is told in parts of a thousand blocks', async () => {
    const { chain, newFilter, newBlockFilter, poll, hashes } = setUp({ nodes: 1 })
    const [logs, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(2_100)
    const heights = async () => {
      const found = await poll(logs)
      return [found.length, Number(found.at(-1).blockNumber)]
    }
    expect([await heights(), await heights(), await heights()]).toEqual([
      [1_000, 1_100],
      [1_000, 2_100],
      [100, 2_200],
    ])
    expect([await poll(blocks), await poll(blocks), await poll(blocks)]).toEqual([
      hashes(101, 1_100),
      hashes(1_101, 2_100),
      hashes(2_101, 2_200),
    ])
  })

  test('behavior: what has piled up is more than a slow provider tells in time: after a poll that failed it is half as many', async () => {
    const { chain, nodes, newFilter, poll } = setUp({ nodes: [{ capabilities: { logs: { maxBlockRange: 10 } } }] })
    const id = await newFilter()
    chain.mine(1_000)
    nodes[0]!.after = () => 600
    const heights = async () => Number((await poll(id)).at(-1)?.blockNumber)
    await expect(heights()).rejects.toThrow()
    expect([await heights(), await heights()]).toEqual([600, 1_100])
  })

  test.each([
    ['null', null],
    ['an error', rpcError(12, 'requested epoch was a null round (203)')],
  ])('behavior: numbers may be skipped: for those it answers with %s', async (_, absent) => {
    const { nodes, chain, newBlockFilter, newFilter, poll, logs } = setUp({ nodes: 1 })
    // Only even numbers have a block.
    const hex = (number: number) => `0x${(2 * number).toString(16)}`
    const blockAt = (id: any) => {
      if (id === 'latest') return chain.head
      return chain.block(/^0x.{64}$/.test(id) ? id : Number(id) / 2)
    }
    const logsIn = ({ blockHash, fromBlock, toBlock }: any) => {
      const number = blockHash ? (chain.block(blockHash) as ChainBlock).number : undefined
      const range = { fromBlock: number ?? Math.ceil(fromBlock / 2), toBlock: number ?? Math.floor(toBlock / 2) }
      return chain
        .getLogs({ address: tokenA, ...range })
        .map((log) => ({ ...toRpcLog(log), blockNumber: hex(log.blockNumber) }))
    }
    ;(nodes[0] as EngineNode).before = ({ method, params }: any) => {
      if (method === 'eth_getLogs') return { value: logsIn(params[0]) }
      const block = blockAt(params[0])
      if (!block && absent) throw absent
      return { value: block ? { ...toRpcBlock(block, false), number: hex(block.number) } : null }
    }
    const [blocks, events] = [await newBlockFilter(), await newFilter()]
    chain.mine()
    expect([await poll(blocks), await logs(events)]).toEqual([hashesOf(chain, 101), ['+202']])
    chain.mine(3)
    expect([await poll(blocks), await logs(events)]).toEqual([hashesOf(chain, 102), ['+204', '+206', '+208']])
  })
})

describe('a chain that changes', () => {
  test('default: a reorg takes back what was told, newest first, and tells of the new branch', async () => {
    const { chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp()
    const [events, blocks] = [await newFilter({}), await newBlockFilter()]
    chain.mine(4)
    const before = await poll(events)
    await poll(blocks)
    chain.reorg(3, { blocks: 4, logs: [{ address: tokenB, topics: [] }] })
    const orphaned = before.slice(1).reverse()
    expect(await poll(events)).toEqual([
      ...orphaned.map((log: any) => ({ ...log, removed: true })),
      ...chain.getLogs({ fromBlock: 102, toBlock: 105 }).map((log) => toRpcLog(log)),
    ])
    expect(await poll(blocks)).toEqual(hashes(102, 105))
    expect([await poll(events), await poll(blocks), await logs(events)]).toEqual([[], [], []])
  })

  test('behavior: a reorg between two polls, of blocks that were not told one by one', async () => {
    const { chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp()
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(6)
    expect([await logs(events), await poll(blocks)]).toEqual([
      ['+101', '+102', '+103', '+104', '+105', '+106'],
      hashes(101),
    ])
    for (const depth of [1, 2, 4]) {
      chain.reorg(depth, { blocks: depth + 2 })
      const height = chain.head.number
      const [last, first] = [height - 2, height - 1 - depth]
      const removed = Array.from({ length: depth }, (_, index) => `-${last - index}`)
      const added = Array.from({ length: depth + 2 }, (_, index) => `+${first + index}`)
      expect([await logs(events), await poll(blocks)]).toEqual([[...removed, ...added], hashes(first)])
    }
  })

  test('behavior: a reorg that leaves the height as it is', async () => {
    const { chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp({ nodes: 1 })
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(2)
    await Promise.all([poll(events), poll(blocks)])
    chain.reorg(1)
    expect([await logs(events), await poll(blocks)]).toEqual([['-102', '+102'], hashes(102)])
  })

  test('behavior: only logs that were told are taken back', async () => {
    const { chain, newFilter, logs } = setUp()
    chain.mine(2)
    const id = await newFilter()
    chain.reorg(1)
    expect(await logs(id)).toEqual(['+102'])
    chain.reorg(1, { blocks: 0 })
    chain.mine(2)
    expect(await logs(id)).toEqual(['-102', '+102', '+103'])
  })

  test('behavior: a reorg deeper than what is remembered takes back what is', async () => {
    const { chain, newBlockFilter, newFilter, poll, logs, hashes } = setUp({ nodes: 1 })
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(300)
    await Promise.all([poll(events), poll(blocks)])
    chain.reorg(290, { blocks: 291 })
    const found = await logs(events)
    expect([found.length, found[0], found[255], found[256], found.at(-1)]).toEqual([
      256 + 257,
      '-400',
      '-145',
      '+145',
      '+401',
    ])
    expect(await poll(blocks)).toEqual(hashes(145))
  })

  test('behavior: a chain that is set back is followed once the only provider says so twice, one second apart', async () => {
    const { clock, chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp({ nodes: 1 })
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(3)
    await Promise.all([poll(events), poll(blocks)])
    chain.reorg(2, { blocks: 0 })
    expect([await logs(events), await poll(blocks)]).toEqual([[], []])
    await clock.advance(1_000)
    expect([await logs(events), await poll(blocks)]).toEqual([['-103', '-102'], []])
    chain.mine()
    expect([await logs(events), await poll(blocks)]).toEqual([['+102'], hashes(102)])
  })

  test('behavior: set back through us it is followed at once', async () => {
    const { ask, nodes, chain, newFilter, logs } = setUp({ nodes: 1 })
    const id = await newFilter()
    chain.mine(3)
    await logs(id)
    ;(nodes[0] as EngineNode).before = ({ method }) => (method === 'evm_revert' ? { value: true } : undefined)
    chain.reorg(3, { blocks: 0 })
    await ask('evm_revert', ['0x0'])
    expect(await logs(id)).toEqual(['-103', '-102', '-101'])
    chain.mine(1)
    expect(await logs(id)).toEqual(['+101'])
  })

  test('behavior: set back below where the filter began, only what is made later is new', async () => {
    const { clock, chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp({ nodes: 1 })
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.reorg(5, { blocks: 0 })
    await poll(events)
    await clock.advance(1_000)
    expect([await logs(events), await poll(blocks)]).toEqual([[], []])
    chain.mine(2)
    expect([await logs(events), await poll(blocks)]).toEqual([['+96', '+97'], hashes(96)])
  })

  test('behavior: on another branch from below where the filter began, and back: what was taken back is told again', async () => {
    const { nodes, chain, newFilter, logs } = setUp({ nodes: 1 })
    const id = await newFilter()
    chain.mine(1)
    expect(await logs(id)).toEqual(['+101'])
    const other = chain.fork()
    other.reorg(3, { blocks: 4 })
    nodes[0]?.moveTo(other)
    expect(await logs(id)).toEqual(['-101', '+100', '+101', '+102'])
    chain.mine(2)
    nodes[0]?.moveTo(chain)
    expect(await logs(id)).toEqual(['-102', '-101', '-100', '+99', '+100', '+101', '+102', '+103'])
  })

  test('behavior: a node that starts again from nothing: all that it has made since is new', async () => {
    const { clock, nodes, chain, newFilter, newBlockFilter, poll, logs } = setUp({ nodes: 1 })
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(2)
    await Promise.all([poll(events), poll(blocks)])
    const again = createChain({ seed: 'again', height: 2, startTime: 1_800_000_000 })
    nodes[0]?.moveTo(again)
    await poll(events)
    await clock.advance(1_000)
    expect([await logs(events), await poll(blocks)]).toEqual([['-102', '-101', '+0', '+1', '+2'], hashesOf(again, 0)])
    again.mine(2)
    expect([await logs(events), await poll(blocks)]).toEqual([['+3', '+4'], hashesOf(again, 3)])
  })

  test('behavior: without care for heads, a lower one of the same provider is followed after a second', async () => {
    const { clock, nodes, chain, newFilter, logs } = setUp({ nodes: 1, options: { consistency: 'none' } })
    const [p1] = nodes as [EngineNode]
    const id = await newFilter()
    chain.mine(4)
    expect(await logs(id)).toEqual(['+101', '+102', '+103', '+104'])
    p1.lag = 1
    expect(await logs(id)).toEqual([])
    await clock.advance(999)
    expect(await logs(id)).toEqual([])
    await clock.advance(1)
    expect(await logs(id)).toEqual(['-104'])
    p1.lag = 0
    expect(await logs(id)).toEqual(['+104'])
  })

  test('behavior: without care for heads, a lower one is not followed sooner because an earlier poll was in vain', async () => {
    const { clock, nodes, chain, newFilter, logs } = setUp({ nodes: 1, options: { consistency: 'none' } })
    const [p1] = nodes as [EngineNode]
    const id = await newFilter()
    chain.mine(4)
    expect(await logs(id)).toEqual(['+101', '+102', '+103', '+104'])
    chain.mine(2)
    // Another node behind the address, which is behind, is asked for all but the newest block.
    p1.before = ({ method, params }) => {
      if (method === 'eth_getLogs') return { value: [] }
      return (params as any)[0] === 'latest' ? undefined : { value: null }
    }
    expect(await logs(id)).toEqual([])
    await clock.advance(2_000)
    p1.before = () => undefined
    p1.lag = 3
    expect(await logs(id)).toEqual([])
    await clock.advance(1_000)
    expect(await logs(id)).toEqual(['-104'])
  })

  test('behavior: without care for heads, blocks that were told and are back are not told again; those of another branch are', async () => {
    const { clock, nodes, chain, newBlockFilter, poll, hashes } = setUp({ nodes: 1, options: { consistency: 'none' } })
    const [p1] = nodes as [EngineNode]
    const id = await newBlockFilter()
    chain.mine(4)
    expect(await poll(id)).toEqual(hashes(101))
    for (const isBack of [true, true, false]) {
      p1.lag = 2
      await poll(id)
      await clock.advance(1_000)
      expect(await poll(id)).toEqual([])
      p1.lag = 0
      if (!isBack) chain.reorg(1)
      chain.mine(1)
      expect(await poll(id)).toEqual(hashes(chain.head.number - (isBack ? 0 : 1)))
    }
  })

  test('behavior: without care for heads, a lower one of another provider is followed after a minute', async () => {
    const { clock, nodes, chain, newFilter, logs } = setUp({ options: { consistency: 'none' } })
    const [p1, p2] = nodes as [EngineNode, EngineNode]
    const id = await newFilter()
    chain.mine(4)
    expect(await logs(id)).toEqual(['+101', '+102', '+103', '+104'])
    p1.isDead = true
    p2.lag = 2
    expect(await logs(id)).toEqual([])
    await clock.advance(59_999)
    expect(await logs(id)).toEqual([])
    await clock.advance(1)
    expect(await logs(id)).toEqual(['-104', '-103'])
  })

  test('behavior: it changes while it is read', async () => {
    const { nodes, chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp({ nodes: 1 })
    const [p1] = nodes as [EngineNode]
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(3)
    await Promise.all([poll(events), poll(blocks)])
    chain.mine(2)
    // After the newest block was told, all that is above the first one is replaced.
    const reorgBefore = (method: string) => {
      p1.before = (request) => {
        if (request.method === method && request.params !== undefined && (request.params as any)[0] !== 'latest') {
          p1.before = () => undefined
          chain.reorg(4, { blocks: 5 })
        }
        return undefined
      }
    }
    reorgBefore('eth_getLogs')
    const found = [...(await logs(events)), ...(await logs(events))]
    expect(applied(['+101', '+102', '+103'], found)).toEqual(['+101', '+102', '+103', '+104', '+105', '+106'])
    chain.mine(2)
    await poll(blocks)
    chain.mine(2)
    reorgBefore('eth_getBlockByNumber')
    const told = [...(await poll(blocks)), ...(await poll(blocks))]
    expect(new Set(told).size).toBe(told.length)
    expect(told.slice(-5)).toEqual(hashes(chain.head.number - 4))
  })
})

describe('providers', () => {
  test('behavior: the owner dies: the next one goes on where it stopped, once it is level', async () => {
    const { nodes, chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp()
    const [p1, p2] = nodes as [EngineNode, EngineNode]
    p2.lag = 2
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    chain.mine(3)
    expect([await logs(events), await poll(blocks)]).toEqual([['+101', '+102', '+103'], hashes(101)])
    p1.isDead = true
    expect([await logs(events), await poll(blocks)]).toEqual([[], []])
    chain.mine(2)
    expect([await logs(events), await poll(blocks)]).toEqual([[], []])
    chain.mine(1)
    expect([await logs(events), await poll(blocks)]).toEqual([['+104'], hashes(104, 104)])
    p2.lag = 0
    expect([await logs(events), await poll(blocks)]).toEqual([['+105', '+106'], hashes(105)])
  })

  test('behavior: the owner dies during a reorg', async () => {
    const { nodes, chain, newFilter, logs } = setUp()
    const id = await newFilter()
    chain.mine(3)
    expect(await logs(id)).toEqual(['+101', '+102', '+103'])
    ;(nodes[0] as EngineNode).isDead = true
    chain.reorg(2, { blocks: 3 })
    expect(await logs(id)).toEqual(['-103', '-102', '+102', '+103', '+104'])
  })

  test('behavior: logs come from the provider that has the head; one that fails meanwhile is left', async () => {
    const { nodes, chain, newFilter, logs, asked } = setUp()
    const [p1] = nodes as [EngineNode]
    const id = await newFilter()
    chain.mine()
    p1.before = ({ method }) => {
      if (method === 'eth_getLogs') throw rpcError(-32601, 'not supported')
      return undefined
    }
    asked()
    expect(await logs(id)).toEqual(['+101'])
    expect(asked().filter((call) => call.includes('getLogs'))).toEqual([
      'p1 eth_getLogs by hash',
      'p1 eth_getLogs 101-101',
      'p2 eth_getLogs by hash',
    ])
  })

  test('behavior: the time that the newest block took is not missing for its logs', async () => {
    const { nodes, clock, chain, newFilter, start } = setUp({ options: { hedge: false } })
    const [p1, p2] = nodes as [EngineNode, EngineNode]
    const id = await newFilter()
    chain.mine()
    p1.after = () => 20_000
    p2.after = () => 50
    const poll = start(CHANGES, [id])
    await clock.advance(10_000)
    expect(poll.ended?.error).toBeUndefined()
    expect(poll.ended?.value).toHaveLength(1)
    // The next one was asked once the first had used up its share of the time.
    expect(poll.ended?.at).toBeLessThan(6_500)
  })

  test('behavior: one whose newest block is none is left', async () => {
    const { nodes, chain, newFilter, logs } = setUp()
    const id = await newFilter()
    chain.mine()
    ;(nodes[0] as EngineNode).before = ({ method }) =>
      method === 'eth_getBlockByNumber' ? { value: { number: '0x65' } } : undefined
    expect(await logs(id)).toEqual(['+101'])
  })

  test('behavior: one that takes no block hashes for logs is asked by number', async () => {
    const { nodes, chain, newFilter, logs } = setUp({ nodes: 1 })
    const [p1] = nodes as [EngineNode]
    p1.before = ({ method, params }) => {
      if (method === 'eth_getLogs' && (params as any)[0].blockHash) throw rpcError(-32602, 'invalid params: blockHash')
      return undefined
    }
    const id = await newFilter()
    chain.mine(3)
    expect(await logs(id)).toEqual(['+101', '+102', '+103'])
  })

  test('behavior: nodes behind one address that differ by a block lose nothing', async () => {
    const { clock, nodes, chain, newFilter, newBlockFilter, poll, logs, hashes } = setUp({ nodes: 1 })
    const [p1] = nodes as [EngineNode]
    let calls = 0
    let minedAt = 0
    // The second one is late, and answers every other call.
    p1.lag = () => (clock.now() < minedAt + 250 ? calls++ % 2 : 0)
    const [events, blocks] = [await newFilter(), await newBlockFilter()]
    const told: string[] = []
    const seen: string[] = []
    for (let block = 0; block < 20; block++) {
      chain.mine(1 + (block % 2))
      minedAt = clock.now()
      told.push(...(await logs(events)))
      seen.push(...(await poll(blocks)))
    }
    p1.lag = 0
    told.push(...(await logs(events)))
    seen.push(...(await poll(blocks)))
    const height = chain.head.number
    expect(told).toEqual(Array.from({ length: height - 100 }, (_, index) => `+${101 + index}`))
    expect(seen).toEqual(hashes(101))
  })

  test.each([1, 3])(
    'behavior: one of the nodes behind one address is up to 20 blocks late, logs in each block of %i: none is lost, doubled or swapped',
    async (every) => {
      const logsIn = (number: number) => (number % every === 0 ? transfersOf(number) : [])
      const { clock, nodes, chain, newFilter, logs, eventsOf } = setUp({
        nodes: 1,
        chain: createChain({ logs: logsIn }),
      })
      const random = seededRandom(7)
      const [p1] = nodes as [EngineNode]
      // Half of the calls for logs meet the late one, and so few others that it is never believed that the chain was set back.
      p1.lag = (method) => {
        const isLate = random() < (method === 'eth_getLogs' ? 0.5 : 0.2)
        return isLate ? Math.min(20, chain.head.number - 100) : 0
      }
      const id = await newFilter()
      const told: string[] = []
      for (let block = 0; block < 60; block++) {
        chain.mine(1 + Math.floor(random() * 3))
        told.push(...(await logs(id)))
        await clock.advance(700)
      }
      p1.lag = 0
      chain.mine(1)
      told.push(...(await logs(id)))
      expect(eventsOf('reorg')).toEqual([])
      const all = chain.getLogs({ address: tokenA, fromBlock: 101, toBlock: chain.head.number })
      expect(told).toEqual(all.map(({ blockNumber }) => `+${blockNumber}`))
    },
  )

  test('behavior: a node that lacks a block below its head is waited for, nothing is told meanwhile; after a minute the block is gone', async () => {
    const logsIn = (number: number) => (number > 119 ? transfersOf(number) : [])
    const { clock, nodes, chain, newFilter, logs } = setUp({ nodes: 1, chain: createChain({ logs: logsIn }) })
    await clock.advance(100_000)
    const id = await newFilter()
    chain.mine(1)
    expect(await logs(id)).toEqual([])
    ;(nodes[0] as EngineNode).before = ({ method, params }) =>
      method === 'eth_getBlockByNumber' && (params as unknown[])[0] === '0x65' ? { value: null } : undefined
    chain.mine(20)
    expect([await logs(id), await logs(id)]).toEqual([[], []])
    await clock.advance(60_000)
    expect(await logs(id)).toEqual(['+120', '+121'])
  })

  test('behavior: many filters of one address list are asked for in parts', async () => {
    const { nodes, chain, newFilter, logs } = setUp({ nodes: 1 })
    ;(nodes[0] as EngineNode).limits = { maxAddresses: 2, maxBlockRange: 2 }
    const before = (nodes[0] as EngineNode).before
    ;(nodes[0] as EngineNode).before = (request) => {
      const filter = (request.params as any)?.[0]
      if (request.method === 'eth_getLogs' && filter.blockHash && filter.address.length > 2)
        throw rpcError(-32701, 'please specify less number of address in the getLogs query')
      return before(request)
    }
    const others = [1, 2, 3].map((digit) => `0x${`0${digit}`.repeat(20)}`)
    const id = await newFilter({ address: [tokenA, ...others] })
    chain.mine(5)
    expect(await logs(id)).toEqual(['+101', '+102', '+103', '+104', '+105'])
  })

  test('behavior: a caller that named a provider gets what that one says, lower heads too', async () => {
    const { ask, nodes, chain, clock, channel } = setUp()
    const p2 = { provider: 'p2' }
    const id = await ask('eth_newFilter', [{ address: tokenA }], p2)
    chain.mine(2)
    const poll = async () => (await ask(CHANGES, [id], p2)).map((log: any) => Number(log.blockNumber))
    expect(await poll()).toEqual([101, 102])
    ;(nodes[1] as EngineNode).lag = 1
    expect(await poll()).toEqual([])
    await clock.advance(1_000)
    expect(await poll()).toEqual([102])
    ;(nodes[1] as EngineNode).isDead = true
    await expect(poll()).rejects.toThrow()
    expect(channel('p1').count(CHANGES) + channel('p1').count('eth_getLogs')).toBe(0)
  })

  test('error: what a provider says does not look like a filter that is gone', async () => {
    const { ask, nodes, chain, newFilter, logs } = setUp({ nodes: 1 })
    const [p1] = nodes as [EngineNode]
    const id = await newFilter()
    chain.mine()
    p1.before = ({ method }) => {
      if (method === 'eth_getLogs') throw rpcError(-32000, 'the moon is full')
      return undefined
    }
    const error = await ask(CHANGES, [id]).catch((error: unknown) => error)
    expect(error).not.toMatchObject({ name: 'InvalidInputRpcError' })
    expect(error).toMatchObject({ details: 'the moon is full', attempts: expect.any(Array) })
    p1.before = () => undefined
    expect(await logs(id)).toEqual(['+101'])
  })
})

describe('ids', () => {
  const gone = { name: 'InvalidInputRpcError', code: -32000, details: 'filter not found' }

  test('default: uninstalled once, unknown afterwards', async () => {
    const { ask, newFilter, poll } = setUp()
    const id = await newFilter()
    expect(await ask('eth_uninstallFilter', [id])).toBe(true)
    expect(await ask('eth_uninstallFilter', [id])).toBe(false)
    await expect(poll(id)).rejects.toMatchObject(gone)
    await expect(ask('eth_getFilterLogs', [id])).rejects.toMatchObject(gone)
    await expect(ask(CHANGES)).rejects.toMatchObject(gone)
  })

  test('behavior: unused for five minutes they go', async () => {
    const { clock, newFilter, poll } = setUp()
    const [used, unused] = [await newFilter(), await newFilter()]
    await clock.advance(200_000)
    expect(await poll(used)).toEqual([])
    await clock.advance(100_001)
    expect(await poll(used)).toEqual([])
    await expect(poll(unused)).rejects.toMatchObject(gone)
  })

  test('behavior: at most 1_000, the one unused for longest goes first', async () => {
    const { newFilter, newBlockFilter, poll } = setUp()
    const [first, second] = [await newFilter(), await newFilter()]
    for (let count = 2; count < 1_000; count++) await newBlockFilter()
    expect(await poll(first)).toEqual([])
    await newBlockFilter()
    expect(await poll(first)).toEqual([])
    await expect(poll(second)).rejects.toMatchObject(gone)
  }, 30_000)
})

function hashesOf(chain: Chain, from: number): string[] {
  return Array.from(
    { length: chain.head.number - from + 1 },
    (_, index) => (chain.block(from + index) as ChainBlock).hash,
  )
}

/** What a poller has who does as it is told; what is taken back must be what it has last. */
function applied(start: readonly string[], changes: readonly string[]): string[] {
  const own = [...start]
  for (const change of changes)
    if (change.startsWith('+')) own.push(change)
    else expect(own.pop()).toBe(change.replace('-', '+'))
  return own
}

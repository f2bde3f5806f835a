// Where heads come from while providers come and go.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import type { RpcRequest } from '../../../src/types'
import { networkError } from '../../support/errors'
import { createNodes, logsOf } from '../nodes'

describe('a source that is behind', () => {
  test('Given all others have failed once, long ago, then one of them is used instead', async () => {
    const { clock, mine, subscribe, become, freeze, engine } = createNodes(3)
    const source = () => engine.status().subscriptions[0]?.source?.provider
    const { seen } = subscribe()
    await clock.settle()
    for (const number of [1, 2, 3]) become(number, 'waiting')
    for (const number of [1, 2, 3]) become(number, 'open')
    await clock.settle()
    await mine(1, 1)
    await clock.advance(70_000)
    expect([source(), seen]).toEqual(['p1', ['101']])
    freeze(2)
    await mine(1, 1)
    become(1, 'waiting')
    await clock.advance(1_000)
    expect(source()).toBe('p3')
    await mine(1, 3)
    expect(seen).toEqual(['101', '102', '103'])
  })

  test('behavior: it was known to be, then another one is used', async () => {
    const { clock, mine, subscribe, freeze, tree, request, engine } = createNodes(3)
    freeze(1)
    tree.mine(20)
    await request('eth_blockNumber', [], { provider: 'p2' })
    const { seen } = subscribe()
    await clock.advance(1_000)
    expect(engine.status().subscriptions[0]?.source?.provider).toBe('p2')
    await mine(1, 1, 2)
    expect(seen).toEqual(['121'])
  })

  test('behavior: no other one can be subscribed at, then it is used all the same', async () => {
    const { clock, tree, push, feed, subscribe, request, engine, eventsOf } = createNodes(2)
    feed(2).refuse(networkError())
    subscribe()
    await clock.advance(100)
    const due: Block[] = []
    for (let second = 0; second < 60; second++) {
      due.push(...tree.mine(1))
      if (second > 20) push(1, [due.shift() as Block])
      else await request('eth_blockNumber', [], { provider: 'p2' })
      await clock.advance(1_000)
    }
    // The other one had a try.
    expect(eventsOf('subscription').filter(({ why }) => why === 'it is behind').length).toBe(1)
    expect(engine.status().subscriptions[0]).toMatchObject({ state: 'live', source: { provider: 'p1' } })
  })

  test.each([[['newHeads']], [['logs', {}]]])(
    'behavior: %j: it falls behind as it goes on, then it is left within a minute, and nothing is missing',
    async (params) => {
      const { clock, tree, push, subscribe, eventsOf } = createNodes(2)
      const { seen } = subscribe(params)
      await clock.advance(100)
      const due: Block[] = []
      for (let second = 0; second < 120; second++) {
        const [block] = tree.mine(1) as [Block]
        due.push(block)
        push(2, [block])
        if (second % 3 > 0) push(1, [due.shift() as Block])
        await clock.advance(1_000)
      }
      const left = eventsOf('subscription').find(({ why }) => why === 'it is behind')
      expect(left).toBeDefined()
      const numbers = seen.map((name) => Number(name.split(':')[0]))
      expect([...new Set(numbers)]).toEqual(Array.from({ length: 120 }, (_, index) => 101 + index))
    },
  )

  test('behavior: nobody else pushes that is known to be any further, then it is kept', async () => {
    const { clock, mine, subscribe, freeze, eventsOf, tree, request } = createNodes(3)
    for (const number of [1, 2]) freeze(number)
    tree.mine(20)
    await request('eth_blockNumber')
    subscribe()
    await clock.advance(60_000)
    expect(eventsOf('subscription').map(({ to, provider }) => `${to} ${provider}`)).toContain('live p3')
    await mine(1, 3)
    await clock.advance(100)
    expect(eventsOf('subscription').at(-1)).toMatchObject({ to: 'live', provider: 'p3' })
  })
})

test('behavior: logs of a block come without its head, and then those of the block below with theirs: the lost head is asked for within a second', async () => {
  const { clock, tree, feed, subscribe } = createNodes(1)
  const heads = subscribe()
  subscribe(['logs', {}])
  await clock.advance(100)
  const [below, above] = tree.mine(2) as [Block, Block]
  for (const block of [above, below]) for (const log of logsOf(block)) feed(1).push(log, 'logs')
  feed(1).push(below.raw)
  await clock.advance(999)
  expect(heads.seen).toEqual(['101'])
  await clock.advance(1)
  expect(heads.seen).toEqual(['101', '102'])
})

test('behavior: a log of a block that does not exist has the newest head asked for once, not with every later log', async () => {
  const { clock, tree, feed, subscribe, channel } = createNodes(1)
  subscribe()
  subscribe(['logs', {}])
  await clock.advance(100)
  const asked = () => ['ws', 'http'].flatMap((type) => channel('p1', type as 'ws').calls)
  const latest = () => asked().filter(({ params }) => (params as unknown[])[0] === 'latest').length
  const before = latest()
  const [log] = logsOf(tree.head())
  feed(1).push({ ...log, blockNumber: '0xfffffff', blockHash: `0x${'ab'.repeat(32)}` }, 'logs')
  await clock.advance(1_000)
  expect(latest()).toBe(before + 1)
  for (const block of tree.mine(10)) {
    for (const one of logsOf(block)) feed(1).push(one, 'logs')
    await clock.advance(10)
    feed(1).push(block.raw)
    await clock.advance(1_990)
  }
  expect(latest()).toBe(before + 1)
})

describe('a source that brings nothing new', () => {
  test.each(['the last head', 'the last ten', 'other blocks of the same number'])(
    'behavior: it goes on with %s, then it is left like one that is silent',
    async (what) => {
      const { clock, tree, push, feed, subscribe, engine } = createNodes(2)
      const { seen } = subscribe()
      await clock.settle()
      for (let count = 0; count < 12; count++) {
        push(1, tree.mine(1))
        await clock.advance(1_000)
      }
      const last = tree.chain().slice(-10)
      for (let count = 0; count < 30; count++) {
        if (count % 3 === 0) push(2, tree.mine(1))
        const { raw } = last.at(-1) as Block
        if (what === 'the last head') feed(1).push(raw)
        else if (what === 'the last ten') for (const block of last) feed(1).push(block.raw)
        else feed(1).push({ ...raw, hash: `0x${(count + 1).toString(16).padStart(64, 'a')}` })
        await clock.advance(333)
      }
      expect(engine.status().subscriptions[0]?.source?.provider).toBe('p2')
      expect([...new Set(seen.filter((name) => !name.includes('/')))]).toEqual(
        Array.from({ length: 22 }, (_, index) => `${101 + index}`),
      )
    },
  )

  test('behavior: its heads lead nowhere, then it is left for another one, and nothing is missing', async () => {
    const { clock, tree, push, feed, subscribe, engine } = createNodes(2)
    const one = subscribe()
    await clock.settle()
    push(1, tree.mine(3))
    await clock.advance(1_000)
    for (let count = 0; count < 40; count++) {
      const [block] = tree.mine(1) as [Block]
      push(2, [block])
      const mark = (count + 1).toString(16)
      feed(1).push({ ...block.raw, hash: `0x${mark.padStart(64, 'a')}`, parentHash: `0x${mark.padStart(64, 'b')}` })
      await clock.advance(1_000)
    }
    expect(engine.status().subscriptions[0]?.source?.provider).toBe('p2')
    expect([one.seen, one.errors]).toEqual([Array.from({ length: 43 }, (_, index) => `${101 + index}`), []])
  })
})

describe('a source that is left as its heads lead nowhere', () => {
  test('behavior: what the next one shows cannot be linked at once: it has its own ten seconds', async () => {
    const { clock, tree, push, feed, subscribe, engine, channel, answer } = createNodes(3)
    const source = () => engine.status().subscriptions[0]?.source?.provider
    let lackedUntil = Infinity
    for (const id of ['p1', 'p2', 'p3'])
      for (const type of ['http', 'ws'] as const)
        channel(id, type).reply((asked: RpcRequest) => {
          if (source() === 'p2') lackedUntil = Math.min(lackedUntil, clock.now() + 2_000)
          const isLacked = lackedUntil < Infinity && clock.now() < lackedUntil
          return isLacked && (asked.params as unknown[])?.[0] !== 'latest' ? null : answer(id, asked)
        })
    const one = subscribe()
    await clock.settle()
    push(1, tree.mine(3))
    await clock.advance(1_000)
    for (let count = 0; count < 30; count++) {
      const [block] = tree.mine(1) as [Block]
      push(2, [block])
      push(3, [block])
      const mark = (count + 1).toString(16)
      feed(1).push({ ...block.raw, hash: `0x${mark.padStart(64, 'a')}`, parentHash: `0x${mark.padStart(64, 'b')}` })
      await clock.advance(1_000)
    }
    expect(source()).toBe('p2')
    expect([one.seen, one.errors]).toEqual([Array.from({ length: 33 }, (_, index) => `${101 + index}`), []])
  })
})

describe('a source that is slow to say what it has', () => {
  test('behavior: it has pushed more meanwhile: that is not held against it', async () => {
    const { clock, channel, mine, subscribe, answer, eventsOf } = createNodes(2)
    for (const id of ['p1', 'p2'])
      for (const type of ['http', 'ws'] as const)
        channel(id, type).reply((asked: RpcRequest) => {
          const value = answer(id, asked)
          return new Promise((resolve) => void clock.after(1_500, () => resolve(value)))
        })
    const { seen } = subscribe()
    await clock.advance(1_200)
    await mine(1, 1, 2)
    await clock.advance(5_000)
    await mine(1, 1, 2)
    expect([seen, eventsOf('subscription').map(({ to, provider }) => `${to} ${provider}`)]).toEqual([
      ['101', '102'],
      ['live p1'],
    ])
  })
})

describe('a source that is lost', () => {
  test.each(['unsubscribes', 'closes'])('behavior: a listener that hears of it %s: nothing is left', async (way) => {
    const { clock, channel, mine, subscribe, become, engine } = createNodes(1)
    const one = subscribe()
    await clock.settle()
    await mine(1, 1)
    await clock.advance(100)
    const end = () => (way === 'closes' ? engine.close() : void one.unsubscribe())
    engine.events.on('subscription', ({ to }) => to === 'switching' && end())
    become(1, 'waiting')
    const before = channel('p1', 'http').count()
    await clock.advance(60_000)
    expect([engine.status().subscriptions, channel('p1', 'http').count(), clock.pending.total]).toEqual([[], before, 0])
  })
})

describe('a source that pushes logs, but no heads', () => {
  test('behavior: their blocks are asked for, and the logs come a second late', async () => {
    const { clock, tree, feed, subscribe } = createNodes(1)
    const [blocks, logs] = [subscribe(), subscribe(['logs', {}])]
    await clock.settle()
    for (const logged of tree.mine(3)) for (const log of logsOf(logged)) feed(1).push(log, 'logs')
    await clock.advance(1_100)
    expect(blocks.seen).toEqual(['101', '102', '103'])
    expect(logs.seen).toEqual(['101:0', '101:1', '102:0', '102:1', '103:0', '103:1'])
  })

  test('behavior: given the head of the first one comes, the next one is asked for all the same', async () => {
    const { clock, tree, feed, subscribe } = createNodes(1)
    const [blocks] = [subscribe(), subscribe(['logs', {}])]
    await clock.settle()
    const mined = tree.mine(2)
    for (const logged of mined) for (const log of logsOf(logged)) feed(1).push(log, 'logs')
    feed(1).push((mined[0] as Block).raw)
    await clock.advance(1_100)
    expect(blocks.seen).toEqual(['101', '102'])
  })

  test('behavior: given the head comes soon, nothing is asked', async () => {
    const { clock, channel, tree, feed, subscribe } = createNodes(1)
    const logs = subscribe(['logs', {}])
    subscribe()
    await clock.settle()
    const [block] = tree.mine(1)
    for (const log of logsOf(block as Block)) feed(1).push(log, 'logs')
    const before = feed(1).count() + channel('p1', 'http').count()
    await clock.advance(500)
    feed(1).push((block as Block).raw)
    await clock.advance(2_000)
    expect([logs.seen, feed(1).count() + channel('p1', 'http').count()]).toEqual([['101:0', '101:1'], before])
  })
})

// Where heads come from while providers come and go.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import type { RpcRequest } from '../../../src/types'
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

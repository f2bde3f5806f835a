// Where a stream begins, and from when on it says that it is there.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/subscription/block'
import { networkError } from '../support/errors'
import { createNodes } from './nodes'

/** How a stream of logs is shown, and the height of the chain at that moment. */
function setUp(...given: Parameters<typeof createNodes>) {
  const nodes = createNodes(...given)
  const states: string[] = []
  nodes.engine.events.on('subscription', ({ to }) => states.push(`${to} at ${nodes.tree.head().number}`))
  return { ...nodes, states }
}

describe('a stream of logs', () => {
  test('behavior: its source confirms it, and is lost before it says how far the chain is: it begins with what can be asked next, and is live from then on', async () => {
    const { clock, feed, channel, tree, become, heal, subscribe, states } = setUp(1)
    feed(1).hang()
    channel('p1', 'http').fail(networkError())
    const one = subscribe(['logs', {}])
    await clock.settle()
    expect([feed(1).live.length, states]).toEqual([1, []])
    become(1, 'waiting')
    tree.mine(3)
    await clock.advance(1_500)
    expect(states).toEqual([])
    tree.mine(1)
    heal(1)
    await clock.advance(10_000)
    expect([states, one.seen]).toEqual([['polling at 104'], []])
    tree.mine(1)
    await clock.advance(10_000)
    expect(one.seen).toEqual(['105:0', '105:1'])
  })

  test('behavior: its source cannot say how far the chain is, and pushes: it begins with the first log', async () => {
    const { clock, feed, channel, mine, subscribe, states } = setUp(1)
    for (const type of ['http', 'ws'] as const) channel('p1', type).hang()
    const one = subscribe(['logs', {}])
    await clock.settle()
    expect([feed(1).live.length, states]).toEqual([1, []])
    await mine(2, 1)
    await clock.advance(100)
    expect([states, one.seen]).toEqual([['live at 102'], ['101:0', '101:1', '102:0', '102:1']])
  })

  test('behavior: somebody reads the past while nobody can be reached: once somebody can, nothing of it is missing', async () => {
    const { clock, engine, face, feed, channel, tree, become, heal } = setUp(1)
    become(1, 'waiting')
    channel('p1', 'http').fail(networkError())
    feed(1).fail(networkError())
    tree.mine(5)
    const numbers: bigint[] = []
    const stream = engine.subscriptions.logs(face, {}, { fromBlock: 102n })
    void (async () => {
      for await (const { number } of stream) numbers.push(number)
    })()
    await clock.advance(20_000)
    heal(1)
    await clock.advance(60_000)
    expect(numbers).toEqual([102n, 103n, 104n, 105n])
    await stream.return?.()
  })
})

describe('a stream that begins after a block that was shown', () => {
  test('behavior: more has passed since than is filled in: the newest are given, the rest is told', async () => {
    const { clock, tree, request, subscribe, eventsOf } = createNodes(1, {
      options: { mostFilled: { heads: 5, logs: 10 } },
    })
    await request('eth_blockNumber')
    tree.mine(20)
    const [heads, logs] = [subscribe(), subscribe(['logs', {}])]
    await clock.advance(5_000)
    expect(heads.errors.map(({ from, to }) => [from, to])).toEqual([[101n, 114n]])
    expect(heads.seen).toEqual(['115', '116', '117', '118', '119', '120'])
    expect(logs.errors.map(({ from, to }) => [from, to])).toEqual([[101n, 110n]])
    expect([logs.seen.length, logs.seen[0], logs.seen.at(-1)]).toEqual([20, '111:0', '120:1'])
    expect(
      eventsOf('gap')
        .map(({ key }) => key.slice(0, 4))
        .sort(),
    ).toEqual(['logs', 'newH'])
  })

  test('behavior: nobody gives the block that was shown: nothing after it is missing', async () => {
    const { clock, tree, request, subscribe } = createNodes(1)
    await request('eth_blockNumber')
    tree.mine(3)
    ;(tree.chain() as Block[]).shift()
    const heads = subscribe()
    await clock.advance(5_000)
    expect([heads.seen, heads.errors]).toEqual([['101', '102', '103'], []])
  })
})

// A chain that became shorter for good is told of once, whoever finds out first: requests or a stream. Manual clock.

import { expect, test } from 'vitest'
import { createNodes } from '../../subscription/nodes'

const HEAD = 'eth_blockNumber'

async function setUp() {
  const nodes = createNodes(2, { options: { consistency: 'head' } })
  const stream = nodes.subscribe()
  await nodes.clock.settle()
  await nodes.mine(5, 1)
  expect(stream.seen.at(-1)).toBe('105')
  /** Both nodes have it, nobody was told: three blocks less. */
  const shrink = () => nodes.tree.reorg(5, 2)
  const ask = async () => {
    const seen = nodes.start(HEAD)
    await nodes.clock.advance(2_000)
    return Number(seen.ended?.value)
  }
  /** The stream goes on at p2, which shows it the shorter chain. */
  async function move() {
    nodes.become(1, 'waiting')
    await nodes.clock.advance(120_000)
  }
  return { ...nodes, stream, shrink, ask, move, resets: () => nodes.eventsOf('reorg').filter(({ reset }) => reset) }
}

test('behavior: found by requests first, it is not told again by the stream', async () => {
  const { shrink, ask, move, stream, resets } = await setUp()
  shrink()
  await ask()
  await ask()
  expect(resets()).toHaveLength(1)
  await move()
  expect(stream.seen.slice(-2)).toEqual(['101/1', '102/1'])
  expect(resets()).toEqual([{ from: 103, to: 105, depth: 3, reset: true }])
})

test('behavior: found by the stream first, it is not told again by requests', async () => {
  const { shrink, ask, move, stream, resets } = await setUp()
  shrink()
  await move()
  expect(stream.seen.slice(-2)).toEqual(['101/1', '102/1'])
  expect(resets()).toHaveLength(1)
  expect(await ask()).toBe(102)
  expect(resets()).toHaveLength(1)
})

test('behavior: each reset is told', async () => {
  const { shrink, ask, move, mine, resets, become } = await setUp()
  shrink()
  await move()
  become(1, 'open')
  await mine(4, 1, 2)
  shrink()
  await ask()
  await move()
  expect(resets()).toHaveLength(2)
})

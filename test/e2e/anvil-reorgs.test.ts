// Reorgs of a real node as watchers over failover() are told them. The node sends the new blocks and their logs, and takes
// nothing back: that is for us to do, newest first. What is right is the node's own word, asked past the proxies.

import { describe, expect, test } from 'vitest'
import type { EventMap } from '../../src/events'
import type { GivenLog } from '../support/stream-judge'
import { contract } from './anvil-chain'
import { createSink } from './anvil-readers'
import type { Scene } from './anvil-scene'
import { startScene } from './anvil-scene'
import type { Given } from './anvil-watchers'
import { logOf } from './anvil-watchers'

/** The events of each log stream as they came; with a minus they are taken back. */
function storiesOf({ logs }: Given) {
  const tell = (log: GivenLog) => Number((log as any).topics[1]) * (log.removed ? -1 : 1)
  return Object.values(logs).map((list) => list.map(tell))
}

const each = <item>({ logs }: Given, item: item) => Object.keys(logs).map(() => item)
/** So many blocks with one event each. */
const branch = ({ events }: Scene, length: number) => Array.from({ length }, () => events(1))
const both = ({ p1, p2 }: Scene) => [p1, p2]

/** The resets that are told from now on. */
function resetsOf({ client }: Scene) {
  const resets: EventMap['reorg'][] = []
  client.transport.on('reorg', (event) => {
    if (event.reset) resets.push(event)
  })
  return resets
}

describe('anvil_reorg', () => {
  test('behavior: orphaned logs are taken back, newest first, then the new ones come', async () => {
    await using scene = await startScene()
    const { given, reached } = await scene.watch()
    for (const count of [1, 2, 0]) await scene.mine(count)
    await reached(await scene.mine(1))
    await reached(await scene.node.reorg(scene.events(1), [], scene.events(2)))
    expect(storiesOf(given)).toEqual(each(given, [1, 2, 3, 4, -4, -3, -2, 5, 6, 7]))
    expect(given.numbers).toEqual([1n, 2n, 3n, 4n, 2n, 3n, 4n])
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: one after the other, before anybody has read the first', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    for (let block = 0; block < 4; block++) await reached(await scene.mine(1))
    await scene.node.reorg(...branch(scene, 1))
    await scene.node.reorg(...branch(scene, 3))
    await scene.mine(1)
    await scene.node.reorg(...branch(scene, 2))
    expect(await scene.finish()).toEqual({})
  })

  test.each([1, 2, 5])('behavior: of %i blocks while everything is dark', async (depth) => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    for (let block = 0; block < 6; block++) await reached(await scene.mine(block % 3 || 1))
    await Promise.all(both(scene).map((one) => one.kill()))
    await scene.node.reorg(...branch(scene, depth))
    await scene.mine(1)
    await Promise.all(both(scene).map((one) => one.revive()))
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: while the first provider is away, and again when it is back', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    for (let block = 0; block < 3; block++) await reached(await scene.mine(1))
    await scene.p1.kill()
    await scene.node.reorg(...branch(scene, 2))
    await reached(await scene.mine(1))
    await scene.p1.revive()
    await scene.node.reorg(...branch(scene, 3))
    expect(await scene.finish()).toEqual({})
  })

  test.each(['before', 'after'])('behavior: the socket is killed right %s it', async (when) => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    for (let time = 0; time < 3; time++) {
      for (let block = 0; block < 2; block++) await reached(await scene.mine(2))
      if (when === 'before') scene.p1.ws.cut()
      await scene.node.reorg(...branch(scene, 2))
      if (when === 'after') scene.p1.ws.cut()
    }
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: over HTTP alone', async () => {
    await using scene = await startScene({ ways: 'http' })
    const { given, reached } = await scene.watch()
    for (const count of [1, 1]) await reached(await scene.mine(count))
    await scene.node.reorg(scene.events(1), scene.events(1))
    await reached(await scene.mine(1))
    expect(storiesOf(given)).toEqual(each(given, [1, 2, -2, -1, 3, 4, 5]))
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: deeper than where a watcher began: it takes back only what it was given', async () => {
    await using scene = await startScene()
    for (let block = 0; block < 3; block++) await scene.mine(1)
    await scene.client.getBlockNumber()
    const { seen, until, ...logs } = createSink(logOf)
    await scene.client.transport.subscribe({ params: ['logs', { address: contract }], ...logs })
    await scene.mine(1)
    await until(() => seen.at(-1)?.x === 4)
    await scene.node.reorg(...branch(scene, 3))
    await scene.mine(1)
    await until(() => seen.at(-1)?.x === 8)
    expect(seen.filter(({ removed }) => removed).map(({ x }) => x)).toEqual([4])
  })
})

describe('evm_revert', () => {
  async function revert(scene: Scene, blocks: number) {
    const { reached } = await scene.watch()
    for (let block = 0; block < 2; block++) await reached(await scene.mine(1))
    const snapshot = await scene.node.rpc('evm_snapshot')
    for (let block = 0; block < blocks; block++) await reached(await scene.mine(1))
    return () => scene.node.rpc('evm_revert', [snapshot])
  }

  test.each([1, 3])('behavior: of %i blocks, and mined on past them: what was undone is taken back', async (blocks) => {
    await using scene = await startScene()
    const undo = await revert(scene, blocks)
    await undo()
    for (let block = 0; block < blocks; block++) await scene.mine(1)
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: and mined on to less than there was: watchers go on', async () => {
    await using scene = await startScene()
    const undo = await revert(scene, 6)
    await undo()
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: while everything is dark', async () => {
    await using scene = await startScene()
    const undo = await revert(scene, 3)
    await Promise.all(both(scene).map((one) => one.kill()))
    await undo()
    for (let block = 0; block < 5; block++) await scene.mine(1)
    await Promise.all(both(scene).map((one) => one.revive()))
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: `eth_blockNumber` follows when every provider says so, and one reset is told, by requests or watchers', async () => {
    await using scene = await startScene()
    const resets = resetsOf(scene)
    const undo = await revert(scene, 4)
    expect(await scene.client.getBlockNumber()).toBe(6n)
    await undo()
    // Asked as a program would that polls: how often is not the point, that it comes down is.
    while ((await scene.client.getBlockNumber()) !== 2n) await new Promise((resolve) => setTimeout(resolve, 100))
    for (let block = 0; block < 6; block++) await scene.mine(1)
    expect(await scene.finish()).toEqual({})
    expect(resets).toEqual([expect.objectContaining({ to: 6, reset: true })])
  })

  test('behavior: asked for through the client itself, it holds at once', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    await reached(await scene.mine(1))
    const request = scene.client.transport.request
    const snapshot = await request<string>({ method: 'evm_snapshot' })
    await reached(await scene.mine(1))
    expect(await scene.client.getBlockNumber()).toBe(2n)
    const resets = resetsOf(scene)
    await request({ method: 'evm_revert', params: [snapshot] })
    expect(await scene.client.getBlockNumber()).toBe(1n)
    expect(await scene.finish()).toEqual({})
    expect(resets).toEqual([{ from: 2, to: 2, depth: 1, reset: true }])
  })
})

describe('a restart to block 0', () => {
  test('behavior: watchers go on, and what is no more is taken back', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    for (let block = 0; block < 5; block++) await reached(await scene.mine(1))
    await scene.restart(0)
    for (let block = 0; block < 6; block++) await scene.mine(1)
    expect(await scene.finish()).toEqual({})
  })
})

describe('two nodes that disagree', () => {
  test('behavior: the first one dies with a branch of its own: its logs are taken back', async () => {
    await using scene = await startScene({ nodes: 2 })
    const [first, second] = scene.nodes
    const { given, reached } = await scene.watch()
    for (let block = 0; block < 2; block++) await reached(await scene.mine(1))
    await scene.mine(1, [first!])
    await reached(await scene.mine(1, [first!]))
    await scene.p1.kill()
    for (const count of [2, 1]) await scene.mine(count, [second!])
    await reached(await scene.mine(1, [second!]))
    expect(storiesOf(given)).toEqual(each(given, [1, 2, 3, 4, -4, -3, 5, 6, 7, 8]))
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: the first one dies while the other is behind: nothing is taken back or told twice', async () => {
    await using scene = await startScene({ nodes: 2 })
    const [first, second] = scene.nodes
    const { given, reached } = await scene.watch()
    await reached(await scene.mine(1))
    const late = branch(scene, 3)
    for (const xs of late) await reached(await first!.mine(...xs))
    await scene.p1.kill()
    for (const xs of late) await second!.mine(...xs)
    await reached(await scene.mine(1, [second!]))
    expect(storiesOf(given)).toEqual(each(given, [1, 2, 3, 4, 5]))
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: the first one stands still with its socket open while the other goes on', async () => {
    await using scene = await startScene({ nodes: 2 })
    const [first, second] = scene.nodes
    const { reached } = await scene.watch()
    const pump = scene.pump(100)
    for (let block = 0; block < 5; block++) await reached(await pump.next())
    await pump.stop()
    const alone = scene.pump(100, [second!])
    await reached(await alone.next())
    await alone.stop()
    // It wakes up on the branch that it would have made alone: lower, and never to be told.
    await first!.mine(...scene.events(1))
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: the first one starts again from nothing and catches up: that is no reorg', async () => {
    await using scene = await startScene({ nodes: 2 })
    const { given, reached } = await scene.watch()
    const history = branch(scene, 4)
    for (const xs of history) {
      for (const node of scene.nodes) await node.mine(...xs)
    }
    await reached((await scene.nodes[1]!.truth(3n)).heads[0]!)
    const first = await scene.restart(0)
    await reached(await scene.mine(1, [scene.nodes[1]!]))
    for (const xs of [...history, [5]]) await first.mine(...xs)
    expect(await scene.finish()).toEqual({})
    expect(
      Object.values(given.logs)
        .flat()
        .filter(({ removed }) => removed),
    ).toEqual([])
  })
})

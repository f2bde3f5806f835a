// Watchers over failover() and a real node, while connections are killed, fall silent, or are open at one end only:
// every block and event once, in order. What is right is the node's own word, asked past the proxies.

import { describe, expect, test } from 'vitest'
import type { SceneProvider } from './anvil-scene'
import { startScene } from './anvil-scene'

describe('nothing happens', () => {
  test('default: every watcher is given every block, event and pending transaction once', async () => {
    await using scene = await startScene()
    const { given, reached } = await scene.watch()
    await reached(await scene.mine())
    for (const count of [3, 0, 2]) await scene.mine(count)
    await scene.node.rpc('anvil_mine', ['0xa'])
    expect(await scene.finish()).toEqual({})
    expect(given.numbers.at(-1)).toBe(16n)
    expect(given.logs['logs()']).toHaveLength(8)
    const later = given.fullBlocks.slice(1).flatMap((block) => block?.transactions ?? [])
    expect(given.pending.slice(-7)).toEqual(later.map((transaction) => (transaction as { hash: string }).hash))
  })

  test('behavior: the first thing that happens comes after a long list of blocks at once', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    await scene.node.rpc('anvil_mine', ['0x96'])
    await reached(await scene.mine(3))
    expect(await scene.finish()).toEqual({})
  })

  test.each([['http'], ['ws']] as const)('behavior: the same with %s alone', async (ways) => {
    await using scene = await startScene({ ways })
    const { given, reached } = await scene.watch()
    for (const count of [1, 3, 0, 2]) await reached(await scene.mine(count || 1))
    await scene.mine(0)
    expect(await scene.finish()).toEqual({})
    expect(given.logs.watchEvent).toHaveLength(9)
  })
})

describe('connections are killed', () => {
  test('behavior: three times while blocks come', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    const pump = scene.pump(30)
    for (let time = 0; time < 3; time++) {
      await reached(await pump.next())
      scene.p1.ws.cut()
      await reached(await pump.next())
    }
    await pump.stop()
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: the first provider refuses for a while, again and again', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    for (let time = 0; time < 3; time++) {
      await scene.p1.kill()
      await scene.mine(2)
      await reached(await scene.mine(1))
      await scene.p1.revive()
      await scene.mine(3)
    }
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: the first provider is gone for good', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    await reached(await scene.mine())
    await scene.p1.kill()
    for (const count of [2, 0, 1]) await scene.mine(count)
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: both in turn, every few blocks', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    const pump = scene.pump(30)
    const turns = [scene.p1, scene.p2, scene.p1, scene.p2]
    for (const one of turns) {
      await one.kill()
      await reached(await pump.next())
      await one.revive()
    }
    await pump.stop()
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: every socket, while HTTP lives; then they are back', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    const sockets = [scene.p1.ws, scene.p2.ws]
    await reached(await scene.mine())
    await Promise.all(sockets.map((ws) => ws.kill()))
    await scene.mine(3)
    await reached(await scene.mine(1))
    await scene.mine(0)
    await Promise.all(sockets.map((ws) => ws.revive()))
    const pump = scene.pump(100)
    for (let time = 0; time < 100 && sockets.every((ws) => ws.open === 0); time++) await pump.next()
    expect(sockets.some((ws) => ws.open > 0)).toBe(true)
    await reached(await pump.next())
    await pump.stop()
    expect(await scene.finish()).toEqual({})
  })

  test.each([1, 4, 120])('behavior: everything is dark for %i blocks', async (blocks) => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    await reached(await scene.mine())
    await Promise.all([scene.p1.kill(), scene.p2.kill()])
    for (let block = 0; block < blocks; block++) await scene.mine(block % 10 === 0 ? 2 : 0)
    await Promise.all([scene.p1.revive(), scene.p2.revive()])
    expect(await scene.finish()).toEqual({})
  })
})

describe.concurrent('connections fall silent', () => {
  /** Blocks come all the time: a chain that stands still is no stall. */
  async function play(fault: (provider: SceneProvider) => void, heal: (provider: SceneProvider) => void) {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    const pump = scene.pump(100)
    for (let block = 0; block < 5; block++) await reached(await pump.next())
    fault(scene.p1)
    await reached(await pump.next())
    heal(scene.p1)
    await reached(await pump.next())
    await pump.stop()
    return await scene.finish()
  }

  test('behavior: given an open socket and no heads while other providers move, the stream switches', async () => {
    const wrong = await play(
      (p1) => p1.stall(),
      (p1) => p1.resume(),
    )
    expect(wrong).toEqual({})
  })

  test('behavior: given a socket that is silent while HTTP of the same provider moves', async () => {
    const wrong = await play(
      (p1) => p1.ws.stall(),
      (p1) => p1.ws.resume(),
    )
    expect(wrong).toEqual({})
  })

  test('behavior: given connections of which the other end is gone', async () => {
    const wrong = await play(
      (p1) => p1.halfOpen(),
      () => {},
    )
    expect(wrong).toEqual({})
  })

  test('behavior: given all of them silent for a while, what was held back comes once', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    await reached(await scene.mine())
    for (const one of [scene.p1, scene.p2]) one.stall()
    for (let block = 0; block < 10; block++) await scene.mine(block % 3)
    for (const one of [scene.p1, scene.p2]) one.resume()
    expect(await scene.finish()).toEqual({})
  })

  test('behavior: given a silent socket that is killed', async () => {
    await using scene = await startScene()
    const { reached } = await scene.watch()
    await reached(await scene.mine())
    scene.p1.stall()
    await scene.mine(2)
    scene.p1.resume()
    scene.p1.ws.cut()
    await scene.mine(1)
    expect(await scene.finish()).toEqual({})
  })
})

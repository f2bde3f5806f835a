// `subscribe`, `heads()` and `logs()` over failover() and a real node: what their items are, and how they begin and end.

import { describe, expect, test } from 'vitest'
import { contract } from './anvil-chain'
import { createHeads, readerOf } from './anvil-readers'
import type { Scene } from './anvil-scene'
import { startScene } from './anvil-scene'
import type { HeadItem, LogsItem, Streams } from './anvil-watchers'
import { headOf, logOf } from './anvil-watchers'

const streamsOf = ({ client }: Scene) => client.transport as unknown as Streams
const subscriptionsOf = ({ client }: Scene) => (client.transport.status() as any).subscriptions as unknown[]
const filter = { address: contract }
const notOfHeaders = ['size', 'totalDifficulty', 'transactions', 'uncles', 'withdrawals']

describe.concurrent('subscribe', () => {
  test('behavior: given the socket reconnects, the subscription keeps its id and its listener', async () => {
    await using scene = await startScene()
    const ids = new Set<string>()
    const heads = createHeads(({ subscription }) => ids.add(subscription))
    const { subscriptionId, unsubscribe } = await scene.client.transport.subscribe({ params: ['newHeads'], ...heads })
    for (let time = 0; time < 3; time++) {
      await heads.reached((await scene.mine()).number)
      scene.p1.ws.cut()
    }
    await heads.reached((await scene.mine()).number)
    expect([[...ids], heads.numbers]).toEqual([[subscriptionId], [1n, 2n, 3n, 4n]])
    await unsubscribe()
  })

  test('behavior: given nobody can be reached at subscribe time, it becomes live when the first one can be', async () => {
    await using scene = await startScene({ timeout: 1_000 })
    await Promise.all([scene.p1.kill(), scene.p2.kill()])
    const heads = createHeads()
    const subscribed = scene.client.transport.subscribe({ params: ['newHeads'], ...heads })
    await scene.mine()
    await subscribed
    await scene.p2.revive()
    const pump = scene.pump(50)
    await heads.reached(2n)
    await heads.reached((await pump.next()).number)
    await pump.stop()
    const [first = 0n] = heads.numbers
    expect(heads.numbers).toEqual(heads.numbers.map((_, index) => first + BigInt(index)))
  })

  test('behavior: after a head the block can be read, whoever is asked', async () => {
    const methods = { eth_getBlockByNumber: { strategy: 'load-balanced' } } as const
    await using scene = await startScene({ nodes: 2, methods })
    const [first, second] = scene.nodes
    const read: Promise<unknown>[] = []
    const heads = createHeads(({ result }) => {
      const { number, hash } = headOf(result)
      const block = scene.client.getBlock({ blockNumber: number })
      read.push(block.then((found) => found.hash === hash || found, String))
    })
    await scene.client.transport.subscribe({ params: ['newHeads'], ...heads })
    for (let block = 1; block <= 10; block++) {
      const xs = scene.events(1)
      const { number } = await first!.mine(...xs)
      await heads.reached(number)
      // Behind until the head has been told.
      await second!.mine(...xs)
    }
    expect(await Promise.all(read)).toEqual(Array.from({ length: 10 }, () => true))
  })

  test('behavior: given the last one leaves, the subscription and then its socket are gone; 50 times is as once', async () => {
    await using scene = await startScene({ ways: 'ws' })
    for (let time = 0; time < 50; time++) {
      const { unsubscribe } = await scene.client.transport.subscribe({ params: ['newHeads'], ...createHeads() })
      await Promise.all([unsubscribe(), unsubscribe()])
    }
    await Promise.all([scene.p1, scene.p2].map(({ ws }) => ws.drained()))
    expect([subscriptionsOf(scene), scene.p1.ws.total]).toEqual([[], 1])
    const heads = createHeads()
    await scene.client.transport.subscribe({ params: ['newHeads'], ...heads })
    await heads.reached((await scene.mine()).number)
    expect(heads.numbers).toEqual([1n])
  })
})

describe('heads', () => {
  test('default: each head, as it is and as the node sent it', async () => {
    await using scene = await startScene()
    const { seen, until } = readerOf<HeadItem>(streamsOf(scene).heads())
    const pump = scene.pump(20)
    await until(() => seen.length > 2)
    await pump.stop()
    for (const { number, hash, parentHash, raw } of seen)
      expect(headOf(raw as never)).toEqual({ number, hash, parentHash })
    const { heads } = await scene.node.truth(seen[0]!.number - 1n)
    await until(() => seen.length === heads.length)
    expect(seen.map(({ number, hash, parentHash }) => ({ number, hash, parentHash }))).toEqual(heads)
  })

  test('behavior: a filled-in head has the shape of a subscribed one', async () => {
    await using scene = await startScene()
    const { seen, until } = readerOf<HeadItem>(streamsOf(scene).heads())
    const pump = scene.pump(20)
    await until(() => seen.length > 0)
    await pump.stop()
    await Promise.all([scene.p1.kill(), scene.p2.kill()])
    const { number } = await scene.mine(0)
    await Promise.all([scene.p1.revive(), scene.p2.revive()])
    await until(() => seen.at(-1)?.number === number)
    const [first, filled] = [seen[0]!.raw, seen.at(-1)!.raw]
    const block = await scene.node.rpc<Record<string, unknown>>('eth_getBlockByNumber', ['latest', false])
    // This node sends whole blocks as heads, others do not: what counts is the header.
    const fields = Object.keys(first).filter((field) => !notOfHeaders.includes(field))
    for (const field of fields) expect([field, filled[field]]).toEqual([field, block[field]])
  })
})

describe('logs', () => {
  test('default: one item for each block with matches', async () => {
    await using scene = await startScene()
    const heads = createHeads()
    await scene.client.transport.subscribe({ params: ['newHeads'], ...heads })
    const { seen, until } = readerOf<LogsItem>(streamsOf(scene).logs(filter))
    for (const count of [2, 0, 1]) await heads.reached((await scene.mine(count)).number)
    await until(() => seen.length === 2)
    const {
      heads: [first, , third],
    } = await scene.node.truth()
    expect(seen).toMatchObject([
      { number: 1n, hash: first?.hash, removed: false },
      { number: 3n, hash: third?.hash, removed: false },
    ])
    expect(seen.map(({ logs }) => logs.map((log) => logOf(log).x))).toEqual([[1, 2], [3]])
    for (const { logs, hash } of seen)
      for (const log of logs) expect(log).toMatchObject({ blockHash: hash, removed: false })
  })

  test('behavior: `fromBlock` begins in the past, and goes on after it', async () => {
    await using scene = await startScene()
    for (const count of [1, 2, 0, 1]) await scene.mine(count)
    const { seen, until } = readerOf<LogsItem>(streamsOf(scene).logs(filter, { fromBlock: 2n }))
    const given = () => seen.filter(({ logs }) => logs.length > 0)
    await until(() => given().length >= 2)
    await scene.mine(1)
    await until(() => given().length >= 3)
    expect(given().map(({ number, logs }) => [number, logs.map((log) => logOf(log).x)])).toEqual([
      [2n, [2, 3]],
      [4n, [4]],
      [5n, [5]],
    ])
  })

  test('behavior: resumed after the last item, nothing is missing and nothing comes twice', async () => {
    await using scene = await startScene()
    const xs: number[] = []
    let fromBlock = 0n
    const pump = scene.pump(20)
    for (let time = 0; time < 3; time++) {
      for await (const { number, logs } of streamsOf(scene).logs(filter, { fromBlock })) {
        xs.push(...logs.map((log) => logOf(log).x))
        fromBlock = number + 1n
        if (xs.length >= 4 * (time + 1)) break
      }
      await pump.next()
    }
    await pump.stop()
    expect(xs).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
  })

  test('behavior: a slow reader loses nothing', async () => {
    await using scene = await startScene()
    const xs: number[] = []
    await scene.client.getBlockNumber()
    const reading = (async () => {
      for await (const { logs } of streamsOf(scene).logs(filter)) {
        xs.push(...logs.map((log) => logOf(log).x))
        if (xs.length === 1) for (let block = 0; block < 100; block++) await scene.mine(2)
        if (xs.length === 201) break
      }
    })()
    const first = scene.mine(1)
    await Promise.all([first, reading])
    expect(xs).toEqual(Array.from({ length: 201 }, (_, index) => index + 1))
  })
})

describe.concurrent('the end of a stream', () => {
  const kinds = [
    ['heads', (scene: Scene, signal?: AbortSignal) => streamsOf(scene).heads(signal ? { signal } : {})],
    ['logs', (scene: Scene, signal?: AbortSignal) => streamsOf(scene).logs(filter, signal ? { signal } : {})],
  ] as const

  /** The linger of the subscription, then that of the socket. */
  const drained = ({ p1, p2 }: Scene) => Promise.all([p1, p2].map(({ ws }) => ws.drained()))

  test.each(kinds)('behavior: given `break`, nothing is left of %s', async (_, streamOf) => {
    await using scene = await startScene({ ways: 'ws' })
    const pump = scene.pump(20)
    let count = 0
    for await (const _item of streamOf(scene)) if (++count === 3) break
    await pump.stop()
    await drained(scene)
    expect([count, subscriptionsOf(scene)]).toEqual([3, []])
  })

  test.each(kinds)('behavior: given an abort, %s ends, and nothing is left', async (_, streamOf) => {
    await using scene = await startScene({ ways: 'ws' })
    const controller = new AbortController()
    const { seen, ended, until } = readerOf<unknown>(streamOf(scene, controller.signal))
    const pump = scene.pump(20)
    await until(() => seen.length > 1)
    controller.abort(new Error('enough'))
    // Whether it returns or throws the reason: it ends.
    await Promise.allSettled([ended])
    const { length } = seen
    await pump.next()
    await pump.stop()
    await drained(scene)
    expect([seen.length - length, subscriptionsOf(scene)]).toEqual([0, []])
  })

  test.each(kinds)('behavior: given an abort before it began, %s asks nobody', async (_, streamOf) => {
    await using scene = await startScene()
    await Promise.allSettled([readerOf<unknown>(streamOf(scene, AbortSignal.abort())).ended])
    expect([scene.p1, scene.p2].map(({ http, ws }) => http.total + ws.total)).toEqual([0, 0])
  })

  test.each(kinds)('behavior: given close(), %s rejects, and no connection is made again', async (_, streamOf) => {
    await using scene = await startScene({ ways: 'ws' })
    const { seen, ended, until } = readerOf<unknown>(streamOf(scene))
    const pump = scene.pump(20)
    await until(() => seen.length > 1)
    const totals = () => [scene.p1, scene.p2].map(({ ws }) => ws.total)
    await scene.client.transport.close()
    const before = totals()
    await expect(ended).rejects.toMatchObject({ name: 'TransportClosedError' })
    await drained(scene)
    for (let block = 0; block < 3; block++) await pump.next()
    await pump.stop()
    expect([totals(), subscriptionsOf(scene)]).toEqual([before, []])
  })
})

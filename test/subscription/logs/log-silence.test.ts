// A stream of logs on a chain too fast for heads: nobody but the logs themselves says that the chain goes on.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import { createLogCheck } from '../../../src/subscription/logs/log-check'
import type { LogReads } from '../../../src/subscription/logs/log-reads'
import { createLogSilence } from '../../../src/subscription/logs/log-silence'
import { createManualClock } from '../../support/manual-clock'
import { blockOf, logOf } from '../blocks'
import { createNodes, settle } from '../nodes'

/** A stream at p1 that was given a log in each of 20 blocks, half a second apart. */
async function setUp(filter: object = {}) {
  const nodes = createNodes(2)
  const one = nodes.subscribe(['logs', filter])
  await nodes.clock.settle()
  for (let block = 0; block < 20; block++) {
    await nodes.clock.advance(500)
    await nodes.mine(1, 1)
  }
  await nodes.clock.advance(100)
  return { ...nodes, one }
}

function logRange(from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) => [`${from + index}:0`, `${from + index}:1`]).flat()
}

/** When the newest block is asked for, in a stream whose logs come at these times (in ms), each of a block of its own. */
async function firstLookAfter(times: readonly number[], numberAt = (index: number) => index) {
  const clock = createManualClock()
  const askedAt: number[] = []
  const silence = createLogSilence({
    clock,
    delivery: { cursor: () => undefined },
    check: { run: async () => false },
    blockTime: () => undefined,
    async latest() {
      askedAt.push(clock.now())
      return undefined
    },
    order: { hasHeads: () => false, goByHeads() {} },
  })
  for (const [index, time] of times.entries()) {
    await clock.advanceTo(time)
    silence.hear(numberAt(index))
  }
  silence.start()
  while (askedAt.length === 0) await clock.advance(100)
  silence.stop()
  return (askedAt[0] as number) - (times.at(-1) as number)
}

describe('how long a source may be silent', () => {
  const every = (pause: number, count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => from + index * pause)

  test.each([
    ['3 s at least', every(100, 10), 3_000],
    ['three of its usual pauses', every(5_000, 4), 15_000],
    ['its longest pause fades with each block', [...every(5_000, 4), ...every(500, 10, 15_500)], 6_000],
  ])('default: %s', async (_, times, expected) => {
    expect(await firstLookAfter(times)).toBe(expected)
  })

  test('behavior: more logs of the same block are no sign of life', async () => {
    expect(await firstLookAfter([0, 2_000], () => 7)).toBe(3_000)
  })
})

describe('a silence of pushed logs', () => {
  test('behavior: a look that takes long: what it has seen is given 3 s to be pushed before the next one', async () => {
    const clock = createManualClock()
    const answeredAt: number[] = []
    const askedAt: number[] = []
    const silence = createLogSilence({
      clock,
      delivery: { cursor: () => undefined },
      check: { run: async () => false },
      blockTime: () => undefined,
      async latest() {
        askedAt.push(clock.now())
        await new Promise<void>((resolve) => void clock.after(4_000, resolve))
        answeredAt.push(clock.now())
        return undefined
      },
      order: { hasHeads: () => false, goByHeads() {} },
    })
    silence.start()
    await clock.advance(60_000)
    silence.stop()
    expect(askedAt.length).toBeGreaterThan(2)
    expect(askedAt.slice(1).map((at, index) => at - (answeredAt[index] ?? 0) >= 3_000)).not.toContain(false)
  })

  test('behavior: the chain goes on, the source pushes none of it: noticed after some of its usual pauses, and nothing is missed', async () => {
    const { clock, engine, mine, feed, one } = await setUp()
    expect([one.seen, feed(1).subscribed]).toEqual([logRange(101, 120), [['logs', {}]]])
    const from = clock.now()
    for (let block = 0; block < 60; block++) {
      await clock.advance(500)
      await mine(1, 2)
    }
    await clock.advance(100)
    // Every 3 s it is seen whether 3 s have passed; at the second look it asks for heads, and those find the source silent.
    expect(feed(1).subscribed[1]).toEqual(['newHeads'])
    expect((feed(1).subscribedAt[1] ?? Infinity) - from).toBeLessThanOrEqual(9_000)
    expect([one.seen, one.errors]).toEqual([logRange(101, 180), []])
    expect(engine.subscriptions.status()).toMatchObject([{ state: 'live', source: { provider: 'p2' } }])
  })

  test('behavior: the chain rests: it is looked less and less often, and all stays as it is', async () => {
    const { clock, channel, engine, one } = await setUp()
    const asked = () =>
      ['p1', 'p2'].reduce((sum, id) => sum + channel(id, 'http').count() + channel(id, 'ws').count(), 0)
    const before = asked()
    await clock.advance(60_000)
    const first = asked()
    await clock.advance(600_000)
    expect([one.seen, engine.subscriptions.status()]).toMatchObject([logRange(101, 120), [{ state: 'live' }]])
    expect([first - before, asked() - first]).toEqual([7, 10])
  })

  test('behavior: a block that was replaced below one that was pushed is taken back (it once stood for ever)', async () => {
    const { clock, tree, push, one } = await setUp()
    const [, above] = tree.reorg(1, 2)
    push(1, [above as Block])
    await clock.advance(70_000)
    expect([[...settle(one.seen)].sort(), one.errors]).toEqual([
      [...logRange(101, 119), '120/1:0', '120/1:1', '121/1:0', '121/1:1'],
      [],
    ])
  })

  test.each([
    [2, 2],
    [2, 4],
  ])(
    'behavior: %i blocks are replaced by %i, and nothing is pushed of that: they are taken back soon',
    async (depth, blocks) => {
      const { clock, tree, one } = await setUp()
      tree.reorg(depth, blocks)
      await clock.advance(9_000)
      const branch = Array.from({ length: blocks }, (_, index) => `${121 - depth + index}/1`)
      expect([[...settle(one.seen)].sort(), one.errors]).toEqual([
        [...logRange(101, 120 - depth), ...branch.flatMap((block) => [`${block}:0`, `${block}:1`])],
        [],
      ])
    },
  )

  test('behavior: the newest block, which had no logs, is replaced by one that has some, and nothing is pushed of that', async () => {
    const clock = createManualClock()
    const delivery = createDelivery({ onItem() {}, onGap() {} })
    delivery.begin(blockOf(100))
    delivery.give(blockOf(110), [], true)
    const log = logOf(110, 0, 1)
    const found = [{ number: 110, hash: log.blockHash, logs: [log] }]
    const reads: Partial<LogReads> = { untilDone: (run) => run(), ofRange: async () => found }
    const told: string[] = []
    const hasHeads = () => told.includes('by heads')
    const check = createLogCheck({
      clock,
      reads: reads as LogReads,
      delivery,
      hasHeads,
      isOver: () => true,
      isPushed: () => true,
      onLoss: (number) => told.push(`lost up to ${number}`),
    })
    const silence = createLogSilence({
      clock,
      delivery,
      check,
      blockTime: () => 500,
      latest: async () => blockOf(112, { branch: 1 }),
      order: { hasHeads, goByHeads: () => void told.push('by heads') },
    })
    silence.start()
    await clock.advance(60_000)
    expect(told).toEqual(['lost up to 112', 'by heads'])
  })
})

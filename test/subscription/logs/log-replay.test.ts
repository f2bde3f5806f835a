// What a stream of logs has delivered, given again to whoever begins later.

import { describe, expect, test } from 'vitest'
import type { LoggedBlock } from '../../../src/rpc/log'
import type { Block } from '../../../src/subscription/block'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import { replayOf } from '../../../src/subscription/logs/log-replay'
import { blockOf, hashOf, logOf, nameOf } from '../blocks'

const noHeads = { tip: () => undefined, has: () => false, lowest: () => Infinity }

function setUp() {
  const delivery = createDelivery({ onItem() {}, onGap() {} })
  delivery.begin(blockOf(99))
  const ask = () => Promise.reject(new Error('Nobody is to be asked.'))
  return { delivery, replay: replayOf(delivery, { ofRange: ask } as never, { byNumber: ask } as never, noHeads) }
}

test('default: what is remembered, and up to where', async () => {
  const { delivery, replay } = setUp()
  for (const number of [100, 101, 102]) delivery.give(blockOf(number), [logOf(number, 0)], true)
  const { items, upTo } = await replay(101)
  expect(items.map((item) => [item.type, 'number' in item && item.number])).toEqual([
    ['logs', 101],
    ['logs', 102],
    ['passed', 102],
  ])
  expect(upTo).toBe(102)
  expect(await replay(103)).toEqual({ items: [], upTo: 102 })
})

test('behavior: the cursor went back below what stands: that is given as well, once', async () => {
  const { delivery, replay } = setUp()
  for (const number of [100, 101]) delivery.give(blockOf(number), [logOf(number, 0)], true)
  delivery.takeBack({ number: 101, hash: hashOf(101, 1) })
  expect(delivery.cursor()?.number).toBe(100)
  for (const from of [100, 101]) {
    const { items, upTo } = await replay(from)
    expect(items.filter(({ type }) => type === 'logs')).toHaveLength(102 - from)
    expect(upTo).toBe(101)
  }
})

test('behavior: above a cursor that went back, where a gap was told: nothing, as its turn comes again', async () => {
  const { delivery, replay } = setUp()
  for (const number of [100, 101]) delivery.give(blockOf(number), [logOf(number, 0)], true)
  delivery.takeBack({ number: 101, hash: hashOf(101, 1) })
  delivery.onGap(101, 101, 'nobody had it')
  expect(await replay(101)).toEqual({ items: [], upTo: 101 })
})

describe('what is not remembered is read', () => {
  function setUpReads() {
    const delivery = createDelivery({ onItem() {}, onGap() {} })
    const asked: string[] = []
    const branches = new Map<number, number>()
    let tip: Block | undefined
    let lowest = Infinity
    let meanwhile = () => {}
    const logged: number[] = []
    const reads = {
      async ofRange(from: number, to: number, provider: string, purpose: string, hash?: string) {
        asked.push(`${purpose} ${from}-${hash ? nameOf({ number: to, hash }) : to} at ${provider}`)
        meanwhile()
        const found = logged.filter((number) => number >= from && number <= to)
        return found.map((number): LoggedBlock => ({ number, hash: hashOf(number), logs: [logOf(number, 0)] }))
      },
    }
    const absent = new Set<number>()
    const failing = new Map<number, unknown>()
    let count = 0
    async function byNumber(number: number) {
      count++
      if (failing.has(number)) throw failing.get(number)
      if (absent.has(number)) throw new Error('There is no such block.')
      return blockOf(number, { branch: branches.get(number) ?? 0 })
    }
    const replay = replayOf(
      delivery,
      reads as never,
      { byNumber },
      { tip: () => tip, has: (hash) => hash === tip?.hash, lowest: () => lowest },
    )
    return {
      delivery,
      asked,
      absent,
      failing,
      count: () => count,
      branches,
      logged,
      replay,
      headIs(block: Block, from = block.number) {
        tip = block
        lowest = from
      },
      meanwhile(run: () => void) {
        meanwhile = run
      },
    }
  }

  test('behavior: the hash of the last block is not known: of the branch that its provider is on', async () => {
    const { delivery, asked, branches, replay } = setUpReads()
    branches.set(99, 1)
    delivery.begin({ number: 99, hash: '', provider: 'p1' })
    await replay(90)
    expect(asked).toEqual(['backfill 90-99/1 at p1'])
  })

  test('behavior: nor that of a branch which heads have left, whose provider is asked for it both times', async () => {
    const { delivery, branches, headIs, replay } = setUpReads()
    branches.set(99, 1)
    delivery.begin({ number: 99, hash: '', provider: 'p1' })
    headIs(blockOf(105), 95)
    await expect(replay(90)).rejects.toThrow('A reorg')
    headIs(blockOf(105), 100)
    expect(await replay(90)).toMatchObject({ upTo: 99 })
  })

  test('behavior: numbers may be skipped: how far it is, is told by the block below', async () => {
    const { delivery, absent, replay } = setUpReads()
    delivery.begin(blockOf(5_000))
    for (const number of [199, 299, 298, 1_099]) absent.add(number)
    const { items, upTo } = await replay(100)
    const told = items.map((item) => 'number' in item && item.number)
    expect([told.slice(0, 3), told.at(-1), upTo]).toEqual([[198, 297, 399], 1_098, 1_099])
    for (let number = 2_092; number < 2_100; number++) absent.add(number)
    expect((await replay(1_100)).items.at(-1)).toMatchObject({ number: 2_091 })
    absent.add(2_091)
    await expect(replay(1_100)).rejects.toThrow('There is no such block.')
  })

  test('default: in the order of their numbers, and how far it is every 100 blocks, where no logs tell it', async () => {
    const { delivery, logged, replay } = setUpReads()
    delivery.begin(blockOf(5_000))
    logged.push(150, 250, 601)
    const { items } = await replay(100)
    const told = items.map((item) => `${item.type} ${'number' in item && item.number}`)
    const passed = [350, 450, 550, 701, 801, 901, 1_001, 1_099].map((number) => `passed ${number}`)
    expect(told).toEqual(['logs 150', 'logs 250', ...passed.slice(0, 3), 'logs 601', ...passed.slice(3)])
    expect(items.filter(({ type }) => type === 'passed').map((item) => item.type === 'passed' && item.results)).toEqual(
      passed.map(() => []),
    )
  })

  test('behavior: a part is as large as what a reorg may replace with what lies below it, no larger', async () => {
    const { delivery, replay } = setUpReads()
    delivery.begin(blockOf(2_099))
    expect((await replay(100)).upTo).toBe(2_099)
    delivery.begin(blockOf(2_100))
    expect((await replay(100)).upTo).toBe(1_099)
  })

  test('behavior: something was taken back while an earlier part was read: it is read again', async () => {
    const { delivery, replay, meanwhile } = setUpReads()
    delivery.begin(blockOf(5_000))
    meanwhile(() => delivery.takeBack(blockOf(5_000)))
    await expect(replay(100)).rejects.toThrow('A reorg has come in between.')
  })

  test.each([
    ['timeout', 1],
    ['block-not-available', 2],
  ])(
    'behavior: a block is not given (%s): those below are asked for only if it does not exist',
    async (kind, count) => {
      const { delivery, failing, replay, ...reads } = setUpReads()
      delivery.begin({ number: 99, hash: '', provider: 'p1' })
      failing.set(99, Object.assign(new Error('It was not given.'), { attempts: [{ kind }] }))
      await replay(90).catch(() => {})
      expect(reads.count()).toBe(count)
    },
  )

  test('behavior: it was replaced, and nobody told, as nothing of it had been given: it is read again', async () => {
    const { delivery, branches, replay, headIs, meanwhile } = setUpReads()
    delivery.begin(blockOf(99))
    headIs(blockOf(101))
    expect((await replay(95)).upTo).toBe(99)
    meanwhile(() => branches.set(99, 1))
    await expect(replay(90)).rejects.toThrow('A reorg has come in between.')
  })

  test('behavior: the chain goes on while it is read, with logs in each block: the end is reached all the same', async () => {
    const { delivery, replay, meanwhile } = setUpReads()
    delivery.begin(blockOf(5_000))
    let next = 5_001
    meanwhile(() => {
      for (let more = 0; more < 30; more++) delivery.give(blockOf(next), [logOf(next++, 0)], true)
    })
    const ends: number[] = []
    for (let from = 100; from <= delivery.height() && ends.length < 20; ) {
      const { upTo } = await replay(from)
      ends.push(upTo)
      from = upTo + 1
    }
    expect(ends).toEqual([1_099, 2_099, 3_099, 5_090, 5_120])
  })
})

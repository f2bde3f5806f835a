// What a stream of logs has delivered, given again to whoever begins later.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import { replayOf } from '../../../src/subscription/logs/log-replay'
import { blockOf, hashOf, logOf, nameOf } from '../blocks'

const noHeads = { tip: () => undefined, has: () => false }

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

describe('what is not remembered is read', () => {
  function setUpReads() {
    const delivery = createDelivery({ onItem() {}, onGap() {} })
    const asked: string[] = []
    const branches = new Map<number, number>()
    let tip: Block | undefined
    let meanwhile = () => {}
    const reads = {
      async ofRange(from: number, to: number, provider: string, _purpose: string, hash?: string) {
        asked.push(`${from}-${hash ? nameOf({ number: to, hash }) : to} at ${provider}`)
        meanwhile()
        return []
      },
    }
    const absent = new Set<number>()
    async function byNumber(number: number) {
      if (absent.has(number)) throw new Error('There is no such block.')
      return blockOf(number, { branch: branches.get(number) ?? 0 })
    }
    const replay = replayOf(
      delivery,
      reads as never,
      { byNumber },
      { tip: () => tip, has: (hash) => hash === tip?.hash },
    )
    return {
      delivery,
      asked,
      absent,
      branches,
      replay,
      headIs(block: Block) {
        tip = block
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
    expect(asked).toEqual(['90-99/1 at p1'])
  })

  test('behavior: numbers may be skipped: how far it is, is told by the block below', async () => {
    const { delivery, absent, replay } = setUpReads()
    delivery.begin(blockOf(5_000))
    for (const number of [199, 299, 298, 1_099]) absent.add(number)
    const { items, upTo } = await replay(100)
    const told = items.map((item) => 'number' in item && item.number)
    expect([told.slice(0, 3), told.at(-1), upTo]).toEqual([[198, 297, 399], 1_098, 1_099])
    for (let number = 1_150; number < 1_200; number++) absent.add(number)
    await expect(replay(1_100)).rejects.toThrow('There is no such block.')
  })

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

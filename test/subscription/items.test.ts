// Items of a stream in their public form; logs that are held until they are confirmed.

import { describe, expect, test } from 'vitest'
import { createLogItems, readHead } from '../../src/subscription/items'
import type { Item } from '../../src/subscription/stream'
import { blockOf, hashOf, logOf } from './blocks'

type Flags = { isRemoved?: boolean; isLate?: boolean; branch?: number }

const logs = (number: number, { isRemoved = false, isLate = false, branch = 0 }: Flags = {}): Item => ({
  type: 'logs',
  number,
  hash: hashOf(number, branch),
  results: [logOf(number, 0, branch)],
  isRemoved,
  isLate,
  turn: number,
})
const passed = (number: number): Item => ({ type: 'passed', number, hash: hashOf(number), results: [] })
const told = (number: number, more = {}) => ({
  number: BigInt(number),
  hash: hashOf(number),
  logs: [logOf(number, 0)],
  removed: false,
  ...more,
})

describe('readHead', () => {
  test('default: a head, and nothing of anything else', () => {
    const block = blockOf(100)
    expect(readHead({ type: 'head', number: 100, block, results: [block.raw] })).toEqual([
      { number: 100n, hash: hashOf(100), parentHash: hashOf(99), raw: block.raw },
    ])
    expect(readHead(passed(100))).toEqual([])
  })
})

describe('without confirmations', () => {
  test('default: one item per block with logs', () => {
    const items = createLogItems(0)
    expect([logs(100), passed(100), passed(101), logs(102)].flatMap(items.read)).toEqual([told(100), told(102)])
  })

  test('behavior: at least every 100 blocks it is told how far the stream is', () => {
    const items = createLogItems(0)
    const numbers = Array.from({ length: 350 }, (_, index) => 100 + index)
    const all = numbers.flatMap((number) => items.read(passed(number)))
    expect(all.map(({ number, logs }) => [number, logs.length])).toEqual([
      [200n, 0],
      [300n, 0],
      [400n, 0],
    ])
    expect(all[0]).toEqual({ number: 200n, hash: hashOf(200), logs: [], removed: false })
  })

  test('behavior: logs count as telling', () => {
    const items = createLogItems(0)
    items.read(passed(100))
    items.read(logs(150))
    expect(items.read(passed(249))).toEqual([])
    expect(items.read(passed(250))).toHaveLength(1)
  })

  test('behavior: logs that are taken back', () => {
    const items = createLogItems(0)
    expect(items.read(logs(100, { isRemoved: true }))).toEqual([told(100, { removed: true })])
  })

  test('behavior: a gap is told with the next item, once', () => {
    const items = createLogItems(0)
    items.noteGap(90n, 99n)
    expect([logs(100), logs(101)].flatMap(items.read)).toEqual([told(100, { gap: { from: 90n, to: 99n } }), told(101)])
  })

  test('behavior: what is found late says so, and leaves a gap for the next one', () => {
    const items = createLogItems(0)
    items.noteGap(90n, 99n)
    expect([logs(95, { isLate: true }), logs(100)].flatMap(items.read)).toEqual([
      told(95, { gap: { from: 95n, to: 95n, late: true } }),
      told(100, { gap: { from: 90n, to: 99n } }),
    ])
    expect(items.read(logs(95, { isLate: true, isRemoved: true }))).toEqual([
      told(95, { removed: true, gap: { from: 95n, to: 95n, late: true } }),
    ])
  })
})

describe('gaps', () => {
  test('behavior: two that touch are told as one', () => {
    const items = createLogItems(0)
    items.noteGap(1n, 5n)
    items.noteGap(6n, 9n)
    expect(items.read(logs(10))).toEqual([told(10, { gap: { from: 1n, to: 9n } })])
  })

  test('behavior: told with the next block that passes, though it has no logs', () => {
    const items = createLogItems(0)
    items.noteGap(1n, 5n)
    expect(items.read(passed(6))).toEqual([told(6, { logs: [], gap: { from: 1n, to: 5n } })])
    items.noteGap(10n, 14n)
    expect(items.read(logs(15))).toEqual([told(15, { gap: { from: 10n, to: 14n } })])
  })

  test('behavior: with confirmations it stands after what was held before it, and survives a reorg', () => {
    const items = createLogItems(2)
    items.read(logs(100))
    items.noteGap(101n, 109n)
    expect([logs(110), passed(110)].flatMap(items.read)).toEqual([told(100)])
    items.read(logs(110, { isRemoved: true }))
    const all = [logs(110, { branch: 1 }), passed(112)].flatMap(items.read)
    expect(all).toMatchObject([{ number: 110n, hash: hashOf(110, 1), gap: { from: 101n, to: 109n } }])
  })

  test('behavior: logs that are taken back tell none', () => {
    const items = createLogItems(0)
    items.read(logs(100))
    items.noteGap(101n, 109n)
    expect([logs(100, { isRemoved: true }), logs(110)].flatMap(items.read)).toEqual([
      told(100, { removed: true }),
      told(110, { gap: { from: 101n, to: 109n } }),
    ])
  })

  test("behavior: below the first block they are nobody's", () => {
    const items = createLogItems(0, 101)
    items.noteGap(90n, 100n)
    expect(items.read(logs(101))).toEqual([told(101)])
    items.noteGap(90n, 101n)
    expect(items.read(logs(102))).toEqual([told(102, { gap: { from: 90n, to: 101n } })])
  })
})

describe('from a block on', () => {
  test('behavior: what is below is not told, whether it comes, passes or is taken back', () => {
    const items = createLogItems(0, 101)
    expect([logs(100), passed(100), logs(100, { isRemoved: true }), logs(101)].flatMap(items.read)).toEqual([told(101)])
  })

  test('behavior: it is told how far the stream is from there on', () => {
    const items = createLogItems(0, 101)
    const numbers = Array.from({ length: 100 }, (_, index) => 101 + index)
    expect(numbers.flatMap((number) => items.read(passed(number)))).toEqual([told(200, { logs: [] })])
  })
})

describe('a gap', () => {
  test('behavior: several before the next item: all of them lie in what is told', () => {
    const items = createLogItems(0)
    items.noteGap(97n, 97n)
    items.noteGap(90n, 95n)
    items.noteGap(99n, 99n)
    expect([logs(100), logs(101)].flatMap(items.read)).toEqual([told(100, { gap: { from: 90n, to: 99n } }), told(101)])
  })
})

describe('with confirmations', () => {
  test('default: held until enough blocks stand on top', () => {
    const items = createLogItems(2)
    expect([logs(100), passed(100), passed(101)].flatMap(items.read)).toEqual([])
    expect(items.read(passed(102))).toEqual([told(100)])
    expect(items.read(passed(103))).toEqual([])
  })

  test('behavior: at least every 100 blocks it is told how far the stream is, once that is confirmed', () => {
    for (const confirmations of [3, 150]) {
      const items = createLogItems(confirmations)
      const numbers = Array.from({ length: 500 }, (_, index) => 1 + index)
      const all = numbers.flatMap((number) =>
        items.read(passed(number)).map((item) => [number, item.number, item.hash]),
      )
      const marks = [101, 201, 301, 401].filter((number) => number + confirmations <= 500)
      expect(all).toEqual(marks.map((number) => [number + confirmations, BigInt(number), hashOf(number)]))
    }
  })

  test('behavior: a reorg before that is confirmed: it is told by a block of the new branch', () => {
    const items = createLogItems(3)
    for (const number of [1, 101]) items.read(passed(number))
    expect(items.read({ ...logs(100, { isRemoved: true }), results: [] } as Item)).toEqual([])
    const numbers = [100, 101, 102, 103, 104]
    const all = numbers.flatMap((number) => items.read({ ...passed(number), hash: hashOf(number, 1) } as Item))
    expect(all.map(({ hash }) => hash)).toEqual([hashOf(100, 1)])
  })

  test('behavior: a block without logs that is replaced before it is confirmed tells nothing, though its height passes unseen', () => {
    const items = createLogItems(2, 0)
    // Which of the blocks from 99 on were replaced is not known.
    const replaced: Item = { ...logs(99, { isRemoved: true }), hash: '', results: [] } as Item
    const given = [passed(100), replaced, passed(102), passed(104)].flatMap(items.read)
    expect(given).toEqual([told(102, { logs: [] })])
  })

  test('behavior: a reorg that is told with a block below the first one: what is held of the old branch is not told', () => {
    const items = createLogItems(3, 2)
    items.read(passed(101))
    const replaced: Item = { ...logs(1, { isRemoved: true }), hash: '' } as Item
    const numbers = [1, 2, 101, 104]
    const all = numbers.map((number) => ({ ...passed(number), hash: hashOf(number, 1) }) as Item)
    expect([replaced, ...all].flatMap(items.read).map(({ hash }) => hash)).toEqual([hashOf(101, 1)])
  })

  test('behavior: what is taken back while it is held was never there', () => {
    const items = createLogItems(2)
    items.read(logs(100))
    items.read(logs(101))
    expect(items.read(logs(101, { isRemoved: true }))).toEqual([])
    expect(items.read(passed(105))).toEqual([told(100)])
  })

  test('behavior: what is taken back after it was told is told', () => {
    const items = createLogItems(1)
    items.read(logs(100))
    items.read(passed(101))
    expect(items.read(logs(100, { isRemoved: true }))).toEqual([told(100, { removed: true })])
  })

  test('behavior: what is found late is told at once if it is confirmed already', () => {
    const items = createLogItems(2)
    expect(items.read(logs(99, { isLate: true }))).toEqual([])
    expect(items.read(passed(102))).toEqual([told(99, { gap: { from: 99n, to: 99n, late: true } })])
    expect(items.read(logs(100, { isLate: true }))).toEqual([told(100, { gap: { from: 100n, to: 100n, late: true } })])
    expect(items.read(logs(101, { isLate: true }))).toEqual([])
  })

  test('behavior: nothing is confirmed by blocks that were taken back', () => {
    const items = createLogItems(2)
    items.read(logs(100))
    items.read(passed(102))
    items.read(logs(100, { isRemoved: true }))
    expect(items.read(logs(100, { isLate: true, branch: 1 }))).toEqual([])
  })

  test('behavior: a block of which a late log is still held when it is taken back: what was told of it is taken back', () => {
    const items = createLogItems(1)
    items.read(logs(100))
    items.read(passed(101))
    // The newest block was replaced: it is confirmed no more.
    items.read(passed(100))
    const late = { ...logs(100, { isLate: true }), results: [logOf(100, 1)] } as Item
    const removed = { ...logs(100, { isRemoved: true }), results: [logOf(100, 1), logOf(100, 0)] } as Item
    expect([items.read(late), items.read(removed), items.read(passed(102))]).toEqual([
      [],
      [told(100, { removed: true })],
      [],
    ])
  })

  test('behavior: of logs that are counted anew in each transaction only the late one was never told', () => {
    const items = createLogItems(1)
    items.read(logs(100))
    items.read(passed(101))
    items.read(passed(100))
    const log = { ...logOf(100, 0), transactionIndex: '0x1' as const }
    items.read({ ...logs(100, { isLate: true }), results: [log] } as Item)
    const removed = { ...logs(100, { isRemoved: true }), results: [log, logOf(100, 0)] } as Item
    expect(items.read(removed)).toEqual([told(100, { removed: true })])
  })

  test('behavior: the new branch is held apart from the old one', () => {
    const items = createLogItems(1)
    items.read(logs(100))
    items.read(logs(100, { isRemoved: true }))
    items.read(logs(100, { branch: 1 }))
    expect(items.read(passed(101)).map(({ hash }) => hash)).toEqual([hashOf(100, 1)])
  })
})

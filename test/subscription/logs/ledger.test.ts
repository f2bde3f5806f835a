// What was delivered, as far back as it is remembered.

import { describe, expect, test } from 'vitest'
import { indexOf } from '../../../src/rpc/log'
import { createLedger } from '../../../src/subscription/logs/ledger'
import { hashOf, logOf } from '../blocks'

const at = (number: number, branch = 0, turn = 0) => ({ number, hash: hashOf(number, branch), turn })
const indexes = (logs: readonly ReturnType<typeof logOf>[]) => logs.map(indexOf)

describe('ledger', () => {
  test('default: says which logs are new, in order', () => {
    const ledger = createLedger()
    expect(indexes(ledger.add(at(100), [logOf(100, 3), logOf(100, 1)]))).toEqual([1, 3])
    expect(indexes(ledger.add(at(100), [logOf(100, 3), logOf(100, 2)]))).toEqual([2])
    expect(ledger.get(hashOf(100))).toEqual({ ...at(100), logs: [logOf(100, 1), logOf(100, 2), logOf(100, 3)] })
    expect(ledger.highest()).toBe(100)
  })

  test('behavior: a log whose transaction has another index, as another node tells it, is not new', () => {
    const ledger = createLedger()
    ledger.add(at(100), [logOf(100, 0), logOf(100, 1)])
    const read = [0, 1, 2].map((index) => ({ ...logOf(100, index), transactionIndex: '0x3' as const }))
    expect(ledger.add(at(100), read)).toEqual([read[2]])
    expect(ledger.add(at(100), [logOf(100, 2)])).toEqual([])
  })

  test('behavior: a block without logs is not noted', () => {
    const ledger = createLedger()
    expect(ledger.add(at(100), [])).toEqual([])
    expect([ledger.get(hashOf(100)), ledger.all(), ledger.highest()]).toEqual([undefined, [], -1])
  })

  test('behavior: branches are apart; one that is removed is as if it had never been', () => {
    const ledger = createLedger()
    ledger.add(at(100), [logOf(100, 0)])
    ledger.add(at(100, 1), [logOf(100, 0, 1)])
    expect(ledger.remove(hashOf(100))?.logs).toEqual([logOf(100, 0)])
    expect(ledger.remove(hashOf(100))).toBeUndefined()
    expect(ledger.all().map(({ hash }) => hash)).toEqual([hashOf(100, 1)])
    expect(indexes(ledger.add(at(100), [logOf(100, 0)]))).toEqual([0])
  })

  test('behavior: which block is the highest, whatever is removed', () => {
    const ledger = createLedger()
    for (const number of [100, 102, 101]) ledger.add(at(number), [logOf(number, 0)])
    const highestWithout = (number: number) => {
      ledger.remove(hashOf(number))
      return ledger.highest()
    }
    expect([101, 102, 100].map(highestWithout)).toEqual([102, 100, -1])
  })

  test('behavior: remembers the last 1 000 blocks, and which ones it has forgotten', () => {
    const ledger = createLedger()
    expect(ledger.forgotten()).toBe(-1)
    for (let number = 1; number <= 2_000; number++) ledger.add(at(number), [logOf(number, 0)])
    expect(ledger.all().map(({ number }) => number)).toEqual(Array.from({ length: 1_000 }, (_, index) => 1_001 + index))
    expect(ledger.forgotten()).toBe(1_000)
  })

  test('behavior: of a chain that has become shorter it knows what is given from there on', () => {
    const ledger = createLedger()
    for (let number = 1; number <= 2_000; number++) ledger.add(at(number), [logOf(number, 0)])
    for (const { hash } of ledger.all()) ledger.remove(hash)
    ledger.add(at(500, 1), [])
    expect(ledger.forgotten()).toBe(499)
  })

  test('behavior: remembers 20 000 logs; one block with more is remembered all the same', () => {
    const ledger = createLedger()
    const many = (number: number, count: number) => Array.from({ length: count }, (_, index) => logOf(number, index))
    ledger.add(at(1), many(1, 9_000))
    ledger.add(at(2), many(2, 11_000))
    expect(ledger.all().map(({ number }) => number)).toEqual([1, 2])
    ledger.add(at(3), many(3, 9_000))
    expect(ledger.all().map(({ number }) => number)).toEqual([2, 3])
    ledger.add(at(4), many(4, 25_000))
    expect(ledger.all().map(({ number, logs }) => [number, logs.length])).toEqual([[4, 25_000]])
  })

  test('behavior: what lies before all others goes first, and counts', () => {
    const ledger = createLedger()
    const many = (number: number) => Array.from({ length: 9_000 }, (_, index) => logOf(number, index))
    ledger.add(at(100), many(100))
    ledger.addBefore(
      [98, 99].map((number) => ({ ...at(number, 0, -1), logs: number === 98 ? many(98) : [logOf(99, 0)] })),
    )
    expect(ledger.all().map(({ number, turn }) => [number, turn])).toEqual([
      [98, -1],
      [99, -1],
      [100, 0],
    ])
    ledger.add(at(101), many(101))
    expect(ledger.all().map(({ number }) => number)).toEqual([99, 100, 101])
  })

  test('behavior: a removed block makes room', () => {
    const ledger = createLedger()
    const many = (number: number) => Array.from({ length: 9_000 }, (_, index) => logOf(number, index))
    ledger.add(at(1), many(1))
    ledger.add(at(2), many(2))
    ledger.remove(hashOf(2))
    ledger.add(at(3), many(3))
    expect(ledger.all().map(({ number }) => number)).toEqual([1, 3])
  })

  test('behavior: a large block that comes log by log is not gone through for each of them', () => {
    const ledger = createLedger()
    let reads = 0
    for (let index = 0; index < 1_000; index++) {
      const log = logOf(100, index)
      const { logIndex } = log
      Object.defineProperty(log, 'logIndex', { get: () => ++reads && logIndex })
      ledger.add(at(100), [log])
    }
    expect(reads).toBeLessThan(10_000)
    expect(ledger.get(hashOf(100))?.logs).toHaveLength(1_000)
  })
})

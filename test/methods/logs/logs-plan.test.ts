// How an `eth_getLogs` is cut into pieces, on its own.

import { describe, expect, test } from 'vitest'
import type { Piece } from '../../../src/methods/logs/logs-plan'
import { cutOffTail, cutTo, fits, halve, isOneTail, join, shapeOf, takersOf } from '../../../src/methods/logs/logs-plan'

const ANY = { maxBlockRange: Infinity, maxAddresses: Infinity, maxResults: Infinity, fromBlock: 0 }

function piece(from: number, to: number, more: Partial<Piece> = {}): Piece {
  return { from, to, addresses: [], isTail: false, requests: 1, avoid: [], ...more }
}

const rangesOf = (cut: { parts: readonly Piece[] } | undefined) => cut?.parts.map(({ from, to }) => `${from}-${to}`)

describe('shapeOf', () => {
  const shape = (limits: object[], from = 1, to = 900, addresses: unknown[] = []) => {
    const { blocks, requests } = shapeOf(
      piece(from, to, { addresses }),
      limits.map((one) => ({ ...ANY, ...one })),
      { concurrency: 4, maxRequests: 500, timeout: 0 },
    )
    return [blocks, requests]
  }

  test('default: the fewest turns, then the fewest requests', () => {
    expect(shape([{ maxBlockRange: 100 }, { maxBlockRange: 250 }, { maxBlockRange: 500 }])).toEqual([500, 2])
    expect(shape([{ maxBlockRange: 10 }, { maxBlockRange: 100 }])).toEqual([100, 9])
    expect(shape([{ maxBlockRange: 20 }, { maxBlockRange: 20 }, { maxBlockRange: 30 }], 1, 1_200)).toEqual([20, 60])
    expect(shape([{ maxBlockRange: 100 }, {}])).toEqual([900, 1])
  })

  test('behavior: what would take more requests than allowed is the last resort', () => {
    expect(shape([{ maxBlockRange: 1 }, { maxBlockRange: 1 }, { maxBlockRange: 2 }])).toEqual([2, 450])
    expect(shape([{ maxBlockRange: 1 }])).toEqual([1, 900])
  })

  test('behavior: addresses count, and so do the blocks that a provider has', () => {
    expect(shape([{ maxBlockRange: 450, maxAddresses: 2 }], 1, 900, [1, 2, 3, 4, 5])).toEqual([450, 6])
    expect(shape([{ fromBlock: 500 }, { maxBlockRange: 300 }])).toEqual([300, 3])
    expect(shape([{ fromBlock: 500 }])).toEqual([900, 1])
  })
})

describe('fits and takersOf', () => {
  test('default', () => {
    const limits = { ...ANY, maxBlockRange: 10, fromBlock: 5, maxAddresses: 1 }
    expect([fits(piece(5, 14), limits), fits(piece(5, 15), limits), fits(piece(4, 5), limits)]).toEqual([
      true,
      false,
      false,
    ])
    expect(fits(piece(5, 6, { addresses: [1, 2] }), limits)).toBe(false)
    expect(fits(piece(0, 1e9), ANY)).toBe(true)
  })

  test('behavior: if nobody has the oldest blocks, that is no reason', () => {
    const [young, small] = [
      { ...ANY, fromBlock: 500 },
      { ...ANY, maxBlockRange: 10 },
    ]
    const of = (limits: (typeof ANY)[], from: number, to: number) => takersOf(piece(from, to), limits, (one) => one)
    expect([of([young, small], 1, 900), of([young, small], 1, 5), of([young], 1, 900)]).toEqual([[], [small], [young]])
  })
})

describe('cutting', () => {
  test('default: from the newest end', () => {
    const cut = cutTo(piece(1, 25), { blocks: 10, addresses: 0 })
    expect([rangesOf(cut), cut.by]).toEqual([['1-5', '6-15', '16-25'], 'blocks'])
  })

  test('behavior: the newest 64 of a tail stay together, and count for what they are', () => {
    const cut = cutTo(piece(1, 200, { isTail: true }), { blocks: 10, addresses: 0 })
    expect(cut.parts.at(-1)).toMatchObject({ from: 131, to: 200, isTail: true, requests: 7 })
    expect(cut.parts.reduce((sum, { requests }) => sum + requests, 0)).toBe(20)
    expect(cut.parts.filter(({ isTail }) => isTail).length).toBe(1)
    expect(cut.parts.map(isOneTail).at(-1)).toBe(true)
    expect(rangesOf(cutOffTail(piece(1, 200, { isTail: true })))).toEqual(['1-136', '137-200'])
  })

  test('behavior: in two, or the range that was offered and the rest in two', () => {
    expect(rangesOf(halve(piece(1, 10), false, undefined))).toEqual(['1-5', '6-10'])
    expect(rangesOf(halve(piece(1, 2), false, undefined))).toEqual(['1-1', '2-2'])
    expect(rangesOf(halve(piece(1, 10), false, 2))).toEqual(['1-2', '3-6', '7-10'])
    expect(rangesOf(halve(piece(1, 10), false, 9))).toEqual(['1-9', '10-10'])
    for (const end of [0, 10, 11]) expect(rangesOf(halve(piece(1, 10), false, end))).toEqual(['1-5', '6-10'])
    expect(halve(piece(1, 1), false, undefined)).toBeUndefined()
  })

  test('behavior: a tail is cut so that its newest 64 stay together', () => {
    const cut = halve(piece(1, 150, { isTail: true }), false, 140)
    expect([rangesOf(cut), cut?.parts.map(({ isTail }) => isTail)]).toEqual([
      ['1-86', '87-150'],
      [false, true],
    ])
  })

  test('behavior: addresses, where it is they that are too many or nothing else is left', () => {
    const many = { addresses: [1, 2, 3] }
    const addressesOf = (cut: ReturnType<typeof halve>) => cut?.parts.map(({ addresses }) => addresses)
    expect(addressesOf(halve(piece(1, 10, many), true, undefined))).toEqual([[1, 2], [3]])
    expect(addressesOf(halve(piece(1, 1, many), false, undefined))).toEqual([[1, 2], [3]])
    expect(rangesOf(halve(piece(1, 10, { addresses: [1] }), true, undefined))).toEqual(['1-5', '6-10'])
  })
})

describe('join', () => {
  test('default: of blocks one after the other, of addresses by block and place', () => {
    const log = (blockNumber: string, logIndex: string) => ({ blockNumber, logIndex })
    const [a, b] = [
      [log('0x1', '0x2'), log('0x10', '0x0')],
      [log('0x1', '0xa'), log('0x2', '0x0')],
    ]
    expect(join('blocks', [a, b])).toEqual([...a, ...b])
    expect(join('addresses', [a, b])).toEqual([a[0], b[0], b[1], a[1]])
  })

  test('behavior: where a node counts the logs of each transaction anew, the transaction goes first', () => {
    const log = (transactionIndex: string, logIndex: string) => ({ blockNumber: '0x1', transactionIndex, logIndex })
    const [a, b] = [[log('0x1', '0x0')], [log('0x0', '0x0'), log('0x0', '0x1')]]
    expect(join('addresses', [a, b])).toEqual([...b, ...a])
  })
})

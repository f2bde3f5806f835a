// Logs as nodes send them: whole or not, in order, by block.

import { describe, expect, test } from 'vitest'
import type { Log } from '../../src/rpc/log'
import { byBlock, indexOf, inOrder, logTestOf, toLog, toLogs } from '../../src/rpc/log'
import { hashOf, logOf } from '../subscription/blocks'

describe('toLog', () => {
  test('default: a log as it is', () => {
    const log = logOf(100, 0)
    expect(toLog(log)).toBe(log)
  })

  test.each([undefined, null, 'log', {}, { ...logOf(100, 0), logIndex: null }, { ...logOf(100, 0), blockHash: null }])(
    'error: %j is no log of a block',
    (value) => {
      expect(toLog(value)).toBeUndefined()
    },
  )
})

describe('logTestOf', () => {
  const [a, b, t, u] = ['0xaA', '0xbb', '0x11', '0x22'] as const
  const log = { ...logOf(100, 0), address: '0xAa', topics: [t, u] } as Log

  test.each([
    [{}, true],
    [{ address: [] }, true],
    [{ address: a }, true],
    [{ address: b }, false],
    [{ address: [b, a] }, true],
    [{ topics: [t] }, true],
    [{ topics: [u] }, false],
    [{ topics: [null, [t, u]] }, true],
    [{ topics: [[], t] }, false],
    [{ address: a, topics: [t, u, t] }, false],
  ])('default: %j: %s', (filter, expected) => {
    expect(logTestOf(filter)(log)).toBe(expected)
  })

  test.each([{ topics: null }, { topics: [null] }, { address: null }, { topics: 'none' }])(
    'error: one with %j is not asked for',
    (part) => {
      expect(logTestOf({})({ ...log, ...part } as unknown as Log)).toBe(false)
    },
  )
})

describe('toLogs', () => {
  test('default: the list as it is', () => {
    const logs = [logOf(100, 0), logOf(100, 1)]
    expect(toLogs(logs)).toBe(logs)
    expect(toLogs([])).toEqual([])
  })

  test.each([undefined, null, {}, 'logs', [null], [logOf(100, 0), {}]])('error: %j is no list of logs', (value) => {
    expect(toLogs(value)).toBeUndefined()
  })
})

describe('inOrder', () => {
  test('default: by their place in the block, each once', () => {
    const logs = inOrder([logOf(1, 10), logOf(1, 2), logOf(1, 10), logOf(1, 0)])
    expect(logs.map(indexOf)).toEqual([0, 2, 10])
  })

  test('behavior: where a node counts the logs of each transaction anew, those of all are there', () => {
    const place = ({ transactionIndex, logIndex }: Log) => `${Number(transactionIndex)}:${Number(logIndex)}`
    const logs = [2, 0, 1].flatMap((transaction) =>
      [1, 0].map((index) => ({
        ...logOf(1, index),
        transactionIndex: `0x${transaction}` as const,
        transactionHash: hashOf(transaction),
      })),
    )
    expect(inOrder([...logs, ...logs]).map(place)).toEqual(['0:0', '0:1', '1:0', '1:1', '2:0', '2:1'])
  })

  test.each(['0x3', undefined])(
    'behavior: a log is one, also where its transaction has another index (%s)',
    (other) => {
      const logs = [logOf(1, 0), { ...logOf(1, 0), transactionIndex: other as '0x3' }, logOf(1, 1)]
      expect(
        inOrder(logs)
          .map(({ logIndex }) => Number(logIndex))
          .sort(),
      ).toEqual([0, 1])
    },
  )
})

describe('byBlock', () => {
  test('default: the lowest block first, branches apart', () => {
    const logs = [logOf(101, 1), logOf(101, 0), logOf(9, 0), logOf(101, 0, 1)]
    expect(byBlock(logs).map(({ logs, ...block }) => ({ ...block, logs: logs.map(indexOf) }))).toEqual([
      { number: 9, hash: hashOf(9), logs: [0] },
      { number: 101, hash: hashOf(101), logs: [0, 1] },
      { number: 101, hash: hashOf(101, 1), logs: [0] },
    ])
    expect(byBlock([])).toEqual([])
  })
})

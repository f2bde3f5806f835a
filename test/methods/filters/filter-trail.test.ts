// What a filter has told of the chain, and what a change of the chain makes of it.

import { describe, expect, test } from 'vitest'
import type { Point } from '../../../src/methods/filters/filter-trail'
import { logChanges } from '../../../src/methods/filters/filter-trail'
import { hashOf, logOf } from '../../subscription/blocks'

describe('logChanges', () => {
  const point = (logs: Point['logs']): Point => ({ number: 100, hash: hashOf(100), time: 0, logs })

  test('behavior: where a node counts the logs of each transaction anew, those of one are not taken for those of another', () => {
    const [first, second] = ['0x0', '0x1'].map((transactionIndex, index) => ({
      ...logOf(100, 0),
      transactionIndex: transactionIndex as `0x${string}`,
      transactionHash: hashOf(index),
    })) as [Point['logs'][number], Point['logs'][number]]
    expect(logChanges([point([first])], [point([first, second])])).toEqual([second])
    expect(logChanges([point([second, first])], [point([first])])).toEqual([{ ...second, removed: true }])
  })

  test('behavior: a log whose transaction has another index, as another node tells it, is not told again', () => {
    const [first, second] = [logOf(100, 0), logOf(100, 1)]
    const other = { ...first, transactionIndex: '0x1' as const }
    expect(logChanges([point([first])], [point([other, second])])).toEqual([second])
  })
})

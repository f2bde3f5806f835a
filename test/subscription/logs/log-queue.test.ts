// What is decided about a block, for each state of the evidence.

import { describe, expect, test } from 'vitest'
import type { BlockItem, Evidence, QueueItem } from '../../../src/subscription/logs/log-queue'
import { askedRun, verdictOf } from '../../../src/subscription/logs/log-queue'
import { blockOf } from '../blocks'

const evidence: Evidence = {
  isCovered: true,
  bloom: 'unknown',
  hasPushes: false,
  isSettled: true,
  mustCheck: false,
  mayCheck: true,
}

describe('verdictOf', () => {
  test.each<[string, Partial<Evidence>, string]>([
    ['the bloom says that there is nothing', { bloom: 'no' }, 'settle'],
    ['the bloom says so, though it is not pushed', { bloom: 'no', isCovered: false }, 'settle'],
    ['the bloom says so, though it is to be checked', { bloom: 'no', mustCheck: true }, 'settle'],
    ['it is not pushed', { isCovered: false }, 'ask'],
    ['a part was pushed, but not all of it', { isCovered: false, hasPushes: true }, 'ask'],
    ['the source is suspect', { mustCheck: true, hasPushes: true, isSettled: false }, 'ask'],
    ['more may come', { isSettled: false, hasPushes: true }, 'wait'],
    ['something may come', { isSettled: false, bloom: 'yes' }, 'wait'],
    ['all has come', { hasPushes: true, bloom: 'yes' }, 'settle'],
    ['it has come against the bloom', { hasPushes: true, bloom: 'no' }, 'settle'],
    ['nothing has come where something may be', { bloom: 'yes' }, 'ask'],
    ['nothing has come, and it may not be checked', { bloom: 'yes', mayCheck: false }, 'settle'],
    ['nothing has come, and the bloom says nothing', {}, 'settle'],
  ])('default: %s', (_, given, expected) => {
    expect(verdictOf({ ...evidence, ...given })).toBe(expected)
  })
})

describe('askedRun', () => {
  const isUncovered = ({ block }: BlockItem) => !block.isPushed

  const item = (number: number, isPushed: boolean): QueueItem => ({
    type: 'block',
    block: blockOf(number, { isPushed }),
    at: 0,
  })

  test('default: up to the first that is pushed, or is no block', () => {
    const [a, b, c] = [item(1, false), item(2, false), item(3, false)]
    expect(askedRun([a, b, item(3, true), c], 10, isUncovered)).toEqual([a, b])
    expect(askedRun([a, { type: 'catch-up' }, b], 10, isUncovered)).toEqual([a])
    expect(askedRun([item(1, true), b], 10, isUncovered)).toEqual([])
    expect(askedRun([], 10, isUncovered)).toEqual([])
  })

  test('behavior: not more than asked for', () => {
    expect(askedRun([item(1, false), item(2, false), item(3, false)], 2, isUncovered)).toHaveLength(2)
  })
})

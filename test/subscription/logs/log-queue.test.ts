// What is decided about a block, for each state of the evidence.

import { describe, expect, test } from 'vitest'
import type { BlockItem, Evidence, Verdict } from '../../../src/subscription/logs/log-queue'
import { frontOf, verdictOf } from '../../../src/subscription/logs/log-queue'
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
    ['the source is suspect', { mustCheck: true, hasPushes: true, isSettled: false }, 'check'],
    ['more may come', { isSettled: false, hasPushes: true }, 'wait'],
    ['something may come', { isSettled: false, bloom: 'yes' }, 'wait'],
    ['all has come', { hasPushes: true, bloom: 'yes' }, 'settle'],
    ['it has come against the bloom', { hasPushes: true, bloom: 'no' }, 'settle'],
    ['nothing has come where something may be', { bloom: 'yes' }, 'check'],
    ['nothing has come, and it may not be checked', { bloom: 'yes', mayCheck: false }, 'settle'],
    ['nothing has come, and the bloom says nothing', {}, 'settle'],
  ])('default: %s', (_, given, expected) => {
    expect(verdictOf({ ...evidence, ...given })).toBe(expected)
  })
})

describe('frontOf', () => {
  const item = (number: number): BlockItem => ({ type: 'block', block: blockOf(number), at: 0 })
  const [a, b, c] = [item(1), item(2), item(3)]
  const verdicts =
    (...of: Verdict[]) =>
    ({ block }: BlockItem) =>
      of[block.number - 1] ?? 'wait'

  test('default: up to the first that waits, is asked for otherwise, or is no block', () => {
    expect(frontOf([a, b, c], 10, 'ask', verdicts('ask', 'ask', 'wait'))).toEqual([a, b])
    expect(frontOf([a, b, c], 10, 'ask', verdicts('ask', 'check', 'ask'))).toEqual([a])
    expect(frontOf([a, { type: 'catch-up' }, b], 10, 'ask', verdicts('ask', 'ask'))).toEqual([a])
    expect(frontOf([a, b], 10, 'check', verdicts('wait', 'check'))).toEqual([])
    expect(frontOf([], 10, 'ask', verdicts())).toEqual([])
  })

  test('behavior: those that are settled hold up none that are asked for', () => {
    expect(frontOf([a, b, c], 10, 'check', verdicts('check', 'settle', 'check'))).toEqual([a, b, c])
  })

  test('behavior: not more than asked for', () => {
    expect(frontOf([a, b, c], 2, 'ask', verdicts('ask', 'ask', 'ask'))).toHaveLength(2)
  })
})

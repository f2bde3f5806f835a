// The judge itself: each kind of mistake that a stream can make, and what is no mistake.

import { describe, expect, test } from 'vitest'
import type { GivenHead, GivenLog } from './stream-judge'
import { judgeHeads, judgeLogs } from './stream-judge'

/** `5a.1`: log 1 of block 5 on branch a; with a minus it is taken back. */
function logsOf(text: string): GivenLog[] {
  return (text.match(/\S+/g) ?? []).map((word) => {
    const [, sign, number, branch, index] = /^(-?)(\d+)(\w)\.(\d+)$/.exec(word)!
    return {
      blockNumber: BigInt(number!),
      blockHash: `0x${number}${branch}`,
      logIndex: Number(index),
      removed: sign === '-',
    }
  })
}

/** `5a`, or `5b<4a` where the parent is on another branch. */
function headsOf(text: string): GivenHead[] {
  return (text.match(/\S+/g) ?? []).map((word) => {
    const [, number, branch, parent] = /^(\d+)(\w)(?:<(\w+))?$/.exec(word)!
    return {
      number: BigInt(number!),
      hash: `0x${number}${branch}`,
      parentHash: `0x${parent ?? +number! - 1 + branch!}`,
    }
  })
}

describe('judgeLogs', () => {
  const truth = logsOf('5a.0 5a.1 7a.0')
  const judge = (text: string) => judgeLogs(logsOf(text), truth)

  test('default: each once, in order', () => {
    expect(judge('5a.0 5a.1 7a.0')).toEqual([])
    expect(judgeLogs([], [])).toEqual([])
  })

  test('behavior: orphans that are taken back, newest first', () => {
    expect(judge('5b.0 5b.1 6b.0 -6b.0 -5b.1 -5b.0 5a.0 5a.1 7a.0')).toEqual([])
    expect(judge('5a.0 5a.1 -5a.1 -5a.0 5b.2 -5b.2 5a.0 5a.1 7a.0')).toEqual([])
  })

  test.each([
    ['5a.0 7a.0', ['lost: log 1 of block 5 (0x5a)']],
    ['5a.0 5a.1 5a.1 7a.0', ['#2: log 1 of block 5 (0x5a) was given twice']],
    ['5a.0 7a.0 5a.1', ['#2: log 1 of block 5 (0x5a) was given after log 0 of block 7 (0x7a)']],
    ['5a.1 5a.0 7a.0', ['#1: log 0 of block 5 (0x5a) was given after log 1 of block 5 (0x5a)']],
    ['5a.0 5a.1 6b.0 7a.0', ['ghost: log 0 of block 6 (0x6b)']],
    ['5a.0 5a.1 -6b.0 7a.0', ['#2: log 0 of block 6 (0x6b) was taken back, but not given before']],
    [
      '4b.0 5b.0 -4b.0 -5b.0 5a.0 5a.1 7a.0',
      ['#2: log 0 of block 4 (0x4b) was taken back before log 0 of block 5 (0x5b)'],
    ],
    [
      '5a.0 5a.1 7b.0 7a.0 -7b.0',
      [
        '#3: log 0 of block 7 (0x7a) was given while log 0 of block 7 (0x7b) was not taken back',
        '#4: log 0 of block 7 (0x7b) was taken back before log 0 of block 7 (0x7a)',
      ],
    ],
  ])('error: %s', (text, wrong) => {
    expect(judge(text)).toEqual(wrong)
  })
})

describe('judgeHeads', () => {
  const truth = headsOf('5a 6a 7a')
  const judge = (text: string) => judgeHeads(headsOf(text), truth)

  test('default: each once, in order', () => {
    expect(judge('5a 6a 7a')).toEqual([])
  })

  test('behavior: siblings in chain order', () => {
    expect(judge('5b<4a 6b 5a 6a 7a')).toEqual([])
    expect(judge('5a 6b<5a 7b 6a 7a')).toEqual([])
  })

  test.each([
    ['5a 7a', ['#1: head 7 (0x7a) was given after head 5 (0x5a), without its parent', 'lost: head 6 (0x6a)']],
    ['6a 7a', ['#0: head 6 (0x6a) was given after nothing, without its parent', 'lost: head 5 (0x5a)']],
    ['5a 6a', ['lost: head 7 (0x7a)']],
    ['5a 6a 6a 7a', ['#2: head 6 (0x6a) was given twice']],
    ['5a 6a 7a 8a', ['ghost: head 8 (0x8a)']],
    [
      '5a 6b<5a 7a',
      [
        '#2: head 7 (0x7a) was given after head 6 (0x6b), without its parent',
        'lost: head 6 (0x6a)',
        'ghost: head 6 (0x6b)',
      ],
    ],
  ])('error: %s', (text, wrong) => {
    expect(judge(text)).toEqual(wrong)
  })
})

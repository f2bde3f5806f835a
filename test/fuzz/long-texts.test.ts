// Texts made to slow the rules down: judging one costs about what its length says, and past the bound nothing more.

import { describe, expect, test } from 'vitest'
import { failureOf } from '../../src/rpc/failure'

/** Beginnings of what the rules look for: repeated, each place of the text is the start of a match that comes to nothing. */
const WORDS = [
  ...[
    'max',
    'maxmax',
    'limit',
    'exceed',
    'respon',
    'batch',
    'retry',
    'retry1min',
    '1sec',
    'reset',
    '1s',
    '1.',
    '0x',
    'too ',
  ],
  ...[
    'not ',
    'state ',
    'block ',
    'method ',
    'param',
    'param ',
    'account ',
    'filter ',
    'server ',
    'no ',
    'revert',
    'nonce',
  ],
  ...[
    'transaction ',
    'already ',
    'gas price',
    'decod',
    'historical',
    'replac',
    'retry 1s 1s 1s 1m ',
    'max1,000,',
    '1_',
    '1,111',
    'limit range ',
  ],
  ...['over [[', 'max 0 - 0 - ', '(', '<', ' ', '\t\n'],
]
const TAILS = ['', 'µ', '!', 'k']

/** Milliseconds for all of them at this length: the best of seven, as whatever else runs only adds. */
function cost(length: number): number {
  const texts = WORDS.flatMap((word) => TAILS.map((tail) => word.repeat(length / word.length) + tail))
  const judge = (message: string) =>
    failureOf({ name: 'RpcRequestError', code: -32005, message }, { method: 'eth_getLogs' })
  return Math.min(
    ...Array.from({ length: 7 }, () => {
      const start = performance.now()
      for (const text of texts) judge(text)
      return performance.now() - start
    }),
  )
}

describe('judging a long text', () => {
  cost(100) // so that no rule is compiled on the way

  test('behavior: costs no more than its length says', () => {
    expect(cost(4_000) / cost(500)).toBeLessThan(8 * 3)
  })

  test('behavior: a megabyte costs no more than what is read of it', () => {
    expect(cost(1_000_000) / cost(4_000)).toBeLessThan(3)
  })
})

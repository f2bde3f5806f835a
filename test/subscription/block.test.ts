// Heads and logs as nodes send them, whole or not.

import { describe, expect, test } from 'vitest'
import { toBlock } from '../../src/subscription/block'
import { blockOf, hashOf } from './blocks'

const { raw } = blockOf(100)

describe('toBlock', () => {
  test('default: a head, with who has it', () => {
    expect(toBlock(raw, 'p1')).toEqual({ number: 100, hash: hashOf(100), parentHash: hashOf(99), raw, provider: 'p1' })
    expect(toBlock(raw, 'p1')?.raw).toBe(raw)
  })

  test('behavior: a whole block becomes a head: what only blocks have is left out', () => {
    const body = { transactions: [], uncles: [], withdrawals: [], size: '0x1', totalDifficulty: '0x1' }
    expect(toBlock({ ...raw, ...body, mixHash: '0x2' }, 'p1')?.raw).toEqual({ ...raw, mixHash: '0x2' })
  })

  test('behavior: where a pushed head has been seen, a filled-in one has its fields and no others', () => {
    const shape = new Set(['number', 'hash', 'parentHash', 'size'])
    const block = { ...raw, transactions: [], size: '0x1', mixHash: '0x2' }
    expect(toBlock(block, 'p1', shape)?.raw).toEqual({ ...raw, size: '0x1' })
  })

  test.each([
    undefined,
    null,
    5,
    'head',
    [],
    {},
    { ...raw, number: undefined },
    { ...raw, number: 100 },
    { ...raw, number: 'latest' },
    { ...raw, hash: null },
    { ...raw, hash: '0x12' },
    { ...raw, parentHash: undefined },
  ])('error: %j is no block', (value) => {
    expect(toBlock(value, 'p1')).toBeUndefined()
  })
})

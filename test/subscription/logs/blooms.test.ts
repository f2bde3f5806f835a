// Which blooms are believed.

import { describe, expect, test } from 'vitest'
import { createBlooms } from '../../../src/subscription/logs/blooms'
import { emptyBloom } from '../../support/bloom'
import { blockOf } from '../blocks'

const some = `0x${'1'.padEnd(512, '0')}` as const
const full = `0x${'f'.repeat(512)}` as const
const yes = () => true
const no = () => false

describe('blooms', () => {
  test('default: what the bloom says', () => {
    const blooms = createBlooms()
    expect([
      blooms.ask(blockOf(100, { logsBloom: some }), yes),
      blooms.ask(blockOf(101, { logsBloom: some }), no),
    ]).toEqual(['yes', 'no'])
  })

  test('behavior: an empty one says nothing until the provider has shown another: some chains have no others', () => {
    const blooms = createBlooms()
    const empty = blockOf(100, { logsBloom: emptyBloom })
    expect(blooms.ask(empty, no)).toBe('unknown')
    blooms.ask(blockOf(101, { logsBloom: some, provider: 'p2' }), no)
    expect(blooms.ask(empty, no)).toBe('unknown')
    blooms.ask(blockOf(101, { logsBloom: some }), no)
    expect(blooms.ask(empty, no)).toBe('no')
  })

  test('behavior: one that is almost full, or missing, says nothing', () => {
    const blooms = createBlooms()
    expect([blooms.ask(blockOf(100, { logsBloom: full }), yes), blooms.ask(blockOf(100), no)]).toEqual([
      'unknown',
      'unknown',
    ])
  })

  test.each(['0x', '0x00', `0x${'0'.repeat(511)}`, `${some}00`, `0x${'x'.repeat(512)}`, '1'.repeat(514), 'none'])(
    'behavior: a text that is no bloom says nothing: %s',
    (text) => {
      const blooms = createBlooms()
      blooms.ask(blockOf(100, { logsBloom: some }), no)
      expect(blooms.ask(blockOf(101, { logsBloom: text as `0x${string}` }), no)).toBe('unknown')
    },
  )

  test('behavior: once one has denied logs that were there, none that denies is believed any more, as blooms are part of the chain', () => {
    const blooms = createBlooms()
    blooms.ask(blockOf(100, { logsBloom: some }), no)
    blooms.noteLie()
    expect(blooms.ask(blockOf(101, { logsBloom: some }), no)).toBe('unknown')
    expect(blooms.ask(blockOf(101, { logsBloom: some, provider: 'p2' }), no)).toBe('unknown')
    expect(blooms.ask(blockOf(101, { logsBloom: some }), () => true)).toBe('yes')
  })
})

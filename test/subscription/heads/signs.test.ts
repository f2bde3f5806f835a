// Signs of lost, doubled and swapped heads.

import { describe, expect, test } from 'vitest'
import { createSigns } from '../../../src/subscription/heads/signs'
import { blockOf, blocksOf } from '../blocks'

const fresh = { itself: false, parent: true }

describe('signs', () => {
  test('default: none in a chain, or at a reorg', () => {
    const signs = createSigns()
    const heads = [...blocksOf(100, 105), ...blocksOf(104, 106, { branch: 1, parentBranch: 0 })]
    expect(heads.map((block) => signs.read(block, fresh))).toEqual(heads.map(() => undefined))
  })

  test('behavior: a head that comes again was doubled', () => {
    const signs = createSigns()
    signs.read(blockOf(100), fresh)
    signs.read(blockOf(101), fresh)
    expect(signs.read(blockOf(101), { itself: true, parent: true })).toBe('doubled')
    expect(signs.read(blockOf(100), { itself: true, parent: true })).toBe('doubled')
  })

  test('behavior: a number left out whose parent is not known: one was lost; later it was only swapped', () => {
    const signs = createSigns()
    signs.read(blockOf(100), fresh)
    expect(signs.read(blockOf(102), { itself: false, parent: false })).toBe('lost')
    // It has been filled in meanwhile.
    expect(signs.read(blockOf(101), { itself: true, parent: true })).toBe('swapped')
  })

  test('behavior: a chain that skips numbers loses nothing', () => {
    const signs = createSigns()
    signs.read(blockOf(100), fresh)
    expect(signs.read(blockOf(105, { parentHash: blockOf(100).hash as `0x${string}` }), fresh)).toBeUndefined()
  })

  test('behavior: the first head says nothing, whatever is unknown', () => {
    expect(createSigns().read(blockOf(100), { itself: false, parent: false })).toBeUndefined()
  })

  test('behavior: what it remembers is bounded', () => {
    const signs = createSigns()
    for (const block of blocksOf(1, 300)) signs.read(block, fresh)
    expect(signs.read(blockOf(45), { itself: true, parent: true })).toBe('doubled')
    expect(signs.read(blockOf(44), { itself: false, parent: true })).toBeUndefined()
  })
})

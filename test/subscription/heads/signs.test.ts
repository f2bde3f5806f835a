// Signs of lost, doubled and swapped heads.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import { createSigns } from '../../../src/subscription/heads/signs'
import { blockOf, blocksOf } from '../blocks'

const fresh = (block: Block) => (hash: string) => hash === block.parentHash
const all = () => true
const none = () => false

describe('signs', () => {
  test('default: none in a chain, or at a reorg', () => {
    const isSign = createSigns()
    const heads = [...blocksOf(100, 105), ...blocksOf(104, 106, { branch: 1, parentBranch: 0 })]
    expect(heads.some((block) => isSign(block, fresh(block)))).toBe(false)
  })

  test('behavior: a head that comes again was doubled', () => {
    const isSign = createSigns()
    isSign(blockOf(100), none)
    isSign(blockOf(101), fresh(blockOf(101)))
    expect(isSign(blockOf(101), all)).toBe(true)
    expect(isSign(blockOf(100), all)).toBe(true)
  })

  test('behavior: a number left out whose parent is not known: one was lost; later it was only swapped', () => {
    const isSign = createSigns()
    isSign(blockOf(100), none)
    expect(isSign(blockOf(102), none)).toBe(true)
    // It has been filled in meanwhile.
    expect(isSign(blockOf(101), all)).toBe(true)
  })

  test('behavior: a chain that skips numbers loses nothing', () => {
    const isSign = createSigns()
    isSign(blockOf(100), none)
    const child = blockOf(105, { parentHash: blockOf(100).hash as `0x${string}` })
    expect(isSign(child, fresh(child))).toBe(false)
  })

  test('behavior: the first head says nothing, whatever is unknown', () => {
    expect(createSigns()(blockOf(100), none)).toBe(false)
  })

  test('behavior: what it remembers is bounded', () => {
    const isSign = createSigns()
    for (const block of blocksOf(1, 300)) isSign(block, fresh(block))
    expect(isSign(blockOf(45), all)).toBe(true)
    expect(isSign(blockOf(44), fresh(blockOf(44)))).toBe(false)
  })
})

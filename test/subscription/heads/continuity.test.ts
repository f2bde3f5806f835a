// The chain that is known: what a branch replaces, and how much is remembered.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import { createContinuity } from '../../../src/subscription/heads/continuity'
import { blockOf, blocksOf, hashOf, nameOf } from '../blocks'

const root = { number: 99, hash: hashOf(99), provider: 'p1' }

describe('continuity', () => {
  test('default: nothing is known', () => {
    const chain = createContinuity()
    expect([chain.tip(), chain.height(), chain.root(), chain.has(hashOf(5))]).toEqual([undefined, -1, undefined, false])
  })

  test('default: goes on block by block', () => {
    const chain = createContinuity()
    expect(chain.restart(root)).toEqual([])
    expect(chain.extend([blockOf(100)])).toEqual([])
    expect(chain.extend(blocksOf(101, 103))).toEqual([])
    expect(chain.tip()).toEqual(blockOf(103))
    expect(chain.root()).toEqual(root)
    expect([99, 100, 103].map((number) => chain.has(hashOf(number)))).toEqual([true, true, true])
  })

  test('behavior: a new branch replaces what it does not stand on, newest first', () => {
    const chain = createContinuity()
    chain.restart(root)
    chain.extend(blocksOf(100, 103))
    const removed = chain.extend(blocksOf(102, 104, { branch: 1, parentBranch: 0 }))
    expect(removed.map(nameOf)).toEqual(['103', '102'])
    expect(nameOf(chain.tip() as Block)).toBe('104/1')
    expect([hashOf(101), hashOf(102, 1), hashOf(102), hashOf(103)].map(chain.has)).toEqual([true, true, false, false])
  })

  test('behavior: a chain that has become shorter', () => {
    const chain = createContinuity()
    chain.restart(root)
    chain.extend(blocksOf(100, 103))
    expect(chain.extend([blockOf(100, { branch: 1, parentBranch: 0 })]).map(nameOf)).toEqual([
      '103',
      '102',
      '101',
      '100',
    ])
    expect(chain.tip()?.number).toBe(100)
  })

  test('behavior: the root is no whole block: it is never given back as one', () => {
    const chain = createContinuity()
    chain.restart(root)
    expect(chain.restart({ ...root, number: 200, hash: hashOf(200) })).toEqual([])
    chain.extend([blockOf(201)])
    expect(chain.restart(root).map(nameOf)).toEqual(['201'])
    expect([chain.tip(), chain.root(), chain.has(hashOf(201)), chain.has(hashOf(200))]).toEqual([
      root,
      root,
      false,
      false,
    ])
  })

  test('Given 10 000 heads, then the memory for continuity stays bounded', () => {
    const chain = createContinuity()
    chain.restart(root)
    let most = 0
    for (const block of blocksOf(100, 10_099)) {
      chain.extend([block])
      most = Math.max(most, block.number - (chain.root()?.number ?? 0) + 1)
    }
    expect(most).toBeLessThan(512)
    const root_ = chain.root()?.number ?? 0
    expect(10_099 - root_ + 1).toBeGreaterThanOrEqual(256)
    expect([chain.has(hashOf(root_)), chain.has(hashOf(root_ - 1))]).toEqual([true, false])
  })
})

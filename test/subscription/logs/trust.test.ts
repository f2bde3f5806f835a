// How far what is pushed is believed, by mode and by the place's signs.

import { describe, expect, test } from 'vitest'
import { createBlooms } from '../../../src/subscription/logs/blooms'
import { createPushes } from '../../../src/subscription/logs/pushes'
import type { VerifyMode } from '../../../src/subscription/logs/trust'
import { createTrust } from '../../../src/subscription/logs/trust'
import type { Place } from '../../../src/subscription/source/place'
import { blockOf } from '../blocks'

const address = '0x00000000000000000000000000000000000000aa'
/** Has a bit set, but none of those of the address. */
const logsBloom = `0x${'1'.padEnd(512, '0')}` as const

function setUp(verify: VerifyMode, suspectUntil?: number) {
  const pushes = createPushes()
  pushes.begin({ id: 'p1', suspectUntil } as Place)
  const blooms = createBlooms()
  return { pushes, trust: createTrust(verify, blooms, { address }, pushes) }
}

describe('mustCheck, isSuspect', () => {
  const numbers = [-1, 0, 1, 100, 101]

  test.each([
    ['auto', [true, true, true, true, false]],
    ['strict', [true, true, true, true, true]],
    [false, [false, false, false, false, false]],
  ] as const)('default: %s, where the place is suspect up to block 100', (verify, expected) => {
    const { trust } = setUp(verify, 100)
    expect(numbers.map(trust.mustCheck)).toEqual(expected)
    expect(numbers.map(trust.isSuspect)).toEqual(numbers.map((number) => verify !== false && number <= 100))
    expect(trust.mayCheck).toBe(verify !== false)
  })

  test('behavior: without a place, no block is suspect', () => {
    const { trust, pushes } = setUp('auto')
    pushes.begin()
    expect([0, 1].map(trust.isSuspect)).toEqual([false, false])
  })
})

describe('bloomOf', () => {
  test('default: what the bloom of the block says; nothing of a block without a header', () => {
    const { trust } = setUp('auto')
    const block = blockOf(100, { logsBloom })
    const { raw: _, ...reference } = block
    expect([trust.bloomOf(block), trust.bloomOf(reference)]).toEqual(['no', 'unknown'])
  })

  test('behavior: logs of a block whose bloom denies them cost the blooms their belief; those of any other block do not', () => {
    const { trust } = setUp('auto')
    const block = blockOf(100, { logsBloom })
    trust.noteThere({ number: 99, hash: '0x99', provider: 'p1' })
    expect(trust.bloomOf(block)).toBe('no')
    trust.noteThere(block)
    expect(trust.bloomOf(block)).toBe('unknown')
  })
})

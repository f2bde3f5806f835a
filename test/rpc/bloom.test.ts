// Blooms: against those that test/support/bloom.ts computes as nodes do.

import fc from 'fast-check'
import type { Hex } from 'viem'
import { numberToHex } from 'viem'
import { describe, expect, test } from 'vitest'
import { bloomTestOf, fullnessOf, isEmptyBloom } from '../../src/rpc/bloom'
import { bloomOf, emptyBloom } from '../support/bloom'

const address = (value: number) => numberToHex(value, { size: 20 })
const topic = (value: number) => numberToHex(value, { size: 32 })
const full: Hex = `0x${'f'.repeat(512)}`

describe('bloomTestOf', () => {
  const bloom = bloomOf([
    { address: address(1), topics: [topic(10), topic(11)] },
    { address: address(2), topics: [topic(20)] },
  ])

  test('default: an empty filter can be in any block', () => {
    expect([bloomTestOf({})(bloom), bloomTestOf({})(emptyBloom)]).toEqual([true, true])
    expect(bloomTestOf({ address: [], topics: [null, []] })(emptyBloom)).toBe(true)
  })

  test.each([
    [{ address: address(1) }, true],
    [{ address: address(3) }, false],
    [{ address: [address(3), address(2)] }, true],
    [{ address: [address(3), address(4)] }, false],
    [{ topics: [topic(10)] }, true],
    [{ topics: [null, topic(11)] }, true],
    [{ topics: [topic(10), topic(12)] }, false],
    [{ topics: [topic(10), [topic(12), topic(11)]] }, true],
    [{ address: address(3), topics: [topic(10)] }, false],
  ])('default: %j is %s', (filter, expected) => {
    expect(bloomTestOf(filter)(bloom)).toBe(expected)
  })

  test('behavior: it does not know which topic is of which log', () => {
    expect(bloomTestOf({ address: address(2), topics: [topic(10)] })(bloom)).toBe(true)
  })

  test('behavior: three bits for an address, no other address has them', () => {
    const only = bloomOf([{ address: address(1), topics: [] }])
    expect(fullnessOf(only) * 2_048).toBe(3)
    for (let other = 2; other < 50; other++) expect(bloomTestOf({ address: address(other) })(only)).toBe(false)
  })

  test('behavior: a bloom that is too short lacks what it does not hold', () => {
    expect(bloomTestOf({ address: address(1) })('0x')).toBe(false)
    expect(bloomTestOf({ address: address(1) })('0x00')).toBe(false)
  })

  test('behavior: never no for a log that is there', () => {
    const log = fc.record({
      address: fc.integer({ min: 0, max: 5 }).map(address),
      topics: fc.array(fc.integer({ min: 0, max: 9 }).map(topic), { maxLength: 4 }),
    })
    fc.assert(
      fc.property(fc.array(log, { minLength: 1, maxLength: 20 }), fc.nat(), fc.nat(15), (logs, pick, mask) => {
        const one = logs[pick % logs.length] as (typeof logs)[number]
        const filter = {
          address: one.address,
          topics: one.topics.map((own, index) => ((mask >> index) & 1 ? own : null)),
        }
        expect(bloomTestOf(filter)(bloomOf(logs))).toBe(true)
      }),
    )
  })
})

describe('isEmptyBloom', () => {
  test.each([
    [emptyBloom, true],
    ['0x0', true],
    ['0x', true],
    [full, false],
    [bloomOf([{ address: address(1), topics: [] }]), false],
  ])('default: %s', (bloom, expected) => {
    expect(isEmptyBloom(bloom)).toBe(expected)
  })
})

describe('fullnessOf', () => {
  test.each([
    [emptyBloom, 0],
    [full, 1],
    [`0x${'5'.repeat(512)}`, 0.5],
    [`0x${'F0'.repeat(256)}`, 0.5],
    [`0x8${'0'.repeat(511)}`, 1 / 2_048],
  ])('default: share of the bits that are set', (bloom, expected) => {
    expect(fullnessOf(bloom)).toBe(expected)
  })
})

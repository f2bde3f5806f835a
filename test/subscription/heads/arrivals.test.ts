// Heads that wait, and those that wait for one.

import { describe, expect, test } from 'vitest'
import { createArrivals } from '../../../src/subscription/heads/arrivals'
import { blockOf, blocksOf, hashOf } from '../blocks'

const origin = {}

describe('arrivals', () => {
  test('default: in the order in which they came', () => {
    const arrivals = createArrivals()
    for (const block of [blockOf(102), blockOf(100)]) arrivals.add({ block, origin })
    expect([arrivals.find(hashOf(100)), arrivals.find(hashOf(101))]).toEqual([blockOf(100), undefined])
    expect([arrivals.hasUpTo(102), arrivals.hasUpTo(103)]).toEqual([true, false])
    expect([arrivals.take(), arrivals.take(), arrivals.take()]).toEqual([
      { block: blockOf(102), origin },
      { block: blockOf(100), origin },
      undefined,
    ])
    expect([arrivals.find(hashOf(100)), arrivals.hasUpTo(0)]).toEqual([undefined, false])
  })

  test('behavior: whoever expects a block gets it when it comes', async () => {
    const arrivals = createArrivals()
    const expected = arrivals.expect(hashOf(100))
    arrivals.add({ block: blockOf(99), origin })
    arrivals.add({ block: blockOf(100), origin })
    expect(await expected).toEqual(blockOf(100))
  })

  test('behavior: who has forgotten it is not told', async () => {
    const arrivals = createArrivals()
    let told = false
    void arrivals.expect(hashOf(100)).then(() => {
      told = true
    })
    arrivals.forget(hashOf(100))
    arrivals.add({ block: blockOf(100), origin })
    await new Promise((resolve) => setImmediate(resolve))
    expect(told).toBe(false)
  })

  test('behavior: at the bound the oldest goes', () => {
    const arrivals = createArrivals()
    for (const block of blocksOf(1, 1_025)) arrivals.add({ block, origin })
    expect([arrivals.find(hashOf(1)), arrivals.take()?.block.number]).toEqual([undefined, 2])
  })

  test('behavior: cleared, it holds nothing', () => {
    const arrivals = createArrivals()
    arrivals.add({ block: blockOf(100), origin })
    arrivals.clear()
    expect([arrivals.take(), arrivals.hasUpTo(0)]).toEqual([undefined, false])
  })

  test('behavior: of those that are polled, a higher one of the same provider takes the place of what waits', () => {
    const arrivals = createArrivals()
    const [one, other] = [{ isPolled: true }, { isPolled: true }]
    const all = [
      { block: blockOf(100), origin },
      { block: blockOf(104), origin: one },
      { block: blockOf(101), origin: other },
      { block: blockOf(108), origin: one },
      { block: blockOf(102), origin: one },
    ]
    for (const arrival of all) arrivals.add(arrival)
    const left = [100, 101, 108, 102, undefined]
    expect(left.map(() => arrivals.take()?.block.number)).toEqual(left)
  })
})

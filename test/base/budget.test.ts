// The bucket that bounds extra calls to a share of the requests.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBudget } from '../../src/base/budget'

const drain = (budget: { spend(): boolean }) => {
  let spent = 0
  while (budget.spend()) spent++
  return spent
}

describe('createBudget', () => {
  test('default: full at the start, then a share of what is earned', () => {
    const budget = createBudget(20, 0.2)
    expect(drain(budget)).toBe(20)
    for (let count = 0; count < 4; count++) budget.earn()
    expect(budget.spend()).toBe(false)
    budget.earn()
    expect([budget.spend(), budget.spend()]).toEqual([true, false])
  })

  test('behavior: it never holds more than its size', () => {
    const budget = createBudget(3, 0.5)
    for (let count = 0; count < 1_000; count++) budget.earn()
    expect(drain(budget)).toBe(3)
  })

  test('behavior: a budget of 0 gives nothing, whatever is earned', () => {
    const budget = createBudget(0, 0.2)
    for (let count = 0; count < 100; count++) budget.earn()
    expect(budget.spend()).toBe(false)
  })

  test('behavior: whatever the order, no more is spent than the size and the share of the requests', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.array(fc.boolean(), { maxLength: 300 }), (size, steps) => {
        const budget = createBudget(size, 0.25)
        let earned = 0
        let spent = 0
        for (const isRequest of steps) {
          if (isRequest) {
            earned++
            budget.earn()
          } else if (budget.spend()) spent++
          expect(spent).toBeLessThanOrEqual(size + earned * 0.25)
        }
      }),
    )
  })
})

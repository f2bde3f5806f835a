// The length of a value as JSON, and what cannot be JSON.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonLength } from '../../src/base/json'

describe('jsonLength', () => {
  test('default', () => {
    expect(jsonLength(['0xabc', { to: '0x1' }])).toBe(23)
  })

  test('behavior: about as long as the JSON, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const length = jsonLength(value) as number
        const { length: written } = JSON.stringify(value)
        // Escapes are not counted; numbers count as five; each list and object has a comma too many.
        expect(length).toBeGreaterThan(written / 30)
        expect(length).toBeLessThan(written * 4 + 10)
      }),
    )
  })

  test('behavior: a long text is measured, not a short guess', () => {
    expect(jsonLength([`0x${'ab'.repeat(5_000)}`])).toBeGreaterThan(10_000)
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a function', () => {}],
    ['a list with holes', new Array(3)],
    ['a date', new Date(0)],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
  ])('behavior: %s can be JSON', (_, value) => {
    expect(jsonLength(value)).toBeGreaterThan(0)
  })

  test('behavior: what is inherited is not sent and does not count', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    expect(jsonLength(Object.create(cyclic))).toBe(2)
  })

  test.each([
    ['a BigInt', 1n],
    ['a BigInt deep inside', [{ a: [{ b: 1n }] }]],
  ])('error: %s', (_, value) => {
    expect(jsonLength(value)).toBeUndefined()
  })

  test('error: a cycle', () => {
    const list: unknown[] = []
    list.push(list)
    const object: Record<string, unknown> = { a: 1 }
    object.b = [{ c: object }]
    expect([jsonLength(list), jsonLength(object)]).toEqual([undefined, undefined])
  })

  test('error: a cycle that branches ends as soon as any other, not after 2^1000 steps', () => {
    const tree: Record<string, unknown> = {}
    tree.left = { parent: tree }
    tree.right = { parent: tree }
    const list: unknown[] = []
    list.push(list, list, list)
    expect([jsonLength(tree), jsonLength(list)]).toEqual([undefined, undefined])
  })

  test('error: a getter that throws', () => {
    const value = {
      get a() {
        throw new Error('no')
      },
    }
    expect(jsonLength([value])).toBeUndefined()
  })
})

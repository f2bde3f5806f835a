// Checks of option objects against a shape.

import { describe, expect, test } from 'vitest'
import type { Shape } from '../../src/base/shape'
import { oneOf, orElse, pathOf, readShape, rules } from '../../src/base/shape'

class Refused extends Error {}

function refuse(path: string, rule: string, value: unknown): never {
  throw new Refused(`${path} | ${rule} | ${String(value)}`)
}

function read(value: unknown, shape: Shape, path = '') {
  try {
    readShape(value, shape, path, refuse)
    return 'accepted'
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}

const accepts = ([test]: readonly [(value: unknown) => boolean, string], ...values: unknown[]) => values.map(test)

describe('rules', () => {
  const odd = [Number.NaN, Infinity, -Infinity, '1', null, undefined, {}, [], true, 1n]

  test.each([
    ['number', [-1, 0, 0.5], []],
    ['atLeast0', [0, 0.5, 1e9], [-1, -1e-9]],
    ['above0', [0.001, 5], [0, -0, -1]],
    ['count', [1, 20], [0, 1.5, -1]],
    ['count0', [0, 1], [0.5, -1]],
    ['share', [0.1, 1], [0, 1.1, -0.5]],
  ] as const)('default: %s', (name, good, bad) => {
    expect(accepts(rules[name], ...good)).toEqual(good.map(() => true))
    expect(accepts(rules[name], ...bad, ...odd)).toEqual([...bad, ...odd].map(() => false))
  })

  test('behavior: texts, flags and functions', () => {
    expect(accepts(rules.text, 'a', '', 1, null, undefined)).toEqual([true, false, false, false, false])
    expect(accepts(rules.flag, true, false, 0, 'true', null)).toEqual([true, true, false, false, false])
    expect(accepts(rules.texts, [], ['a'], [''], [1], 'a', null)).toEqual([true, true, false, false, false, false])
    expect(accepts(rules.fn, () => {}, {}, null)).toEqual([true, false, false])
    expect(accepts(oneOf('a', true), 'a', true, 'b', false)).toEqual([true, true, false, false])
    expect(oneOf('a', true)[1]).toBe('must be "a" or true')
  })
})

describe('readShape', () => {
  const shape: Shape = {
    size: rules.count,
    deep: { name: rules.text },
    hedge: orElse(false, { delay: rules.atLeast0 }),
  }

  test('default', () => {
    expect(read({ size: 1, deep: { name: 'a' }, hedge: { delay: 0 } }, shape)).toBe('accepted')
    expect(read({}, shape)).toBe('accepted')
    expect(read({ hedge: false }, shape)).toBe('accepted')
  })

  test('behavior: undefined leaves the default, null does not', () => {
    expect(read({ size: undefined, deep: undefined }, shape)).toBe('accepted')
    expect(read({ size: null }, shape)).toBe('size | must be a whole number of 1 or more | null')
    expect(read({ deep: null }, shape)).toBe('deep | must be an object | null')
  })

  test('behavior: an object without prototype is one', () => {
    expect(read(Object.assign(Object.create(null), { size: 2 }), shape)).toBe('accepted')
  })

  test('error: names the field path', () => {
    expect(read({ deep: { name: '' } }, shape)).toBe('deep.name | must be a text that is not empty | ')
    expect(read({ deep: { name: '' } }, shape, 'providers[1]')).toMatch(/^providers\[1\]\.deep\.name \|/)
    expect(read({ hedge: { delay: -1 } }, shape)).toBe('hedge.delay | must be a finite number of 0 or more | -1')
    expect(read({ hedge: true }, shape)).toBe('hedge | must be an object | true')
  })

  test('error: unknown keys, those of Object.prototype too', () => {
    expect(read({ sizes: 1 }, shape)).toBe('sizes | is not an option here (there are size, deep, hedge) | 1')
    expect(read({ deep: { nam: 1 } }, shape)).toBe('deep.nam | is not an option here (there are name) | 1')
    for (const key of ['constructor', 'toString', 'hasOwnProperty', 'valueOf'])
      expect(read({ [key]: 1 }, shape)).toMatch(`${key} | is not an option here`)
    expect(read(JSON.parse('{"__proto__": 1}'), shape)).toMatch('__proto__ | is not an option here')
  })

  test('error: what is inherited is used, so it is checked', () => {
    expect(read(Object.create({ size: -1 }), shape)).toBe('size | must be a whole number of 1 or more | -1')
    class Options {
      get size() {
        return 'large'
      }
    }
    expect(read(new Options(), shape)).toBe('size | must be a whole number of 1 or more | large')
  })

  test.each([null, undefined, 1, 'text', true, [], [1]])('error: %j is no object', (value) => {
    expect(read(value, shape, 'here')).toMatch(/^here \| must be an object/)
  })
})

describe('pathOf', () => {
  test('default', () => {
    expect([pathOf('', 'a'), pathOf('a', 'b'), pathOf('methods', 'trace_*')]).toEqual(['a', 'a.b', 'methods.trace_*'])
  })

  test('behavior: a name that could be an endpoint is not printed', () => {
    expect([pathOf('', 'https://a.example/KEY'), pathOf('a', 'user@host'), pathOf('a', 'host?key=1')]).toEqual([
      '***',
      'a.***',
      'a.***',
    ])
  })
})

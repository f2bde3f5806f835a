// Checks of option objects against a shape.

import { describe, expect, test } from 'vitest'
import { InvalidOptionsError } from '../src/errors'
import type { Check } from '../src/shape'
import {
  above0,
  atLeast0,
  count,
  count0,
  flag,
  fn,
  number,
  oneOf,
  pathOf,
  shape,
  share,
  text,
  texts,
} from '../src/shape'

function read(value: unknown, check: Check, path = '') {
  try {
    check(value, path)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof InvalidOptionsError)) throw error
    const { rule, shortMessage } = error
    return `${error.path} | ${rule} | ${shortMessage.slice(0, -1).split(`${rule}, but it is `)[1]}`
  }
}

const accepts = (check: Check, ...values: unknown[]) => values.map((value) => read(value, check) === 'accepted')

describe('rules', () => {
  const odd = [Number.NaN, Infinity, -Infinity, '1', null, undefined, {}, [], true, 1n]

  test.each([
    ['number', number, [-1, 0, 0.5], []],
    ['atLeast0', atLeast0, [0, 0.5, 1e9], [-1, -1e-9]],
    ['above0', above0, [0.001, 5], [0, -0, -1]],
    ['count', count, [1, 20], [0, 1.5, -1]],
    ['count0', count0, [0, 1], [0.5, -1]],
    ['share', share, [0.1, 1], [0, 1.1, -0.5]],
  ] as const)('default: %s', (_, check, good, bad) => {
    expect(accepts(check, ...good)).toEqual(good.map(() => true))
    expect(accepts(check, ...bad, ...odd)).toEqual([...bad, ...odd].map(() => false))
  })

  test('behavior: texts, flags and functions', () => {
    expect(accepts(text, 'a', '', 1, null, undefined)).toEqual([true, false, false, false, false])
    expect(accepts(flag, true, false, 0, 'true', null)).toEqual([true, true, false, false, false])
    expect(accepts(texts, [], ['a'], [''], [1], 'a', null)).toEqual([true, true, false, false, false, false])
    expect(accepts(fn, () => {}, {}, null)).toEqual([true, false, false])
    expect(accepts(oneOf('a', true), 'a', true, 'b', false)).toEqual([true, true, false, false])
    expect(read('b', oneOf('a', true))).toBe(' | must be "a" or true | "b"')
  })
})

describe('shape', () => {
  const sizes = shape({ size: count, deep: shape({ name: text }), hedge: shape({ delay: atLeast0 }) })

  test('default', () => {
    expect(read({ size: 1, deep: { name: 'a' }, hedge: { delay: 0 } }, sizes)).toBe('accepted')
    expect(read({}, sizes)).toBe('accepted')
  })

  test('behavior: undefined leaves the default, null does not', () => {
    expect(read({ size: undefined, deep: undefined }, sizes)).toBe('accepted')
    expect(read({ size: null }, sizes)).toBe('size | must be a whole number of 1 or more | null')
    expect(read({ deep: null }, sizes)).toBe('deep | must be an object | null')
  })

  test('behavior: an object without prototype is one', () => {
    expect(read(Object.assign(Object.create(null), { size: 2 }), sizes)).toBe('accepted')
  })

  test('error: names the field path', () => {
    expect(read({ deep: { name: '' } }, sizes)).toBe('deep.name | must be a text that is not empty | ""')
    expect(read({ deep: { name: '' } }, sizes, 'providers[1]')).toMatch(/^providers\[1\]\.deep\.name \|/)
    expect(read({ hedge: { delay: -1 } }, sizes)).toBe('hedge.delay | must be a finite number of 0 or more | -1')
    expect(read({ hedge: true }, sizes)).toBe('hedge | must be an object | true')
  })

  test('error: unknown keys, those of Object.prototype too', () => {
    expect(read({ sizes: 1 }, sizes)).toBe('sizes | is not an option here (there are size, deep, hedge) | a number')
    expect(read({ deep: { nam: 1 } }, sizes)).toBe('deep.nam | is not an option here (there are name) | a number')
    for (const key of ['constructor', 'toString', 'hasOwnProperty', 'valueOf'])
      expect(read({ [key]: 1 }, sizes)).toMatch(`${key} | is not an option here`)
    expect(read(JSON.parse('{"__proto__": 1}'), sizes)).toMatch('__proto__ | is not an option here')
  })

  test('error: what an unknown key holds may be a secret', () => {
    for (const [value, shown] of [
      ['KEYKEYKEY', 'a text'],
      [7n, 'a bigint'],
      [true, 'true'],
      [['KEYKEYKEY'], 'an array'],
    ])
      expect(read({ apiKey: value }, sizes)).toMatch(new RegExp(`^apiKey \\| .* \\| ${shown}$`))
  })

  test('error: what is inherited is used, so it is checked', () => {
    expect(read(Object.create({ size: -1 }), sizes)).toBe('size | must be a whole number of 1 or more | -1')
    class Options {
      get size() {
        return 'large'
      }
    }
    expect(read(new Options(), sizes)).toBe('size | must be a whole number of 1 or more | "large"')
  })

  test.each([null, undefined, 1, 'text', true, [], [1]])('error: %j is no object', (value) => {
    expect(read(value, sizes, 'here')).toMatch(/^here \| must be an object/)
  })

  test.each([
    ['Map', new Map([['size', 2]])],
    ['Promise', Promise.resolve({ size: 2 })],
    ['Headers', new Headers({ size: '2' })],
    ['Date', new Date(0)],
  ])('error: a %s has no fields: what is in it would be lost', (name, value) => {
    expect(read({ deep: value }, sizes)).toBe(`deep | must be an object | a ${name}`)
  })

  test('behavior: what a module exports is an object', async () => {
    expect(read(await import('./support/settings'), shape({}))).toMatch(/is not an option here/)
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

// The parts that checks of what users write are made of. A check throws if the value at a path breaks its rule. A shape is the
// check of an object, key by key.

import { tagOf } from './base/describe'
import { InvalidOptionsError } from './errors'

export type Check = (value: unknown, path: string) => void
export type Test = (value: unknown) => boolean

/** @throws InvalidOptionsError */
export function refuse(path: string, rule: string, value: unknown, isSecret?: boolean): never {
  throw new InvalidOptionsError({ path, rule, value, isSecret })
}

/** A check by a test. @param what passes the test, such as "a number above 0" */
export function rule(test: Test, what: string, isSecret?: boolean): Check {
  return (value, path) => {
    if (!test(value)) refuse(path, `must be ${what}`, value, isSecret)
  }
}

export const flag = rule(isFlag, 'true or false')
export const signal = rule(
  (value) => typeof (value as AbortSignal | null)?.addEventListener === 'function',
  'an AbortSignal',
)
export const fn = rule((value) => typeof value === 'function', 'a function')
export const text = rule(isText, 'a text that is not empty')
export const texts = rule(isListOf(isText), 'a list of texts')
export const number = rule(Number.isFinite, 'a finite number')
export const atLeast0 = numberThat((value) => value >= 0, 'a finite number of 0 or more')
export const above0 = numberThat((value) => value > 0, 'a finite number above 0')
export const share = numberThat((value) => value > 0 && value <= 1, 'a number above 0 and up to 1')
export const count = rule((value) => isCount(value) && value > 0, 'a whole number of 1 or more')
export const count0 = rule(isCount, 'a whole number of 0 or more')

export function oneOf(...values: readonly unknown[]): Check {
  return rule((value) => values.includes(value), `${values.map((value) => JSON.stringify(value)).join(' or ')}`)
}

/** A check for the words of a list. */
export function among(words: readonly string[]): Check {
  return rule((value) => words.includes(value as string), `one of ${words.join(', ')}`)
}

/** Checks each item of a list. */
export function each<item>(items: readonly item[], path: string, check: (item: item, path: string) => void) {
  for (const [index, item] of items.entries()) check(item, `${path}[${index}]`)
}

/** A check of an object: a check for each key that is allowed. Fields that are `undefined` count as not given. */
export function shape(checks: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return refuse(path || 'options', 'must be an object', value)
    const fields = value as Record<string, unknown>
    for (const key of Object.keys(fields))
      if (!Object.hasOwn(checks, key))
        refuse(
          pathOf(path, key),
          `is not an option here (there are ${Object.keys(checks).join(', ')})`,
          fields[key],
          true,
        )
    // Goes by the keys of the shape, not of the object: inherited fields are used like its own, so they are checked too.
    for (const [key, check] of Object.entries(checks)) {
      const item = fields[key]
      if (item !== undefined) check(item, pathOf(path, key))
    }
  }
}

/** The path of a field. A name that could be an endpoint, put in the wrong place, is not printed. */
export function pathOf(path: string, key: string): string {
  const name = /[/@?]/.test(key) ? '***' : key
  return path ? `${path}.${name}` : name
}

/**
 * Whether a value can be an object of options. A Map or a promise shows none of what is in it as fields, and so would be taken
 * for an empty one; a list is none, nor is a signal that was given in place of `{ signal }`.
 */
export function isObject(value: unknown): value is object {
  return /Object|Module/.test(tagOf(value)) && !('addEventListener' in (value as object))
}

/** A whole number of 0 or more. */
export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

export function isListOf(test: Test): Test {
  return (value) => Array.isArray(value) && value.every(test)
}

export function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function numberThat(test: (value: number) => boolean, sentence: string): Check {
  return rule((value) => Number.isFinite(value) && test(value as number), sentence)
}

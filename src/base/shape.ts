// Checks of plain option objects against a shape: each key has a rule, or a shape of its own; unknown keys are errors.

/** A test and the sentence that says what it wants, such as "must be a number above 0". */
export type Rule = readonly [test: (value: unknown) => boolean, sentence: string]
export type Shape = { readonly [key: string]: Rule | Shape | Reader }
/** For what neither a rule nor a shape can say. */
export type Reader = (value: unknown, path: string, refuse: Refuse) => void
/** Throws the error for a broken rule. */
export type Refuse = (path: string, rule: string, value: unknown) => never

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

export const rules = {
  text: [(value) => typeof value === 'string' && value.length > 0, 'must be a text that is not empty'],
  flag: [(value) => typeof value === 'boolean', 'must be true or false'],
  number: [isNumber, 'must be a finite number'],
  atLeast0: [(value) => isNumber(value) && value >= 0, 'must be a finite number of 0 or more'],
  above0: [(value) => isNumber(value) && value > 0, 'must be a finite number above 0'],
  count: [(value) => Number.isInteger(value) && (value as number) >= 1, 'must be a whole number of 1 or more'],
  count0: [(value) => Number.isInteger(value) && (value as number) >= 0, 'must be a whole number of 0 or more'],
  share: [(value) => isNumber(value) && value > 0 && value <= 1, 'must be a number above 0 and up to 1'],
  texts: [
    (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== ''),
    'must be a list of texts',
  ],
  fn: [(value) => typeof value === 'function', 'must be a function'],
} as const satisfies Record<string, Rule>

export function oneOf(...values: readonly unknown[]): Rule {
  return [(value) => values.includes(value), `must be ${values.map((value) => JSON.stringify(value)).join(' or ')}`]
}

/** The shape, or the value itself. */
export function orElse(value: unknown, shape: Shape): Reader {
  return (given, path, refuse) => {
    if (given !== value) readShape(given, shape, path, refuse)
  }
}

export function readShape(value: unknown, shape: Shape, path: string, refuse: Refuse) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(path, 'must be an object', value)
  const fields = value as Record<string, unknown>
  for (const key of Object.keys(fields))
    if (!Object.hasOwn(shape, key))
      refuse(pathOf(path, key), `is not an option here (there are ${Object.keys(shape).join(', ')})`, fields[key])
  // By the shape's keys: what an object inherits is used like its own, so it is checked like its own.
  for (const [key, rule] of Object.entries(shape)) {
    const item = fields[key]
    if (item !== undefined) readValue(item, rule, pathOf(path, key), refuse)
  }
}

/** The path of a field. A name that could be an endpoint, put in the wrong place, is not printed. */
export function pathOf(path: string, key: string): string {
  const name = /[/@?]/.test(key) ? '***' : key
  return path ? `${path}.${name}` : name
}

function readValue(value: unknown, rule: Rule | Shape | Reader, path: string, refuse: Refuse) {
  if (typeof rule === 'function') rule(value, path, refuse)
  else if (!isRule(rule)) readShape(value, rule, path, refuse)
  else if (!rule[0](value)) refuse(path, rule[1], value)
}

function isRule(rule: Rule | Shape): rule is Rule {
  return Array.isArray(rule)
}

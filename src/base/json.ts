// How large a value is as JSON, about, and whether it can be JSON at all; without writing it out.

/** Nested deeper than this it is no request: a cycle, most likely. */
const DEEPEST = 1_000

/** About the length of the value as JSON; `undefined` if it cannot be JSON (a BigInt, a cycle). */
export function jsonLength(value: unknown): number | undefined {
  const length = measure(value, 0)
  return Number.isNaN(length) ? undefined : length
}

function measure(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value === 'bigint' || depth > DEEPEST) return Number.NaN
  if (typeof value !== 'object' || value === null) return 5
  let length = 2
  if (Array.isArray(value)) for (const item of value) length += measure(item, depth + 1) + 1
  else if (typeof (value as { toJSON?: unknown }).toJSON !== 'function')
    for (const key in value) length += key.length + 3 + measure((value as Record<string, unknown>)[key], depth + 1)
  return length
}

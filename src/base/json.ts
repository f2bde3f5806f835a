// Estimates how long a value is as JSON, and tells whether it can be JSON at all, without serialising it.

/** Levels of nesting. A value that goes deeper is taken for a cycle: no request is nested like that. */
const DEEPEST = 1_000

/** About the length of the value as JSON; `undefined` if it cannot be JSON (a BigInt, a cycle). */
export function jsonLength(value: unknown): number | undefined {
  try {
    const length = measure(value, 0)
    return Number.isNaN(length) ? undefined : length
  } catch {
    return undefined // a getter that throws here would throw again in `JSON.stringify`
  }
}

function measure(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value === 'bigint' || depth > DEEPEST) return Number.NaN
  if (typeof value !== 'object' || value === null) return 5
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return measure(toJSON.call(value), depth + 1)
  let length = 2
  for (const [key, item] of Object.entries(value)) {
    length += (Array.isArray(value) ? 1 : key.length + 3) + measure(item, depth + 1)
    // It stops at the first part that cannot be JSON: in a cycle with branches the work would double at every level.
    if (Number.isNaN(length)) break
  }
  return length
}

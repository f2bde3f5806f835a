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
  return Array.isArray(value) ? measureItems(value, depth) : measureFields(value as Record<string, unknown>, depth)
}

// Both loops stop at the first part that cannot be JSON: in a cycle with branches the work would double at every level.
function measureItems(items: readonly unknown[], depth: number): number {
  let length = 2
  for (const item of items) {
    length += measure(item, depth + 1) + 1
    if (Number.isNaN(length)) break
  }
  return length
}

function measureFields(fields: Record<string, unknown>, depth: number): number {
  let length = 2
  if (typeof fields.toJSON === 'function') return measure(fields.toJSON(), depth + 1)
  for (const key of Object.keys(fields)) {
    length += key.length + 3 + measure(fields[key], depth + 1)
    if (Number.isNaN(length)) break
  }
  return length
}

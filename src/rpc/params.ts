// Reads the params of a request, which may be anything.

/** The param at an index; `undefined` if there is none. */
export function paramOf(params: unknown, index: number): unknown {
  return Array.isArray(params) ? params[index] : undefined
}

/** A text as it is; `''` for all else, as converting it to text could throw. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

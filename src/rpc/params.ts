// The params of a request, which may be anything.

/** One of them by its place; `undefined` if there is none. */
export function paramOf(params: unknown, place: number): unknown {
  return Array.isArray(params) ? params[place] : undefined
}

/** A text as it is; all else, which may not even be made a text, is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

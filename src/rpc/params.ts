// The params of a request, which may be anything.

/** One of them by its place; `undefined` if there is none. */
export function paramOf(params: unknown, place: number): unknown {
  return Array.isArray(params) ? params[place] : undefined
}

// Calls what users have given. What goes wrong in it is their own affair: it harms neither us nor the next one.

/** The promise it returned, if it did: one of the platform, that does not reject. */
export function call<value>(fn: (value: value) => unknown, value: value): Promise<unknown> | undefined {
  try {
    const returned = fn(value)
    if (typeof (returned as PromiseLike<unknown> | undefined)?.then !== 'function') return undefined
    return Promise.resolve(returned).catch(() => {})
  } catch {
    return undefined
  }
}

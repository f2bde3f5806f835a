// Calls a function that the user gave. What it throws or rejects with goes nowhere, and harms neither us nor the next
// callback.

/** If `fn` returns a promise or a thenable, returns a promise of the platform that settles with it and never rejects. */
export function call<value>(fn: (value: value) => unknown, value: value): Promise<unknown> | undefined {
  try {
    const returned = fn(value)
    if (typeof (returned as PromiseLike<unknown> | undefined)?.then !== 'function') return undefined
    return Promise.resolve(returned).catch(() => {})
  } catch {
    return undefined
  }
}

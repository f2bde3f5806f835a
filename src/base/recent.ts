// A map that forgets: what was set longest ago goes first, when it is too old or there is too much.

export type Recent<value> = {
  get(key: string, now: number): value | undefined
  /** Sets a value, which is then the newest. */
  set(key: string, value: value, now: number): void
  delete(key: string): void
  clear(): void
  /** What is kept, the oldest first. Changes nothing. */
  all(now: number): [key: string, value: value][]
  /** Whether nothing is kept: without a look at the time, so what is too old may still count. */
  isEmpty(): boolean
}

/** @param most values that are kept. @param lasts how long a value is kept (in ms) */
export function createRecent<value>(most: number, lasts = Infinity): Recent<value> {
  const entries = new Map<string, { readonly value: value; readonly at: number }>()

  function forget(now: number) {
    for (const [key, { at }] of entries) {
      if (now - at < lasts && entries.size <= most) return
      entries.delete(key)
    }
  }

  return {
    get(key, now) {
      forget(now)
      return entries.get(key)?.value
    },
    set(key, value, now) {
      entries.delete(key)
      entries.set(key, { value, at: now })
      forget(now)
    },
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    all: (now) => [...entries].flatMap(([key, { value, at }]) => (now - at < lasts ? [[key, value]] : [])),
    isEmpty: () => entries.size === 0,
  }
}

// Names of what a provider has refused (methods, kinds of subscription), each for a while; of too many the newest.

const MOST = 500

/** @param lasts how long each is believed (in ms). */
export function createRefusals(lasts: number) {
  const until = new Map<string, number>()

  return {
    has(name: string, now: number) {
      const end = until.get(name)
      if (end === undefined) return false
      if (now < end) return true
      until.delete(name)
      return false
    },
    /** Returns whether that was news. */
    add(name: string, now: number) {
      const isNews = now >= (until.get(name) ?? -Infinity)
      until.delete(name) // the newest stand last
      if (until.size >= MOST) until.delete(until.keys().next().value as string)
      until.set(name, now + lasts)
      return isNews
    },
    remove(name: string) {
      until.delete(name)
    },
    size: () => until.size,
    all: (now: number) => [...until].filter(([, end]) => now < end).map(([name]) => name),
  }
}

// Remembers the names of what a provider has refused (methods, kinds of subscription), each for a while.

/** Names that are remembered: past it the oldest is forgotten. */
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
    /** Remembers a name, or keeps it for longer. Returns whether it was news. */
    add(name: string, now: number) {
      const isNews = now >= (until.get(name) ?? -Infinity)
      until.delete(name) // so that the newest stands last in the map
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

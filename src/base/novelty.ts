// Tells whether a key comes for the first time, as far back as keys are remembered.

/** @param most keys that are remembered: past it the oldest is forgotten. */
export function createNovelty(most: number): (key: unknown) => boolean {
  const known = new Set<unknown>()
  return (key) => {
    if (known.has(key)) return false
    known.add(key)
    if (known.size > most) known.delete(known.values().next().value)
    return true
  }
}

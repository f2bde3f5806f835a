// The time between two blocks of the chain, learned from how the heads of its providers move.

/** Steps of the head of one provider, the oldest first. `at` is in ms of the clock. */
export type Trail = { readonly height: number; readonly at: number }[]

/** No block time below this (in ms) is believed. */
export const SHORTEST = 10
/** The block time is learned from a trail of at least this many blocks. */
const LEAST_BLOCKS = 3
/** Steps of the head of one provider that are kept. */
const MOST_STEPS = 16
/** A head that is further below the last one than this (in blocks) is on another stretch of the chain, or on another chain. */
const FAR = 64

/** Adds a head to a trail if it is a step forward. Returns whether it was one. */
export function step(trail: Trail, height: number, at: number): boolean {
  const last = trail.at(-1)
  if (last && height <= last.height) {
    if (last.height - height > FAR) trail.splice(0, trail.length, { height, at })
    return false
  }
  trail.push({ height, at })
  if (trail.length > MOST_STEPS) trail.shift()
  return true
}

/**
 * The median of the block times that the trails show (in ms); `undefined` if they are too short. A provider that catches up, or
 * was stuck, shows a wrong one.
 */
export function blockTimeOf(trails: Iterable<Trail>): number | undefined {
  const times: number[] = []
  for (const trail of trails) {
    const [first, last] = [trail[0], trail.at(-1)]
    if (first && last && last.height - first.height >= LEAST_BLOCKS)
      times.push((last.at - first.at) / (last.height - first.height))
  }
  const median = times.sort((a, b) => a - b)[times.length >> 1]
  return median === undefined ? undefined : Math.max(SHORTEST, median)
}

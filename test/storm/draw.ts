// Draws choices from a seed, for everything random in a storm. Pure.

import { seededRandom } from '../support/seeded-random'

export type Draw = {
  chance(probability: number): boolean
  /** A whole number, both ends included. */
  between(low: number, high: number): number
  pick<item>(list: readonly item[]): item
  times<item>(count: number, make: () => item): item[]
}

export function drawFrom(seed: number): Draw {
  const random = seededRandom(seed)
  return {
    chance: (probability) => random() < probability,
    between: (low, high) => low + Math.floor(random() * (high - low + 1)),
    pick: (list) => list[Math.floor(random() * list.length)] as never,
    times: (count, make) => Array.from({ length: count }, make),
  }
}

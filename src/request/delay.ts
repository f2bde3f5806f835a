// The pause before a round or a led probe: full jitter, doubling, so that an outage is not met by a chorus.

import type { Random } from '../base/random'

const LONGEST = 2_000

/** @param round the round that is about to start, from 1. @returns a time up to `retryDelay` x 2^(round - 1), at most 2 s (in ms). */
export function delayBefore(round: number, parts: { random: Random; retryDelay: number }): number {
  return parts.random() * Math.min(LONGEST, parts.retryDelay * 2 ** (round - 1))
}

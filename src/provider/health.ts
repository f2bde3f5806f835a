// What the traffic of one channel tells about it: latency per group of methods, and how its last calls went. A batch counts as
// one call. Durations count from when the call leaves the channel, so without any wait for a slot.

import type { Samples } from '../base/samples'
import { createSamples } from '../base/samples'
import type { MethodGroup } from '../rpc/methods'

/** Evidence that is older than this (in ms) does not count. */
const EVIDENCE_LASTS = 5 * 60_000

/** Batches take longer than single calls, so they have samples of their own: hedges of calls in a batch are timed by those. */
export type SampleGroup = MethodGroup | 'batch'

export type Health = {
  /** A call got a usable answer after `duration` (in ms). */
  succeed(group: MethodGroup, duration: number, now: number, isBatch?: boolean): void
  fail(): void
  /** A call was given up after `duration` (in ms) because another was faster: it would have taken at least that long. */
  lose(group: MethodGroup, duration: number, now: number): void
  samples(group: SampleGroup): Samples | undefined
  /** Latency over all groups. */
  readonly overall: Samples
  /** Share of the last 32 calls that succeeded (0 to 1); `undefined` while there is none. */
  success(): number | undefined
  /** When the channel last gave a usable answer (in ms of the clock); `-Infinity` if it never did. */
  readonly answeredAt: number
  /** Whether there is evidence of the last 5 min, and it speaks for the channel. */
  isTrusted(now: number): boolean
}

export function createHealth(): Health {
  const overall = createSamples()
  const groups = new Map<SampleGroup, Samples>()
  let outcomes = 0 // one bit per call, the newest in the lowest; 1 is success
  let known = 0
  let answeredAt = -Infinity

  function note(isSuccess: boolean) {
    outcomes = ((outcomes << 1) | (isSuccess ? 1 : 0)) >>> 0
    if (known < 32) known++
  }

  function samplesOf(group: SampleGroup) {
    let samples = groups.get(group)
    if (!samples) {
      samples = createSamples()
      groups.set(group, samples)
    }
    return samples
  }

  function success() {
    if (known === 0) return undefined
    let ones = 0
    for (let bits = outcomes; bits; bits &= bits - 1) ones++
    return ones / known
  }

  function hasFailedThrice() {
    return known >= 3 && (outcomes & 0b111) === 0
  }

  return {
    succeed(group, duration, now, isBatch = false) {
      samplesOf(group).record(duration, now)
      if (isBatch) samplesOf('batch').record(duration, now)
      overall.record(duration, now)
      note(true)
      answeredAt = now
    },
    fail: () => note(false),
    lose(group, duration, now) {
      samplesOf(group).censor(duration, now)
      overall.censor(duration, now)
    },
    samples: (group) => groups.get(group),
    overall,
    success,
    get answeredAt() {
      return answeredAt
    },
    isTrusted(now) {
      return !hasFailedThrice() && (success() ?? 1) >= 0.75 && now - overall.lastAt <= EVIDENCE_LASTS
    },
  }
}

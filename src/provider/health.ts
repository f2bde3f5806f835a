// What one channel's own traffic tells about it: latency per group of methods, and how the last calls went. Times count from
// when a call left; a batch is one call.

import type { Samples } from '../base/samples'
import { createSamples } from '../base/samples'
import type { MethodGroup } from '../rpc/methods'

/** Evidence older than this says nothing (in ms). */
const EVIDENCE_LASTS = 5 * 60_000

/** Batches take longer than what is in them: what is asked beside them is timed by their own. */
export type SampleGroup = MethodGroup | 'batch'

export type Health = {
  /** A usable answer after `duration` (in ms), maybe in a batch. */
  succeed(group: MethodGroup, duration: number, now: number, isBatch?: boolean): void
  fail(): void
  /** An attempt that was given up after `duration` because another one was faster: it would have taken at least that long. */
  lose(group: MethodGroup, duration: number, now: number): void
  samples(group: SampleGroup): Samples | undefined
  /** Latency over all groups. */
  readonly overall: Samples
  /** Share of the last calls (up to 32) that went well; `undefined` while nothing is known. */
  success(): number | undefined
  /** When it last gave a usable answer (in ms of the clock); `-Infinity` while it never did. */
  readonly answeredAt: number
  /** Whether there is recent evidence at all, and it speaks for the channel. */
  isTrusted(now: number): boolean
}

export function createHealth(): Health {
  const overall = createSamples()
  const groups = new Map<SampleGroup, Samples>()
  let outcomes = 0 // newest in the lowest bit; 1 is success
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

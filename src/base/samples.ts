// The last durations of one kind: a ring, its quantiles (computed when read, not when recorded) and a moving mean.

/** Durations that the ring holds. */
const SIZE = 64

export type Samples = {
  record(value: number, now: number): void
  /** Notes a duration that was cut short: it moves the mean, but does not enter the ring and so not the quantiles. */
  censor(value: number, now: number): void
  /** Durations that were recorded in full. */
  readonly count: number
  /** Time of the newest sample (in ms of the clock), `-Infinity` while there is none. */
  readonly lastAt: number
  /** Moving mean (in ms) that follows a change within about ten samples; `undefined` while nothing is known. */
  mean(): number | undefined
  median(): number | undefined
  p95(): number | undefined
}

export function createSamples(): Samples {
  const ring = new Float64Array(SIZE)
  let count = 0
  let noted = 0 // samples in the mean, the censored ones included
  let lastAt = -Infinity
  let mean: number | undefined
  let median: number | undefined
  let p95: number | undefined
  let staleAt = 1 // value of `count` from which on the quantiles must be computed anew

  function refresh() {
    if (count < staleAt) return
    const sorted = ring.slice(0, Math.min(count, SIZE)).sort()
    median = sorted[(sorted.length - 1) >> 1]
    p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))]
    staleAt = count + (count < 16 ? 1 : 16)
  }

  function follow(value: number, now: number) {
    mean = mean === undefined ? value : mean + (value - mean) * Math.max(0.2, 1 / (noted + 1))
    noted++
    lastAt = now
  }

  return {
    record(value, now) {
      ring[count % SIZE] = value
      count++
      follow(value, now)
    },
    censor: follow,
    get count() {
      return count
    },
    get lastAt() {
      return lastAt
    },
    mean: () => mean,
    median() {
      refresh()
      return median
    },
    p95() {
      refresh()
      return p95
    },
  }
}

// The last durations of one kind: a ring, its quantiles (worked out when asked, not when recorded) and a moving mean.

const SIZE = 64

export type Samples = {
  record(value: number, now: number): void
  /** It would have taken at least this long: moves the mean, but says nothing about the usual. */
  censor(value: number, now: number): void
  readonly count: number
  /** Time of the newest sample (in ms of the clock), `-Infinity` while there is none. */
  readonly lastAt: number
  /** Moving mean that follows a change within about ten samples. `undefined` while nothing is known. */
  mean(): number | undefined
  median(): number | undefined
  p95(): number | undefined
}

export function createSamples(): Samples {
  const ring = new Float64Array(SIZE)
  let count = 0
  let noted = 0 // those cut short included
  let lastAt = -Infinity
  let mean: number | undefined
  let median: number | undefined
  let p95: number | undefined
  let staleAt = 1 // count at which the quantiles are worked out anew

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

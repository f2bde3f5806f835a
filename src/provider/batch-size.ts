// How many requests a provider takes in one batch: what the user declared, or less once it has refused a batch.

/** Most requests in one batch while nothing is declared or learned. */
const USUAL = 20

export type BatchSize = {
  /** Most requests in one batch. */
  batchSize(now: number): number
  /** The provider refused a batch and takes `most` requests at a time. Returns whether that was news. */
  learnBatchSize(most: number, now: number): boolean
  /** The size that was learned and is still believed; 1: the provider takes no batches. */
  learnedBatchSize(now: number): number | undefined
}

/** @param lasts how long what is learned is believed (in ms). */
export function createBatchSize(declared: number | undefined, lasts: number): BatchSize {
  let learned: number | undefined
  let until = -Infinity

  const learnedBatchSize = (now: number) => (now < until ? learned : undefined)
  const batchSize = (now: number) => learnedBatchSize(now) ?? declared ?? USUAL

  return {
    batchSize,
    learnedBatchSize,
    learnBatchSize(most, now) {
      const before = batchSize(now)
      if (most > before) return false
      learned = most
      until = now + lasts
      return most < before
    },
  }
}

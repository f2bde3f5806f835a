// Finds out whether a provider can read batches at all. Some cannot and do not say so: they answer an array with 500, reset
// the connection, or hang.

/** A provider that loses this many batches in a row, while it answers single calls in between, cannot read batches. */
const MOST_LOSSES = 2

export type BatchTrust = {
  /** Whether a batch may be sent now. */
  isTrusted(): boolean
  /** A mark for what leaves now, to be given to `lost` or `answered`: what left before the last change is ignored there. */
  since(): number
  /** A batch was answered or refused: the provider can read it. */
  read(): void
  /** A batch failed as a whole. */
  lost(since: number): void
  /** A single call was answered. */
  answered(since: number): void
}

/**
 * One lost batch proves nothing, as the provider may be down: no further batch is sent until a single call is answered. If the
 * next batch is lost too, the provider can read single calls only.
 * @param onUnreadable called when that is found out
 */
export function createBatchTrust(onUnreadable: () => void): BatchTrust {
  let isTrusted = true
  let changes = 0
  let losses = 0

  function turn(next: boolean) {
    isTrusted = next
    changes++
  }

  return {
    isTrusted: () => isTrusted,
    since: () => changes,
    read() {
      losses = 0
    },
    lost(since) {
      if (!isTrusted || since !== changes) return
      losses++
      turn(false)
    },
    answered(since) {
      if (isTrusted || since !== changes) return
      turn(true)
      if (losses < MOST_LOSSES) return
      losses = 0
      onUnreadable()
    },
  }
}

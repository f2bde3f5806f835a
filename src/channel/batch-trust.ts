// Whether a provider can read batches at all, where it does not say so: some answer an array with 500, reset it, or hang on it.

/** Batches lost in a row, with single calls answered in between, that mean: it cannot read them. */
const MOST_LOSSES = 2

export type BatchTrust = {
  isTrusted(): boolean
  /** Given back when what leaves now has come to its end: only what left since the last change says anything. */
  since(): number
  /** A batch was answered, or refused. */
  read(): void
  /** A batch failed as a whole. */
  lost(since: number): void
  /** A single call was answered. */
  answered(since: number): void
}

/**
 * A batch that is lost tells nothing, as its provider may be down: no other one is sent until a single call is answered. If
 * the next one is lost too, single calls are all that this provider can read.
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

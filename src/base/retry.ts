// Repeats a whole round of asking until it succeeds, never one candidate after another. The only import of p-retry.

import pRetry from 'p-retry'
import { throwIfAborted } from './abort'
import { untilAborted } from './when-aborted'

/** The pause after the first failed round (in ms); each further one is twice as long. */
const FIRST_PAUSE = 150
/** No pause is longer than this (in ms). */
const LONGEST_PAUSE = 2_000

/** Calls `run` until it resolves with `true`. Rejects with what `run` throws, or once `signal` is aborted with its reason. */
export function repeatUntil(run: () => Promise<boolean>, signal: AbortSignal | undefined): Promise<void> {
  const notYet = new Error('not yet')
  const attempt = async () => {
    throwIfAborted(signal)
    if (!(await run())) throw notYet
  }
  const settled = pRetry(attempt, {
    retries: Infinity,
    minTimeout: FIRST_PAUSE,
    maxTimeout: LONGEST_PAUSE,
    // p-retry calls `signal.throwIfAborted`, which older signals lack.
    ...(signal?.throwIfAborted && { signal }),
    // Only "not yet" is repeated. An error that `run` throws ends the repetition and reaches the caller.
    shouldRetry: ({ error }) => error === notYet,
  })
  // p-retry notices an abort only between attempts, and replaces a reason that is no Error by a TypeError.
  return untilAborted(settled, signal)
}

// Repeats something until it works: the only import of p-retry. For whole rounds of asking, never for one candidate after another.

import pRetry from 'p-retry'
import { throwIfAborted } from './abort'
import { untilAborted } from './when-aborted'

const FIRST_PAUSE = 150
const LONGEST_PAUSE = 2_000

/** Calls `run` until it returns `true`, with growing pauses of up to 2 s. Rejects with the signal's reason once it is aborted. */
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
    // It asks more of a signal than older ones have.
    ...(signal?.throwIfAborted && { signal }),
    // What `run` throws is for the caller; only "not yet" is repeated.
    shouldRetry: ({ error }) => error === notYet,
  })
  // p-retry hears of it only between attempts, and takes a reason that is no Error for a mistake.
  return untilAborted(settled, signal)
}

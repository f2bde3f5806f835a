// Repeats something until it works: the only import of p-retry. For whole rounds of asking, never for one candidate after another.

import pRetry from 'p-retry'

const FIRST_PAUSE = 150
const LONGEST_PAUSE = 2_000

/** Calls `run` until it returns `true`, with growing pauses of up to 2 s. Rejects with the signal's reason once it is aborted. */
export async function repeatUntil(run: () => Promise<boolean>, signal: AbortSignal | undefined): Promise<void> {
  const attempt = async () => {
    if (!(await run())) throw new Error('not yet')
  }
  await pRetry(attempt, {
    retries: Infinity,
    minTimeout: FIRST_PAUSE,
    maxTimeout: LONGEST_PAUSE,
    ...(signal && { signal }),
    // What `run` throws is for the caller; only "not yet" is repeated.
    shouldRetry: ({ error }) => error.message === 'not yet',
  })
}

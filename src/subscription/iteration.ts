// A stream as an async iterator: opened by the first `next`, closed by `break`, an error, or the signal. It takes the next
// value from the stream only when the last one was asked for: a slow reader holds back its own stream, and no other.

export type Feed<value> = {
  /** Yields the value. Resolves once it was asked for. */
  give(value: value): Promise<void>
  /** Ends the iteration: the next `next` rejects with the error. */
  fail(error: unknown): void
  /** Takes the off-function of the stream, as soon as there is one. */
  leaveBy(off: () => void): void
}

/**
 * @param open starts the stream; rejects if that fails.
 * @param signal ends the iteration without an error.
 */
export function createIteration<value>(
  open: (feed: Feed<value>) => Promise<unknown>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<value> {
  type Taker = { resolve: (result: IteratorResult<value>) => void; reject: (error: unknown) => void }
  const given: { value: value; taken: () => void }[] = []
  const takers: Taker[] = []
  let state: 'idle' | 'open' | 'over' = 'idle'
  let failure: { error: unknown } | undefined
  let off: (() => void) | undefined

  function end() {
    if (state === 'over') return
    state = 'over'
    signal?.removeEventListener('abort', end)
    off?.()
    for (const { taken } of given.splice(0)) taken()
    for (const taker of takers.splice(0)) finish(taker)
  }

  /** Only the first taker after a failure gets the error. */
  function finish({ resolve, reject }: Taker) {
    const told = failure
    failure = undefined
    if (told) reject(told.error)
    else resolve({ done: true, value: undefined })
  }

  function fail(error: unknown) {
    if (state === 'over') return
    failure = { error }
    end()
  }

  function start() {
    if (state !== 'idle') return
    state = 'open'
    if (signal?.aborted) return end()
    signal?.addEventListener('abort', end, { once: true })
    open({ give, fail, leaveBy }).catch(fail)
  }

  function leaveBy(close: () => void) {
    if (state === 'over') close()
    else off = close
  }

  function give(value: value): Promise<void> {
    if (state === 'over') return Promise.resolve()
    const taker = takers.shift()
    if (taker) {
      taker.resolve({ done: false, value })
      return Promise.resolve()
    }
    return new Promise((taken) => void given.push({ value, taken }))
  }

  return {
    next() {
      start()
      const first = given.shift()
      if (first) {
        first.taken()
        return Promise.resolve({ done: false, value: first.value })
      }
      return new Promise((resolve, reject) => {
        const taker = { resolve, reject }
        if (state === 'over') finish(taker)
        else takers.push(taker)
      })
    },
    return() {
      end()
      return Promise.resolve({ done: true, value: undefined })
    },
    // React Native may not have this symbol: compiled loops look for the name in quotes then.
    [Symbol.asyncIterator ?? '@@asyncIterator']() {
      return this
    },
  }
}

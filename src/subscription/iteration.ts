// A stream as an async iterator: opened by the first `next`, closed by `break`, an error, or the signal. It takes the next
// value only when the last one was asked for: who is slow holds back his own stream, and no other.

export type Feed<value> = {
  /** Resolves once the value was asked for. */
  give(value: value): Promise<void>
  /** The stream is over: whoever asks next gets the error. */
  fail(error: unknown): void
  /** How the stream is left, told as soon as that is possible. */
  leaveBy(off: () => void): void
}

/**
 * @param open starts the stream; rejects if it could not be had.
 * @param signal ends it quietly: the loop is over.
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

  /** The error is told once. */
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
    // React Native may have no such symbol: compiled loops look for this name then.
    [Symbol.asyncIterator ?? '@@asyncIterator']() {
      return this
    },
  }
}

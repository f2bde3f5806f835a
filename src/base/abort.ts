// A cheap stand-in for `AbortController` and its signal, for one call of our own. It does only what our code asks of the
// platform's, which cost as much as the rest of a call.

/** The part of an `AbortSignal` that our code uses. The signal of a `createController` holds one listener at a time. */
export type Signal = {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(name: 'abort', listener: () => void, options?: { once: boolean }): void
  removeEventListener(name: 'abort', listener: () => void): void
}

export type Controller = {
  readonly signal: Signal
  abort(reason?: unknown): void
}

export function createController(): Controller {
  let listener: (() => void) | undefined
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener(_: 'abort', added: () => void) {
      listener = added
    },
    removeEventListener() {
      listener = undefined
    },
  }
  return {
    signal,
    abort(reason = abortError()) {
      if (signal.aborted) return
      signal.aborted = true
      signal.reason = reason
      const told = listener
      listener = undefined
      told?.()
    },
  }
}

/** The reason of an aborted signal. Platforms from before 2022, and older React Native, give none: then an `AbortError`. */
export function reasonOf({ reason }: Signal): unknown {
  return reason === undefined ? abortError() : reason
}

/** Replaces the method `signal.throwIfAborted`, which platforms without `signal.reason` lack too. */
export function throwIfAborted(signal: Signal | undefined) {
  if (signal?.aborted) throw reasonOf(signal)
}

function abortError(): Error {
  const [text, name] = ['This operation was aborted', 'AbortError']
  return typeof DOMException === 'undefined' ? Object.assign(new Error(text), { name }) : new DOMException(text, name)
}

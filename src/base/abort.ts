// A controller and its signal for one call of our own: does what ours ask of the platform's, which cost as much as the rest of
// a call.

/** What is asked of a signal. An `AbortSignal` is one; so is that of a `createController`, which has room for one listener. */
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

/** Why it was aborted: signals of before 2022, as React Native had them for long, do not say. */
export function reasonOf({ reason }: Signal): unknown {
  return reason === undefined ? abortError() : reason
}

/** The signal's own is as young as its reason. */
export function throwIfAborted(signal: Signal | undefined) {
  if (signal?.aborted) throw reasonOf(signal)
}

function abortError(): Error {
  const [text, name] = ['This operation was aborted', 'AbortError']
  return typeof DOMException === 'undefined' ? Object.assign(new Error(text), { name }) : new DOMException(text, name)
}

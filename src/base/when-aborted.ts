// One listener on a signal of the user's, to however many requests it is given: Node warns of more than ten.

type Waiting = { readonly all: Set<() => void>; readonly ring: () => void }

const waiting = new WeakMap<AbortSignal, Waiting>()

/** Calls `fn`, which must not throw, once the signal is aborted. Returns the off-function. */
export function whenAborted(signal: AbortSignal, fn: () => void): () => void {
  const { all, ring } = waiting.get(signal) ?? listen(signal)
  all.add(fn)
  return () => {
    if (!all.delete(fn) || all.size > 0) return
    waiting.delete(signal)
    signal.removeEventListener('abort', ring)
  }
}

function listen(signal: AbortSignal): Waiting {
  const all = new Set<() => void>()
  const ring = () => {
    for (const fn of all) fn()
  }
  const made = { all, ring }
  waiting.set(signal, made)
  signal.addEventListener('abort', ring, { once: true })
  return made
}

// One listener on each signal of the user's, however many requests are given that signal: Node warns of more than ten.

import { reasonOf } from './abort'

type Waiting = { readonly all: Set<() => void>; readonly ring: () => void }

const waiting = new WeakMap<AbortSignal, Waiting>()

/** Calls `fn`, which must not throw, when the signal is aborted, but not if it was before. Returns the off-function. */
export function whenAborted(signal: AbortSignal, fn: () => void): () => void {
  const { all, ring } = waiting.get(signal) ?? listen(signal)
  all.add(fn)
  return () => {
    if (!all.delete(fn) || all.size > 0) return
    waiting.delete(signal)
    signal.removeEventListener('abort', ring)
  }
}

/** Settles as `promise` does, unless `signal` is aborted earlier: then it rejects with the signal's reason. */
export function untilAborted<value>(promise: Promise<value>, signal: AbortSignal | undefined): Promise<value> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const quit = () => reject(reasonOf(signal))
    if (signal.aborted) quit()
    const off = whenAborted(signal, quit)
    promise.then(resolve, reject).finally(off)
  })
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

// Whether the machine itself is cut off, as far as a browser says, and when it is back.

/** `true` only if the platform says that it is offline. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}

/** Calls `fn` whenever the platform says that it is online again, until the off-function is called. */
export function whenOnline(fn: () => void): () => void {
  const { addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>
  addEventListener?.call(globalThis, 'online', fn)
  return () => removeEventListener?.call(globalThis, 'online', fn)
}

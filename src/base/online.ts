// Whether the machine itself is offline, as far as a browser says, and when it is online again.

/** `true` only if the platform says that the machine is offline. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}

/** Calls `fn` whenever the platform says that the machine is online again. Returns the off-function. */
export function whenOnline(fn: () => void): () => void {
  const { addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>
  addEventListener?.call(globalThis, 'online', fn)
  return () => removeEventListener?.call(globalThis, 'online', fn)
}

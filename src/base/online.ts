// Whether the machine itself is cut off, as far as a browser says.

/** `true` only if the platform says that it is offline. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}

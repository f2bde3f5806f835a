// The headers of requests and handshakes: checked, and their values made known as secrets, in one place for those that are
// given as an object and those that a function gives.

import type { Redactor } from './secrets'

/** Headers as an object of strings, or a function that returns them (or a promise of them), called before each use. */
export type HeadersOption = Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>)

/** Gives the headers of one request. */
export type HeadersSource = () => Record<string, string> | Promise<Record<string, string>>

/** The error of a `headers` function that failed. By these words, rpc/failure.ts knows that nobody is to blame. */
export const NO_HEADERS = 'The `headers` function failed'

/** Headers as they are sent: names in lower case, values trimmed. `undefined` for no object of texts, or what cannot be sent. */
export function toHeaders(given: unknown): Record<string, string> | undefined {
  // A Headers or a Map has no entries as fields: it would pass for an empty object.
  if (typeof given !== 'object' || given === null || Symbol.iterator in given) return undefined
  if (!Object.values(given).every((value) => typeof value === 'string')) return undefined
  try {
    return Object.fromEntries(new Headers(given as Record<string, string>))
  } catch {
    return undefined // the platform's error would show the value
  }
}

/** A function of the user's is asked each time; if it fails, the headers reject with what it threw as the cause. */
export function createHeaders(given: HeadersOption, redactor: Redactor): HeadersSource {
  if (typeof given !== 'function') {
    const fixed = toHeaders(given) ?? {}
    redactor.add({ headers: Object.values(fixed) })
    return () => fixed
  }
  return async () => {
    try {
      const own = toHeaders(await given())
      if (!own) throw new Error('it must give an object of texts that can be sent as headers')
      redactor.addPassing({ headers: Object.values(own) })
      return own
    } catch (cause) {
      throw new Error(NO_HEADERS, { cause })
    }
  }
}

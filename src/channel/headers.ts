// Checks request headers, in one place for those that are given as an object and those that a function gives.

/** Headers as an object of texts, or a function that gives them (or a promise of them) before each use. */
export type HeadersOption = Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>)

/** How an error begins that comes of the user's `headers` function. By it, rpc/failure.ts knows that nobody is to blame. */
export const NO_HEADERS = 'The `headers` function failed: '

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

/** Calls the user's `headers` function. Rejects with what it throws, or if it does not give headers that can be sent. */
export async function askHeaders(ask: () => unknown): Promise<Record<string, string>> {
  const headers = toHeaders(await ask())
  if (!headers) throw new Error('it must give an object of texts that can be sent as headers')
  return headers
}

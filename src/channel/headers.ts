// What may be sent as headers: the one judge of those that were given and of those that a function gives.

export type HttpHeaders = Record<string, string>

/** Fixed ones, or a function that is asked for them before each use. */
export type HeadersSource = HttpHeaders | (() => HttpHeaders | Promise<HttpHeaders>)

/** How the error of a function begins that gave none: by it rpc/failure.ts knows that it is nobody's fault. */
export const NO_HEADERS = 'The `headers` function failed: '

/** As they are sent: names in lower case, no space around the values. `undefined` for what is no object of texts, or cannot be sent. */
export function toHeaders(given: unknown): HttpHeaders | undefined {
  // A Headers or a Map shows none of its entries as fields: taken for an object of texts, it would be an empty one.
  if (typeof given !== 'object' || given === null || Symbol.iterator in given) return undefined
  if (!Object.values(given).every((value) => typeof value === 'string')) return undefined
  try {
    return Object.fromEntries(new Headers(given as HttpHeaders))
  } catch {
    return undefined // the platform's words would show the value
  }
}

export async function askHeaders(ask: Exclude<HeadersSource, HttpHeaders>): Promise<HttpHeaders> {
  const headers = toHeaders(await ask())
  if (!headers) throw new Error('it must give an object of texts that can be sent as headers')
  return headers
}

// One POST over fetch: sets headers, limits the body, and ends by signal. Request and response are text here: it knows no
// JSON-RPC. Its failures are values, clean of secrets.

import { reasonOf } from '../base/abort'
import { partsOf } from '../base/url'
import { untilAborted } from '../base/when-aborted'
import { ResponseBodyTooLargeError } from '../errors'
import type { HeadersOption } from './headers'
import { createHeaders } from './headers'
import type { Redactor } from './secrets'
import { basicOf } from './secrets'

export type PostOptions = {
  url: string
  /** Headers of every request. */
  headers: HeadersOption
  /** Longest response body that is read (in bytes). */
  maxResponseBodySize: number
  /** Used instead of the platform's `fetch`. */
  fetch: typeof fetch | undefined
  provider: string
  redactor: Redactor
}

export type Posted =
  | { type: 'response'; response: Response; text: string }
  /** No response was read to its end. */
  | { type: 'failure'; cause: unknown }

/** Most bytes of a response with an error status that are read. */
const LONGEST_ERROR = 1_048_576

/** Sends a body. Rejects only if the signal is aborted, with its reason. */
export type Post = (body: string, method: string, signal: AbortSignal | undefined) => Promise<Posted>

export function createPost(options: PostOptions): Post {
  const { url, maxResponseBodySize, provider, redactor } = options
  const { username, password, bare } = partsOf(url)
  // fetch refuses a URL with user info.
  const basic = basicOf(username, password)
  redactor.add({ urls: [url] })
  const headers = createHeaders(options.headers, redactor)
  // Not by `instanceof`: what an `async` function gives need not be of the global `Promise`, which programs replace.
  const isPassing = typeof options.headers === 'function'

  return async (body, method, signal) => {
    try {
      const asked = headers()
      const own = isPassing ? await untilAborted(Promise.resolve(asked), signal) : (asked as Record<string, string>)
      const all = { 'content-type': 'application/json', ...(basic && { authorization: `Basic ${basic}` }), ...own }
      const init = { method: 'POST', headers: all, body, signal: signal ?? null }
      try {
        // The global `fetch` is looked up at each call, so that one installed later is used.
        const response = await (options.fetch ?? fetch)(bare, init)
        const text = await readText(response, maxResponseBodySize, signal)
        return { type: 'response', response, text }
      } finally {
        // Many others may have passed since: now that they may be shown, these are the newest.
        if (isPassing) redactor.addPassing({ headers: Object.values(own) })
      }
    } catch (error) {
      if (signal?.aborted) throw reasonOf(signal)
      return { type: 'failure', cause: redactor.clean(error, { provider, method }) }
    }
  }
}

/** The body of a response. With an error status, which says enough, only its beginning, or what had come when it broke off. */
async function readText(response: Response, limit: number, signal: AbortSignal | undefined): Promise<string> {
  const { ok, body, headers } = response
  const most = ok ? limit : Math.min(limit, LONGEST_ERROR)
  const declared = Number(headers.get('content-length'))
  if (ok && declared > limit) {
    body?.cancel().catch(ignore)
    throw new ResponseBodyTooLargeError({ maxSize: limit, size: declared })
  }
  if (!body?.getReader) return response.text() // no streams on this platform, or those of node-fetch
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  while (size <= most) {
    const { value } = await reader.read().catch((error) => {
      if (ok || signal?.aborted) throw error
      return {} as { value?: undefined }
    })
    if (!value) return text + decoder.decode()
    size += value.byteLength
    text += decoder.decode(value, { stream: true })
  }
  reader.cancel().catch(ignore)
  if (ok) throw new ResponseBodyTooLargeError({ maxSize: limit, size })
  return text
}

function ignore() {}

// A Channel over fetch, strict about what counts as an answer. Its errors are viem's classes and hold no endpoint, header
// or param. Knows no policy: no retries, no deadline but the caller's signal.

import { HttpRequestError, RpcRequestError } from 'viem'
import { InvalidResponseError, ResponseBodyTooLargeError } from '../errors'
import type { RpcErrorObject } from '../rpc/message'
import { buildMessage, readBody } from '../rpc/message'
import type { RpcRequest } from '../types'
import type { Channel, ChannelRequestOptions } from './channel'
import { keepHeaders, read } from './clean'
import type { Redactor } from './secrets'
import { createRedactor } from './secrets'

export type HttpHeaders = Record<string, string>

export type HttpChannelOptions = {
  /** The endpoint. User info in it is sent as an `Authorization` header. */
  url: string
  /** Id of the provider: what errors show in place of the endpoint. */
  provider: string
  /** Headers of every request, or a function that is asked for them before each one. */
  headers?: HttpHeaders | (() => HttpHeaders | Promise<HttpHeaders>) | undefined
  /** Longest response body that is read (in bytes). @default 10_485_760 */
  maxResponseBodySize?: number | undefined
  /** Used instead of the platform's `fetch`. */
  fetch?: typeof fetch | undefined
  /** The provider's redactor; it learns the secrets of this channel. */
  redactor?: Redactor | undefined
}

const LONGEST_DETAILS = 512

export function createHttpChannel(options: HttpChannelOptions): Channel {
  const { url, provider, headers = {}, maxResponseBodySize = 10_485_760, redactor = createRedactor() } = options
  const { target, authorization } = splitUrl(url)
  const ask = typeof headers === 'function' ? headers : undefined
  const fixed = typeof headers === 'function' ? undefined : headers
  redactor.add({ urls: [url], headers: valuesOf(fixed) })
  let lastId = 0

  async function request(args: RpcRequest, requestOptions?: ChannelRequestOptions) {
    const { method } = args
    const signal = requestOptions?.signal
    const id = ++lastId
    const message = buildMessage(args, id)
    let own = fixed
    let response: Response
    let text: string
    try {
      own ??= await untilAborted(askHeaders(method), signal)
      const init = { method: 'POST', headers: joinHeaders(authorization, own), body: message, signal: signal ?? null }
      // Looked up at each call, so that a fetch installed later is used.
      response = await (options.fetch ?? fetch)(target, init)
      text = await readText(response, maxResponseBodySize)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      hide(own)
      const cause = redactor.clean(error, { provider, method })
      const name = read(cause, 'name')
      if (name === 'HttpRequestError' || name === 'ResponseBodyTooLargeError') throw cause
      throw requestError(method, cause)
    }
    const answer = readBody(text, id)
    if (answer.type === 'result') return answer.result
    hide(own)
    throw answer.type === 'error'
      ? rpcError(method, response, answer.error)
      : responseError(method, response, text, answer.reason)
  }

  async function askHeaders(method: string) {
    try {
      return await ask?.()
    } catch (error) {
      // Not the provider's doing, but without headers it cannot be asked.
      const cause = redactor.clean(error, { provider, method })
      throw requestError(method, cause, 'The `headers` function failed: ')
    }
  }

  // Headers of a function are known to the redactor only once they may show.
  function hide(own: HttpHeaders | undefined) {
    if (ask) redactor.addPassing({ headers: valuesOf(own) })
  }

  function requestError(method: string, cause: unknown, prefix = '') {
    const error = new HttpRequestError({ body: { method }, details: prefix + reasonOf(cause), url: provider })
    // Given to the constructor, its message would replace the details: "fetch failed".
    Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true })
    return error
  }

  function rpcError(method: string, { ok, status, headers }: Response, error: RpcErrorObject) {
    return new RpcRequestError({
      body: { method },
      error: redactor.clean(error, { provider, method }) as RpcErrorObject,
      headers: !ok || headers.has('retry-after') ? keepHeaders(headers) : undefined,
      status: ok ? undefined : status,
      url: provider,
    })
  }

  function responseError(method: string, { ok, status, statusText, headers }: Response, text: string, reason: string) {
    const body = redactor.text(text.trim() || (ok ? '' : statusText))
    if (ok) return new InvalidResponseError({ provider, method, reason, status, body })
    return new HttpRequestError({
      body: { method },
      details: body.slice(0, LONGEST_DETAILS),
      headers: keepHeaders(headers),
      status,
      url: provider,
    })
  }

  return { type: 'http', canAbort: true, request, close() {} }
}

function valuesOf(headers: HttpHeaders | undefined) {
  return Object.values(headers ?? {}).map(String)
}

function joinHeaders(authorization: string | undefined, own: HttpHeaders | undefined) {
  const joined: HttpHeaders = { 'content-type': 'application/json' }
  if (authorization) joined.authorization = authorization
  for (const name in own) joined[name.toLowerCase()] = own[name] as string
  return joined
}

// fetch refuses a URL with user info.
function splitUrl(url: string): { target: string; authorization?: string } {
  try {
    const parsed = new URL(url)
    const { username, password } = parsed
    if (!username && !password) return { target: parsed.href }
    const authorization = `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`
    parsed.username = parsed.password = ''
    return { target: parsed.href, authorization }
  } catch {
    return { target: url } // fetch will say what is wrong with it
  }
}

async function readText(response: Response, limit: number): Promise<string> {
  const { body } = response
  const declared = Number(response.headers.get('content-length'))
  if (declared > limit) {
    body?.cancel().catch(ignore)
    throw new ResponseBodyTooLargeError({ maxSize: limit, size: declared })
  }
  if (!body) return response.text() // no streams on this platform
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > limit) {
      reader.cancel().catch(ignore)
      throw new ResponseBodyTooLargeError({ maxSize: limit, size })
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** What the errors of a cause chain say: fetch's own says only that it failed. */
function reasonOf(cause: unknown): string {
  const reasons: string[] = []
  for (let error = cause, depth = 0; error && depth < 4; error = read(error, 'cause'), depth++) {
    const reason = typeof error === 'string' ? error : read(error, 'message') || read(error, 'code')
    if (reason) reasons.push(String(reason))
  }
  return reasons.join(': ')
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function ignore() {}

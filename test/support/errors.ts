// Makers of viem's errors, as a channel throws them: same class, code, status and cause as from a real provider.
// The endpoint is 'test', the body a stand-in: no test may depend on them.

import { HttpRequestError, RpcRequestError, SocketClosedError, TimeoutError } from 'viem'

const url = 'test'
const body = { method: 'test' }

export type ErrorResponse = {
  /** HTTP status of the response that carried the error. */
  status?: number | undefined
  headers?: Record<string, string> | undefined
}

/** A JSON-RPC error object of a provider; with `status` when it came with a status other than 2xx. */
export function rpcError(code: number, message: string, data?: unknown, { status, headers }: ErrorResponse = {}) {
  return new RpcRequestError({
    body,
    error: data === undefined ? { code, message } : { code, message, data },
    ...(headers ? { headers: new Headers(headers) } : {}),
    ...(status === undefined ? {} : { status }),
    url,
  })
}

/** A response with a bad status whose body (text, or an object for JSON) is no JSON-RPC error. */
export function httpError(status: number, responseBody: unknown = '', headers: Record<string, string> = {}) {
  const error = typeof responseBody === 'string' ? responseBody : (responseBody as { error?: unknown } | null)?.error
  const details = error ? JSON.stringify(error) : undefined
  return new HttpRequestError({ body, ...(details ? { details } : {}), headers: new Headers(headers), status, url })
}

/** What viem makes of a `fetch` that failed before there was a response, with Node's error code. */
export function networkError(code = 'ECONNREFUSED') {
  const reason = Object.assign(new Error(`connect ${code} 127.0.0.1:8545`), { code })
  return new HttpRequestError({ body, cause: new TypeError('fetch failed', { cause: reason }), url })
}

export function timeoutError() {
  return new TimeoutError({ body, url })
}

/** A socket that ended while calls were pending on it. */
export function socketClosedError() {
  return new SocketClosedError({ url })
}

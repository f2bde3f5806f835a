// Makes errors of viem as a channel throws them: with the class, code, status and cause that they have from a real provider.
// The endpoint 'test' and the body are placeholders: no test may depend on them.

import { HttpRequestError, RpcRequestError, SocketClosedError, TimeoutError } from 'viem'

const url = 'test'
const body = { method: 'test' }

export type ErrorResponse = {
  /** HTTP status of the response that carried the error. */
  status?: number | undefined
  headers?: Record<string, string> | undefined
}

/** A JSON-RPC error of a provider; with `status` if the response had another status than 2xx. */
export function rpcError(code: number, message: string, data?: unknown, { status, headers }: ErrorResponse = {}) {
  return new RpcRequestError({
    body,
    error: data === undefined ? { code, message } : { code, message, data },
    ...(headers ? { headers: new Headers(headers) } : {}),
    ...(status === undefined ? {} : { status }),
    url,
  })
}

/** A response with an error status whose body (a text, or an object for JSON) is no JSON-RPC error. */
export function httpError(status: number, responseBody: unknown = '', headers: Record<string, string> = {}) {
  const error = typeof responseBody === 'string' ? responseBody : (responseBody as { error?: unknown } | null)?.error
  const details = error ? JSON.stringify(error) : undefined
  return new HttpRequestError({ body, ...(details ? { details } : {}), headers: new Headers(headers), status, url })
}

/** The error that viem makes of a `fetch` that failed before there was a response. @param code Node's error code */
export function networkError(code = 'ECONNREFUSED') {
  const happened = /RESET|PIPE|SOCKET/.test(code) ? `read ${code}` : `connect ${code} 127.0.0.1:8545`
  const reason = Object.assign(new Error(happened), { code })
  return new HttpRequestError({ body, cause: new TypeError('fetch failed', { cause: reason }), url })
}

export function timeoutError() {
  return new TimeoutError({ body, url })
}

/** The error of a call whose socket ended. */
export function socketClosedError() {
  return new SocketClosedError({ url })
}

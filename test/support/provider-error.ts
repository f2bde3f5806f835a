// Makes the error that a channel would throw for a row of provider-errors.json, of viem's own classes.

import { readFileSync } from 'node:fs'
import { BaseError, HttpRequestError, RpcRequestError } from 'viem'
import { readBody } from '../../src/rpc/message'
import type { FailureKind } from '../../src/types'

export type ProviderErrorRow = {
  id: number
  vendor: string | null
  httpStatus: number | null
  headers: Record<string, string> | null
  method: string | null
  params: unknown[] | null
  error: { code: number | null; message: string; data?: unknown } | null
  bodyText: string | null
  expected: { kind: FailureKind; failover: boolean; blamed: boolean | null; retryRange: [string, string] | null }
  fidelity: string
  ambiguous?: boolean
}

export function providerErrors(): ProviderErrorRow[] {
  return JSON.parse(readFileSync(new URL('../fixtures/provider-errors.json', import.meta.url), 'utf8'))
}

class InvalidResponseError extends BaseError {
  readonly status: number
  constructor(status: number, details: string) {
    super('The provider gave an answer that is no JSON-RPC.', { details, name: 'InvalidResponseError' })
    this.status = status
  }
}

const url = 'https://vendor.example/v2/key'
/** Matches errors of the network, thrown by `fetch` or the socket, as opposed to errors of a provider. */
const TRANSPORT = /ECONN|fetch failed|unreachable|The request timed out/

/** The error with which a channel rejects; `undefined` if the body of the row is a success. */
export function errorOfRow({
  error,
  bodyText,
  headers,
  httpStatus,
  method,
  params,
}: Partial<ProviderErrorRow>): unknown {
  const body = { jsonrpc: '2.0', id: 1, method: method ?? 'eth_blockNumber', params: params ?? [] }
  const answer = {
    headers: new Headers(headers ?? {}),
    ...(httpStatus && httpStatus >= 300 ? { status: httpStatus } : {}),
  }
  if (bodyText != null) {
    const message = readBody(bodyText, 1)
    if (message.type === 'result') return undefined
    if (message.type === 'error' && !(message.isUncoded && answer.status))
      return new RpcRequestError({ body, error: message.error, url, ...answer })
    if (answer.status) return new HttpRequestError({ body, details: bodyText.slice(0, 512), url, ...answer })
    return new InvalidResponseError(httpStatus ?? 200, bodyText.slice(0, 512))
  }
  if (!error) throw new Error('a row has an error or a body')
  if (error.code === null && TRANSPORT.test(error.message))
    return new HttpRequestError({ body, cause: new TypeError(error.message), url })
  return new RpcRequestError({ body, error: { ...error, code: error.code ?? 0 }, url, ...answer })
}

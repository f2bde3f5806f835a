import {
  HttpRequestError,
  ResponseBodyTooLargeError,
  SocketClosedError,
  UrlRequiredError,
  WebSocketRequestError,
} from 'viem'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../src/rpc/failure'
import { httpError, networkError, rpcError, timeoutError } from '../support/errors'

const url = 'https://vendor.example'
const call = { method: 'eth_call' }
const logs = { method: 'eth_getLogs' }
const kindOf = (error: unknown, context: Parameters<typeof failureOf>[1] = call) => failureOf(error, context).kind

describe('no JSON-RPC error', () => {
  test('59: ECONNREFUSED, ECONNRESET, ENOTFOUND and TLS failures are network; a caller abort is none of these', () => {
    for (const code of [
      'ECONNREFUSED',
      'ENOTFOUND',
      'EAI_AGAIN',
      'UND_ERR_CONNECT_TIMEOUT',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'fetch failed: bad port',
    ])
      expect(failureOf(networkError(code), call), code).toMatchObject({
        kind: 'network',
        blame: 'channel',
        isUntouched: true,
      })
    for (const code of ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
      expect(failureOf(networkError(code), call), code).toMatchObject({
        kind: 'network',
        blame: 'channel',
        isUntouched: false,
      })
    for (const text of ['Failed to fetch', 'Load failed', 'NetworkError when attempting to fetch resource.'])
      expect(failureOf(new HttpRequestError({ url, cause: new TypeError(text) }), call)).toMatchObject({
        kind: 'network',
        isUntouched: false,
      })
    expect(failureOf(new DOMException('aborted', 'AbortError'), call)).toMatchObject({
      kind: 'unknown',
      blame: 'nobody',
    })
  })

  const ofPlatform: [string, boolean][] = [
    ...['archive', 'history', 'gas', 'blob', 'sequence', 'busy', 'api-key', 'unauthorized'].map(
      (host) => [`getaddrinfo ENOTFOUND ${host}.example`, true] as [string, boolean],
    ),
    ['self-signed certificate', true],
    ["Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:archive.a", true],
    ['Client network socket disconnected before secure TLS connection was established', true],
    ['connect ETIMEDOUT 10.0.0.1:8545', true],
    ['connect EMFILE 10.0.0.1:8545 - Local (undefined:undefined)', true],
    ['connect EADDRNOTAVAIL ::1:8545', true],
    ['Headers Overflow Error', false],
    ['cross origin not allowed for request mode "cors"', false],
  ]
  test.each(ofPlatform)(
    'behavior: given %j of the platform, then it is about the connection, whatever its words mean elsewhere',
    (details, isUntouched) => {
      const failure = { kind: 'network', verdict: 'next', blame: 'channel' }
      for (const method of ['eth_call', 'eth_sendRawTransaction', 'eth_getLogs']) {
        const cause = new TypeError('fetch failed', { cause: new Error(details) })
        expect(failureOf(new HttpRequestError({ url, cause }), { method })).toMatchObject({ ...failure, isUntouched })
        const handshake = `The handshake of the socket failed: ${details}`
        const refused = failureOf(new WebSocketRequestError({ url, details: handshake }), { method })
        expect(refused).toMatchObject({ ...failure, isUntouched: true })
      }
    },
  )

  test('behavior: a reason with which the other side closed the socket is no answer to the call', () => {
    const closed = new WebSocketRequestError({ url, details: 'The socket was closed with 1008: invalid signature' })
    const failure = failureOf(closed, { method: 'eth_sendRawTransaction' })
    expect(failure).toMatchObject({ kind: 'network', verdict: 'next', isUntouched: true })
  })

  test.each(['', 'The handshake of the socket failed: '])(
    'behavior: given %j and a `headers` function that failed, then it was not reached, and nobody is to blame',
    (before) => {
      const details = `${before}The \`headers\` function failed: no token today`
      expect(failureOf(new HttpRequestError({ url, details }), call)).toMatchObject({
        kind: 'network',
        verdict: 'next',
        blame: 'nobody',
        isUntouched: true,
      })
    },
  )

  test('behavior: timeouts', () => {
    expect(failureOf(timeoutError(), call)).toMatchObject({
      kind: 'timeout',
      blame: 'channel',
      isUntouched: false,
      isRpc: false,
    })
    expect(kindOf(new DOMException('', 'TimeoutError'))).toBe('timeout')
    expect(kindOf(networkError('UND_ERR_HEADERS_TIMEOUT'))).toBe('timeout')
    expect(failureOf(rpcError(-32000, 'execution timeout'), call)).toMatchObject({ kind: 'timeout', blame: 'nobody' })
    const late = (status?: number) =>
      failureOf(rpcError(-32000, 'request timed out', undefined, { status }), logs).blame
    expect([late(), late(504)]).toEqual(['nobody', 'channel'])
  })

  test('behavior: HTTP failures, by what they say and by status', () => {
    const page = (status: number, title: string) =>
      httpError(status, `<!DOCTYPE html><html><title>${title}</title>Please authenticate, rate your plan`)
    expect(failureOf(page(503, 'Service Unavailable'), call)).toMatchObject({
      kind: 'server-error',
      blame: 'channel',
      isUntouched: false,
    })
    for (const status of [500, 502, 520]) expect(kindOf(page(status, 'hm'))).toBe('server-error')
    for (const status of [408, 504, 522, 524]) expect(kindOf(page(status, 'Gateway Time-out'))).toBe('timeout')
    for (const status of [521, 523, 525, 526, 530]) expect(kindOf(page(status, 'hm'))).toBe('network')
    for (const status of [401, 403])
      expect(failureOf(page(status, 'hm'), call)).toMatchObject({ kind: 'auth', blame: 'provider' })
    expect(kindOf(page(200, 'You are being rate limited'))).toBe('rate-limit')
    expect(kindOf(httpError(402, 'account suspended'))).toBe('quota')
    expect(failureOf(httpError(405, 'Method Not Allowed'), call)).toMatchObject({
      kind: 'server-error',
      blame: 'channel',
    })
    expect(kindOf(httpError(413), logs)).toBe('range-too-large')
    expect(kindOf(new HttpRequestError({ url, cause: new SyntaxError('Unexpected token < in JSON') }))).toBe(
      'invalid-response',
    )
  })

  test('behavior: a JSON error without a code, by its status; by its words where the status says nothing', () => {
    const said = (status: number, error: unknown, context = call) => {
      const { kind, blame, isRpc } = failureOf(httpError(status, { error }), context)
      return [kind, blame, isRpc]
    }
    for (const error of ['resource not found', 'no such method', { message: 'header not found' }])
      expect(said(404, error)).toEqual(['server-error', 'channel', false])
    expect(said(401, { message: 'missing required field' })).toEqual(['auth', 'provider', false])
    expect(said(503, 'reverted')).toEqual(['server-error', 'channel', false])
    expect(said(503, 'rate limited')).toEqual(['rate-limit', 'nobody', false])
    for (const status of [400, 422, 500]) {
      expect(said(status, 'hm')).toEqual(['server-error', 'channel', false])
      expect(said(status, 'block range too wide', logs)).toEqual(['range-too-large', 'nobody', false])
      expect(said(status, { message: 'execution reverted' })).toEqual(['reverted', 'nobody', false])
      expect(kindOf(httpError(status, '<html>execution reverted'))).toBe('server-error')
    }
  })

  test('behavior: a method that is refused so is one that is not served', () => {
    const refused = (body: unknown) => failureOf(httpError(403, body), { method: 'debug_traceCall' })
    const failure = { kind: 'unsupported-method', isMethodUnknown: true }
    expect(refused({ error: 'debug methods not permitted' })).toMatchObject(failure)
    expect(refused({ error: 'debug methods not permitted on your plan' })).not.toMatchObject(failure)
  })

  test('behavior: sockets', () => {
    const unsent = new WebSocketRequestError({ url, details: 'Socket is closed.' })
    expect(failureOf(unsent, call)).toMatchObject({ kind: 'network', blame: 'channel', isUntouched: true })
    expect(failureOf(new SocketClosedError({ url }), call)).toMatchObject({ kind: 'network', isUntouched: false })
    const handshake = (status: number) => failureOf(new Error(`Unexpected server response: ${status}`), call)
    expect(handshake(429)).toMatchObject({ kind: 'rate-limit', isUntouched: true })
    expect(handshake(502)).toMatchObject({ kind: 'server-error', isUntouched: true })
    expect(handshake(200)).toMatchObject({ kind: 'network', isUntouched: true })
  })

  test.each([
    ['eth_getLogs', 'result-too-large', 'nobody'],
    ['eth_call', 'result-too-large', 'nobody'],
    ['eth_getBlockByNumber', 'result-too-large', 'nobody'],
    ['eth_getTransactionReceipt', 'result-too-large', 'nobody'],
    ['debug_traceTransaction', 'result-too-large', 'nobody'],
    ['alchemy_getTokenBalance', 'result-too-large', 'nobody'],
    ['eth_getBalance', 'invalid-response', 'channel'],
    ['eth_blockNumber', 'invalid-response', 'channel'],
    ['eth_chainId', 'invalid-response', 'channel'],
    ['net_version', 'invalid-response', 'channel'],
    ['eth_sendRawTransaction', 'invalid-response', 'channel'],
  ])('behavior: a body over the limit for %s is a %s', (method, kind, blame) => {
    const failure = failureOf(new ResponseBodyTooLargeError({ maxSize: 1, size: 2 }), { method })
    expect(failure).toMatchObject({ kind, blame, verdict: 'next', isUntouched: false })
    // The provider's own word for it is one about its limits.
    const told = failureOf(rpcError(-32020, 'response too large'), { method })
    expect(told).toMatchObject({ kind: 'result-too-large', blame: 'nobody' })
  })

  test('behavior: a missing URL, an unknown throw', () => {
    expect(failureOf(new UrlRequiredError(), call)).toMatchObject({ blame: 'nobody', isUntouched: true })
    expect(failureOf(new Error('boom'), call)).toMatchObject({ kind: 'unknown', blame: 'channel', isRpc: false })
  })
})

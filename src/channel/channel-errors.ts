// The errors of the channels of a provider: of viem's classes, with the provider's id in place of the endpoint and only the
// method of the request. What they mean is decided elsewhere.

import { HttpRequestError, RpcRequestError, WebSocketRequestError } from 'viem'
import { wordsOf } from '../base/describe'
import { field } from '../base/fields'
import { InvalidResponseError, SocketClosedError } from '../errors'
import type { RpcErrorObject } from '../rpc/message'
import { fullError } from './channel'
import { keepHeaders, withCause } from './clean'
import type { Redactor } from './secrets'
import type { SocketEnd } from './socket'

export type ChannelErrors = {
  /** The answer is an error. @param response the one that it came in, over HTTP */
  rpc(method: string, error: RpcErrorObject, response?: Response | undefined): Error
  /** The answer is not JSON-RPC. Under an error status, the status counts. @param response the one that it came in, over HTTP */
  invalid(method: string, reason: string, text: string, response?: Response | undefined): Error
  /** There is no response. @param cause what `fetch` threw, clean of secrets */
  unanswered(method: string, cause: unknown): Error
  /** The socket ended while a call waited for its answer. */
  closed(): Error
  /** The socket could not be opened. Nothing was sent. */
  unconnected(method: string, end: SocketEnd): Error
  /** The socket did not take the frame. */
  unsent(method: string, error: unknown): Error
  /** Too many calls wait for their answers. */
  full(): Error
}

/** The code of a socket that was never open, or that ended without a close frame (RFC 6455, 7.4.1). */
const ABNORMAL = 1006
/** Characters of a body that an error shows. */
const LONGEST_DETAILS = 512

export function createChannelErrors(provider: string, redactor: Redactor): ChannelErrors {
  const shown = (headers: Headers) => keepHeaders(headers, redactor.text)

  function failed(method: string, given: unknown, details: string) {
    const error = new WebSocketRequestError({ body: { method }, details: redactor.text(details), url: provider })
    return withCause(error, redactor.clean(given, { provider, method }))
  }

  return {
    rpc(method, given, response) {
      const error = redactor.clean(given, { provider, method }) as RpcErrorObject
      const isLimited = response?.headers.has('retry-after')
      return new RpcRequestError({
        body: { method },
        error,
        ...(response && !response.ok && { status: response.status }),
        ...(response && (isLimited || !response.ok) && { headers: shown(response.headers) }),
        url: provider,
      })
    },
    invalid(method, reason, text, response) {
      const isRefused = response?.ok === false
      const status = response?.status
      const body = redactor.text(text.trim() || (isRefused ? response.statusText : ''))
      if (!isRefused) return new InvalidResponseError({ provider, method, reason, status, body })
      const [details, headers] = [body.slice(0, LONGEST_DETAILS), shown(response.headers)]
      return new HttpRequestError({ body: { method }, details, headers, status, url: provider })
    },
    unanswered(method, cause) {
      const name = field(cause, 'name')
      if (name === 'HttpRequestError' || name === 'ResponseBodyTooLargeError') return cause as Error
      return withCause(new HttpRequestError({ body: { method }, details: wordsOf(cause), url: provider }), cause)
    },
    closed: () => new SocketClosedError({ url: provider }),
    unconnected(method, { code, reason, cause }) {
      const what = code === ABNORMAL ? 'The handshake of the socket failed' : `The socket was closed with ${code}`
      return failed(method, cause, `${what}: ${reason}`)
    },
    unsent: (method, error) => failed(method, error, (error as Error).message),
    full: () => fullError(provider),
  }
}

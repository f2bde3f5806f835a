// The errors of a socket channel: of viem's classes, with the provider's id in place of the endpoint and only the method of
// the request. What they mean is decided elsewhere.

import { RpcRequestError, WebSocketRequestError } from 'viem'
import { InvalidResponseError, SocketClosedError } from '../errors'
import type { NoResult } from '../rpc/message'
import { fullError } from './channel'
import { withCause } from './clean'
import type { Redactor } from './secrets'
import type { SocketEnd } from './socket'

export type WsErrors = {
  /** The socket ended while a call waited for its answer. */
  closed(): Error
  /** The socket could not be opened. Nothing was sent. */
  unconnected(method: string, end: SocketEnd): Error
  /** The socket did not take the frame. */
  unsent(method: string, error: unknown): Error
  /** Too many calls wait for their answers. */
  full(): Error
  /** The answer is an error, or is not JSON-RPC. */
  answered(method: string, message: NoResult, frame: unknown): Error
}

/** The code of a socket that was never open, or that ended without a close frame (RFC 6455, 7.4.1). */
const ABNORMAL = 1006

export function createWsErrors(provider: string, redactor: Redactor): WsErrors {
  function failed(method: string, given: unknown, details: string) {
    const error = new WebSocketRequestError({ body: { method }, details: redactor.text(details), url: provider })
    return withCause(error, redactor.clean(given, { provider, method }))
  }

  return {
    closed: () => new SocketClosedError({ url: provider }),
    unconnected(method, { code, reason, cause }) {
      const what = code === ABNORMAL ? 'The handshake of the socket failed' : `The socket was closed with ${code}`
      return failed(method, cause, `${what}: ${reason}`)
    },
    unsent: (method, error) => failed(method, error, (error as Error).message),
    full: () => fullError(provider),
    answered(method, message, frame) {
      if (message.type === 'invalid')
        return new InvalidResponseError({
          provider,
          method,
          reason: message.reason,
          body: redactor.text(String(frame)),
        })
      const error = redactor.clean(message.error, { provider, method }) as typeof message.error
      return new RpcRequestError({ body: { method }, error, url: provider })
    },
  }
}

// A Channel over any viem transport. Calls its `config.request`, which lies below its own retries. Takes whatever the
// transport lets through, but not `undefined`. Subscriptions are the transport's own too: viem may open its socket again
// after an error, and the subscription goes on.

import type { Transport } from 'viem'
import { throwIfAborted } from '../base/abort'
import { field } from '../base/fields'
import { untilAborted } from '../base/when-aborted'
import { InvalidResponseError } from '../errors'
import { traitsOf } from '../rpc/methods'
import type { ChannelType, RpcRequest } from '../types'
import type { Channel, ChannelRequestOptions, SubscriptionSink, UpstreamSubscription } from './channel'
import type { Redactor } from './secrets'
import { createRedactor } from './secrets'
import { createSharedSignal } from './shared-signal'

export type ViemChannelOptions = {
  /** What the factory of a viem transport returned. */
  transport: ReturnType<Transport>
  type: ChannelType
  /** Id of the provider. */
  provider: string
  /** The provider's redactor; it learns the secrets of this transport. */
  redactor?: Redactor | undefined
}

type ViemSubscribe = {
  subscribe(given: { params: readonly unknown[] } & SubscriptionSink): Promise<UpstreamSubscription>
}

/** The `value` of viem's `webSocket()`. */
type ViemSocket = { getRpcClient?(): Promise<{ readonly socket: { readonly readyState: number }; close(): void }> }

/** The `readyState` of an open socket. */
const OPEN = 1
/** Types of transports that use a signal. viem's sockets and EIP-1193 providers ignore it. */
const ABORTABLE = ['http', 'fallback']
/** How many levels of transports within transports are searched for secrets. */
const DEEPEST = 8

export function createViemChannel(options: ViemChannelOptions): Channel {
  const { transport, type, provider, redactor = createRedactor() } = options
  const send = transport.config.request as (args: RpcRequest, options?: { signal: AbortSignal }) => Promise<unknown>
  redactor.add(secretsOfTransport(transport))

  function request(args: RpcRequest, { signal }: ChannelRequestOptions = {}): Promise<unknown> {
    return share && signal ? share(signal, (shared) => ask(args, shared)) : ask(args, signal)
  }

  function ask(args: RpcRequest, signal: AbortSignal | undefined): Promise<unknown> {
    let answer: unknown
    try {
      answer = signal ? send(args, { signal }) : send(args)
    } catch (error) {
      answer = Promise.reject(error)
    }
    // Every call comes through here, so it is neither `async` nor wraps a promise into another one.
    return (answer instanceof Promise ? answer : Promise.resolve(answer)).then(
      (result) => {
        // Some wallet methods are answered with `undefined`.
        if (result === undefined && traitsOf(args.method).kind !== 'wallet')
          throw new InvalidResponseError({ provider, method: args.method, reason: 'no result' })
        return result
      },
      (error) => {
        if (canSubscribe && isOfSocket(error)) dropDeadSocket().catch(() => {})
        throw signal?.aborted ? signal.reason : redactor.clean(error, { provider, method: args.method })
      },
    )
  }

  function subscribe(params: readonly unknown[], sink: SubscriptionSink, { signal }: ChannelRequestOptions = {}) {
    const opened = open(params, sink, signal)
    return untilAborted(opened, signal).catch((error) => {
      // viem knows no abort. If the subscription is confirmed later, it is ended at once.
      if (signal?.aborted) opened.then(({ unsubscribe }) => unsubscribe()).catch(() => {})
      throw error
    })
  }

  async function open(params: readonly unknown[], sink: SubscriptionSink, signal: AbortSignal | undefined) {
    const clean = (error: unknown) => redactor.clean(error, { provider, method: 'eth_subscribe' })
    try {
      await dropDeadSocket()
      throwIfAborted(signal)
      const given = { params, onData: sink.onData, onError: (error: unknown) => sink.onError(clean(error)) }
      const { unsubscribe } = await (transport.value as ViemSubscribe).subscribe(given)
      return { unsubscribe }
    } catch (error) {
      throw clean(error)
    }
  }

  /** viem keeps a closed socket for all users of its URL, and may never reopen it. Once it is dropped, the next call opens one. */
  async function dropDeadSocket() {
    const client = await (transport.value as ViemSocket).getRpcClient?.()
    if (client && client.socket.readyState > OPEN) client.close()
  }

  const canSubscribe = typeof field(transport.value, 'subscribe') === 'function'
  const share = ABORTABLE.includes(transport.config.type) ? createSharedSignal() : undefined
  return {
    type,
    // A nested `failover()` may be of any type; it is known by its `heads`.
    signals: share ? 'any' : field(transport.value, 'heads') ? 'platform' : undefined,
    request,
    ...(canSubscribe && { subscribe }),
    close() {},
  }
}

/** Whether an error is viem's for a socket that is gone. */
function isOfSocket(error: unknown) {
  return /^(SocketClosed|WebSocketRequest)Error$/.test(String(field(error, 'name')))
}

/** The endpoints and header values that a viem transport shows. Those of a `webSocket()` show in its errors only. */
export function secretsOfTransport(transport: unknown): { urls: string[]; headers: string[] } {
  const values = valuesOf(transport, 0)
  return {
    urls: values.map((value) => field(value, 'url')).filter((url) => typeof url === 'string'),
    headers: values.flatMap((value) => headerValues(field(field(value, 'fetchOptions'), 'headers'))),
  }
}

/** The `value` of a transport, and those of the transports in it. */
function valuesOf(transport: unknown, depth: number): unknown[] {
  const value = field(transport, 'value')
  const inner = field(value, 'transports')
  const isRead = Array.isArray(inner) && depth < DEEPEST
  return [value, ...(isRead ? inner.flatMap((child) => valuesOf(child, depth + 1)) : [])]
}

function headerValues(headers: unknown): string[] {
  if (headers instanceof Headers) return [...headers.values()]
  if (Array.isArray(headers)) return headers.map((pair) => String(field(pair, 1)))
  return Object.values(headers ?? {}).map(String)
}

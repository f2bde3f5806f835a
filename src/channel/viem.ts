// A Channel over any viem transport: its `config.request`, below its own retries. Judges nothing it lets through but
// `undefined`. Subscriptions are its own too: a socket that it opens again goes on after its error.

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

/** Of viem's `webSocket()`. */
type ViemSocket = { getRpcClient?(): Promise<{ readonly socket: { readonly readyState: number }; close(): void }> }

/** `readyState` of a socket that is. */
const OPEN = 1
/** Transports that hand a signal on; viem's sockets and an EIP-1193 provider do nothing with it. */
const ABORTABLE = ['http', 'fallback']
/** Transports inside of transports are looked at this deep. */
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
    // Not `async`, no second promise: every call comes through here.
    return (answer instanceof Promise ? answer : Promise.resolve(answer)).then(
      (result) => {
        // Wallets answer some of theirs so.
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
      // viem waits for its answer for ever; when it comes, nobody wants it any more.
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

  /** viem keeps a socket that is closed for all who use its URL, and may never open it again: the next call makes another. */
  async function dropDeadSocket() {
    const client = await (transport.value as ViemSocket).getRpcClient?.()
    if (client && client.socket.readyState > OPEN) client.close()
  }

  const canSubscribe = typeof field(transport.value, 'subscribe') === 'function'
  const share = ABORTABLE.includes(transport.config.type) ? createSharedSignal() : undefined
  return {
    type,
    // Another `failover()` may be of any type.
    canAbort: share !== undefined || field(transport.value, 'heads') !== undefined,
    takesAnySignal: share !== undefined,
    request,
    ...(canSubscribe && { subscribe }),
    close() {},
  }
}

/** Whether an error of viem tells of a socket that is gone. */
function isOfSocket(error: unknown) {
  return /^(SocketClosed|WebSocketRequest)Error$/.test(String(field(error, 'name')))
}

/** The endpoints and header values a viem transport shows; those of a `webSocket()` show in its errors only. */
export function secretsOfTransport(transport: unknown, depth = 0): { urls: string[]; headers: string[] } {
  const value = field(transport, 'value')
  const url = field(value, 'url')
  const children = field(value, 'transports')
  const inner = Array.isArray(children) && depth < DEEPEST ? children : []
  const found = inner.map((child) => secretsOfTransport(child, depth + 1))
  return {
    urls: [...(typeof url === 'string' ? [url] : []), ...found.flatMap(({ urls }) => urls)],
    headers: [
      ...headerValues(field(field(value, 'fetchOptions'), 'headers')),
      ...found.flatMap(({ headers }) => headers),
    ],
  }
}

function headerValues(headers: unknown): string[] {
  if (headers instanceof Headers) return [...headers.values()]
  if (Array.isArray(headers)) return headers.map((pair) => String(field(pair, 1)))
  return Object.values(headers ?? {}).map(String)
}

// A Channel over a link: correlated ids, pending calls, upstream subscriptions. Nothing that arrives can settle a call it
// does not belong to. Knows no policy: no retries, no deadline but the caller's signal.

import { ProviderDisconnectedError, RpcRequestError, SocketClosedError, WebSocketRequestError } from 'viem'
import type { Clock } from '../base/clock'
import { realClock } from '../base/clock'
import type { Random } from '../base/random'
import { realRandom } from '../base/random'
import { InvalidResponseError } from '../errors'
import type { RpcErrorObject } from '../rpc/message'
import { buildMessage, readMessage } from '../rpc/message'
import type { RpcRequest } from '../types'
import type { Channel, ChannelRequestOptions, SubscriptionSink, UpstreamSubscription } from './channel'
import { isObject, read } from './clean'
import type { LinkChange } from './link'
import { createLink } from './link'
import type { Redactor } from './secrets'
import { createRedactor } from './secrets'
import type { Socket, SocketEnd, SocketEvents } from './socket'
import { openSocket } from './socket'

export type WsHeaders = Record<string, string>

/** A change of the socket's state; `from` and `to` are equal where the provider only complained. */
export type SocketChange = Omit<LinkChange, 'end'> & {
  readonly why?: string | undefined
  /** Whether it is to be held against the channel, as no call is there to fail for it. */
  readonly isBlamed: boolean
}

export type WsChannelOptions = {
  /** The endpoint. */
  url: string
  /** Id of the provider: what errors show in place of the endpoint. */
  provider: string
  /** Headers of the handshake, where the platform allows them, or a function that is asked for them before each one. */
  headers?: WsHeaders | (() => WsHeaders | Promise<WsHeaders>) | undefined
  /** The provider's redactor; it learns the secrets of this channel. */
  redactor?: Redactor | undefined
  clock?: Clock | undefined
  random?: Random | undefined
  /** Told of each change, before the calls that end by it. */
  onSocket?: ((change: SocketChange) => void) | undefined
  /** Makes the sockets. @default the platform's */
  open?: ((events: SocketEvents) => Socket) | undefined
}

export type WsChannel = Channel &
  Required<Pick<Channel, 'subscribe' | 'socket' | 'dial'>> & {
    /** Keeps the socket up, for ever, until the off-function is called. */
    keep(): () => void
    /** Frames that belonged to nobody, since the start. */
    strays(): { unknown: number; malformed: number }
  }

/** `isOurs`: nobody waits for it. */
type Call = {
  readonly id: number
  readonly method: string
  readonly frame: string
  isOurs: boolean
  readonly onValue: (value: unknown) => void
  readonly onError: (error: unknown) => void
}

const MOST_PENDING = 256
/** Notifications kept while a subscription they may belong to is not confirmed. */
const MOST_EARLY = 1_000
/** Close codes of a provider that is not well. */
const FAULTS = [1006, 1011]

export function createWsChannel(options: WsChannelOptions): WsChannel {
  const {
    url,
    provider,
    headers,
    redactor = createRedactor(),
    clock = realClock,
    random = realRandom,
    onSocket,
  } = options
  const calls = new Map<number, Call>()
  const sinks = new Map<string, SubscriptionSink>()
  const counts = { unknown: 0, malformed: 0 }
  let early: { subscription: string }[] = []
  let waiting = 0 // calls somebody waits for
  let lastId = 0
  let latest: SocketChange | undefined

  redactor.add({ urls: [url], headers: typeof headers === 'object' ? Object.values(headers) : [] })
  const link = createLink({
    open: options.open ?? ((events) => openSocket({ url, headers: askHeaders }, events)),
    clock,
    random,
    onFrame: receive,
    onChange,
    // Not a user of the link, so that it keeps nothing up.
    ask: () => void place({ method: 'net_version' }, true, ignore, ignore),
  })

  async function askHeaders() {
    if (typeof headers !== 'function') return headers ?? {}
    const own = await headers()
    redactor.addPassing({ headers: Object.values(own) })
    return own
  }

  /** A call takes its place in the table before its frame leaves; on a socket that is not open yet, it waits there. */
  function place(args: RpcRequest, isOurs: boolean, onValue: Call['onValue'], onError: Call['onError']) {
    const { method } = args
    const id = ++lastId
    const call: Call = { id, method, frame: buildMessage(args, id), isOurs, onValue, onError }
    calls.set(id, call)
    if (!isOurs) {
      waiting++
      link.acquire()
    }
    if (link.state() === 'open') transmit(call)
    return call
  }

  function transmit(call: Call) {
    try {
      link.send(call.frame)
    } catch (error) {
      if (finish(call)) call.onError(requestError(call.method, error))
    }
  }

  /** Whether it was still pending. */
  function finish(call: Call): boolean {
    if (!calls.delete(call.id)) return false
    disown(call)
    return true
  }

  /** Nobody waits for it any more. */
  function disown(call: Call) {
    if (call.isOurs) return
    call.isOurs = true
    waiting--
    link.release()
  }

  /** Why nothing can be sent now. */
  function obstacle(method: string): Error | undefined {
    if (link.state() === 'closed') return new SocketClosedError({ url: provider })
    const refusal = link.refusal()
    if (refusal) return connectError(method, refusal)
    if (waiting < MOST_PENDING) return undefined
    // By its code it is nobody's fault, and nothing was sent.
    return new ProviderDisconnectedError(new Error(`${MOST_PENDING} calls are pending on the socket of ${provider}.`))
  }

  /** @param leave what becomes of the call when it is aborted. */
  function perform<value>(
    args: RpcRequest,
    { signal }: ChannelRequestOptions,
    leave: (call: Call) => void,
    onValue: (value: unknown) => value,
  ): Promise<value> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const error = obstacle(args.method)
      if (error) return reject(error)
      let call: Call | undefined
      const abort = () => {
        reject(signal?.reason)
        if (call) leave(call)
      }
      const off = () => signal?.removeEventListener('abort', abort)
      signal?.addEventListener('abort', abort, { once: true })
      const onError = (reason: unknown) => {
        off()
        reject(reason)
      }
      call = place(
        args,
        false,
        (value) => {
          off()
          try {
            resolve(onValue(value))
          } catch (unusable) {
            reject(unusable)
          }
        },
        onError,
      )
    })
  }

  function subscribe(params: readonly unknown[], sink: SubscriptionSink, given: ChannelRequestOptions = {}) {
    if (!isEstablishing()) early = []
    return perform({ method: 'eth_subscribe', params }, given, leave, (id): UpstreamSubscription => {
      if (typeof id !== 'string')
        throw new InvalidResponseError({ provider, method: 'eth_subscribe', reason: 'no subscription id' })
      if (given.signal?.aborted) void unsubscribe(id)
      else begin(id, sink)
      let ended: Promise<unknown> | undefined
      return {
        id,
        unsubscribe() {
          ended ??= sinks.get(id) === sink ? unsubscribe(id) : Promise.resolve()
          return ended
        },
      }
    })
  }

  /** A subscribe that may have reached the provider stays in the table: its late confirmation must be unsubscribed. */
  function leave(call: Call) {
    if (link.state() === 'open' && calls.size < 2 * MOST_PENDING) disown(call)
    else finish(call)
  }

  function begin(id: string, sink: SubscriptionSink) {
    link.acquire()
    sinks.set(id, sink)
    const own = early.filter(({ subscription }) => subscription === id)
    early = early.filter(({ subscription }) => subscription !== id)
    for (const params of own) deliver(id, params)
  }

  function unsubscribe(id: string): Promise<unknown> {
    if (sinks.delete(id)) link.release()
    return new Promise((resolve) => {
      const call = place({ method: 'eth_unsubscribe', params: [id] }, true, resolve, resolve)
      if (calls.size > 2 * MOST_PENDING && finish(call)) resolve(undefined)
    })
  }

  function isEstablishing() {
    return [...calls.values()].some(({ method }) => method === 'eth_subscribe')
  }

  function receive(data: unknown) {
    const body = parse(data)
    if (body?.method !== undefined) return notify(body)
    // The id as we wrote it, or the same as a text.
    const call = calls.get(Number(body?.id))
    if (!body || !call || String(body.id) !== String(call.id)) return stray(body)
    const message = readMessage(body, call.id)
    finish(call)
    const { method } = call
    if (message.type === 'result') call.onValue(message.result)
    else if (message.type === 'error') {
      const error = redactor.clean(message.error, { provider, method }) as RpcErrorObject
      call.onError(new RpcRequestError({ body: { method }, error, url: provider }))
    } else {
      const text = redactor.text(String(data))
      call.onError(new InvalidResponseError({ provider, method, reason: message.reason, body: text }))
    }
  }

  function notify({ method, params }: Record<string, unknown>) {
    const subscription = read(params, 'subscription')
    if (method !== 'eth_subscription' || typeof subscription !== 'string') return stray(undefined)
    if (sinks.has(subscription)) deliver(subscription, params)
    else if (early.length < MOST_EARLY && isEstablishing()) early.push(params as { subscription: string })
    else counts.unknown++
  }

  function deliver(id: string, params: unknown) {
    try {
      sinks.get(id)?.onData(params)
    } catch {
      // A sink's fault is its owner's; the other frames must not suffer from it.
    }
  }

  /** A frame that belongs to nobody. What a provider says without an id is told, but ends nothing. */
  function stray(body: Record<string, unknown> | undefined) {
    if (body?.id === undefined || body.id === null) counts.malformed++
    else counts.unknown++
    if (latest && body?.id === null && body.error)
      onSocket?.({ ...latest, from: 'open', why: redactor.text(String(read(body.error, 'message'))), isBlamed: false })
  }

  function onChange({ end, ...change }: LinkChange) {
    const { from, to } = change
    const isFailed = from === 'connecting' && to === 'waiting'
    const isAwaited = [...calls.values()].some(({ isOurs, method }) => !isOurs && method !== 'eth_subscribe')
    const isFault = isFailed || (to === 'waiting' && FAULTS.includes(end?.code as number))
    latest = { ...change, isBlamed: isFault && !isAwaited, ...(end && { why: redactor.text(end.reason) }) }
    onSocket?.(latest)
    if (to === 'open') for (const call of [...calls.values()]) transmit(call)
    if (!end) return
    early = []
    for (const call of [...calls.values()])
      if (finish(call)) call.onError(isFailed ? connectError(call.method, end) : closedError())
    for (const [id, sink] of [...sinks]) {
      sinks.delete(id)
      link.release()
      try {
        sink.onError(closedError())
      } catch {
        // As in `deliver`.
      }
    }
  }

  function closedError() {
    return new SocketClosedError({ url: provider })
  }

  function connectError(method: string, { reason, cause }: SocketEnd) {
    return requestError(method, cause, `The handshake of the socket failed: ${reason}`)
  }

  function requestError(method: string, given: unknown, details = (given as Error).message) {
    const error = new WebSocketRequestError({ body: { method }, details: redactor.text(details), url: provider })
    const value = redactor.clean(given, { provider, method })
    // Given to the constructor, its message would replace the details.
    if (value) Object.defineProperty(error, 'cause', { value, configurable: true, writable: true })
    return error
  }

  return {
    type: 'ws',
    canAbort: true,
    request: (args, given = {}) => perform(args, given, finish, same),
    subscribe,
    socket: link.state,
    dial: link.dial,
    keep() {
      let isKept = true
      link.acquire()
      return () => {
        if (isKept) link.release()
        isKept = false
      }
    },
    strays: () => ({ ...counts }),
    close: link.close,
  }
}

function parse(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== 'string') return undefined
  try {
    const body: unknown = JSON.parse(data)
    return isObject(body) && !Array.isArray(body) ? (body as Record<string, unknown>) : undefined
  } catch {
    return undefined // not JSON: counted with whatever else is none of ours
  }
}

function same(value: unknown) {
  return value
}

function ignore() {}

// A Channel over a link: correlates answers by id, and keeps pending calls and upstream subscriptions. A frame can only settle
// the call that it belongs to. Knows no policy: no retries, and no deadline but the caller's signal.

import type { Clock } from '../base/clock'
import { realClock } from '../base/clock'
import type { Random } from '../base/random'
import { realRandom } from '../base/random'
import { InvalidResponseError } from '../errors'
import type { RpcMessage } from '../rpc/message'
import { parseJson, readMessage } from '../rpc/message'
import type { Channel, ChannelRequestOptions, SubscriptionSink, UpstreamSubscription } from './channel'
import { createChannelErrors } from './channel-errors'
import type { HeadersOption } from './headers'
import { createHeaders, NO_HEADERS } from './headers'
import type { LinkChange } from './link'
import { createLink } from './link'
import type { PendingCall } from './pending'
import { createPending, MOST_PENDING } from './pending'
import type { Redactor } from './secrets'
import { createRedactor, renewing } from './secrets'
import { createSinks } from './sinks'
import type { Socket, SocketEvents } from './socket'
import { openSocket } from './socket'

/** A change of the socket's state; `from` and `to` are equal where the provider only complained. */
export type SocketChange = Omit<LinkChange, 'end'> & {
  readonly why?: string | undefined
  /** Whether the change counts against the channel: once, however many calls end with it. */
  readonly isBlamed: boolean
}

export type WsChannelOptions = {
  /** The endpoint. */
  url: string
  /** Id of the provider, which errors show in place of the endpoint. */
  provider: string
  /** Headers of the handshake; browsers send none. */
  headers?: HeadersOption | undefined
  /** The provider's redactor; it learns the secrets of this channel. */
  redactor?: Redactor | undefined
  clock?: Clock | undefined
  random?: Random | undefined
  /** Called with each change, before the calls are settled that end with it. */
  onSocket?: ((change: SocketChange) => void) | undefined
  /** Makes the sockets. @default the platform's */
  open?: ((events: SocketEvents) => Socket) | undefined
}

export type WsChannel = Channel & Required<Pick<Channel, 'subscribe' | 'socket' | 'strays' | 'dial' | 'keep'>>

/** Close codes that count against the channel: no close frame, or an internal error of the server (RFC 6455, 7.4.1). */
const FAULTS = [1006, 1011]

export function createWsChannel(options: WsChannelOptions): WsChannel {
  const {
    url,
    provider,
    headers = {},
    redactor: shared = createRedactor(),
    clock = realClock,
    random = realRandom,
    onSocket,
  } = options
  const redactor = renewing(shared)
  const errors = createChannelErrors(provider, redactor)
  const calls = createPending({ link: () => link, errors })
  const sinks = createSinks()
  let strays = 0
  let latest: SocketChange | undefined

  redactor.add({ urls: [url] })
  const source = createHeaders(headers, redactor)
  const link = createLink({
    open: options.open ?? ((events) => openSocket({ url, headers: source }, events)),
    clock,
    random,
    onFrame: receive,
    onChange,
    // A call of our own is no user of the link, so it does not keep the socket up.
    ask: () => void calls.place({ method: 'net_version' }, ignore, ignore),
  })

  function subscribe(params: readonly unknown[], sink: SubscriptionSink, given: ChannelRequestOptions = {}) {
    return calls.perform({ method: 'eth_subscribe', params }, given, leave, (id): UpstreamSubscription => {
      // If two subscriptions had one id, their frames could not be told apart, and unsubscribing might end the wrong one.
      if (typeof id !== 'string' || sinks.of(id))
        throw new InvalidResponseError({ provider, method: 'eth_subscribe', reason: 'no subscription id of its own' })
      if (given.signal?.aborted) void unsubscribe(id)
      else {
        link.acquire()
        sinks.add(id, sink)
      }
      let ended: Promise<unknown> | undefined
      return {
        unsubscribe() {
          ended ??= sinks.of(id) === sink ? unsubscribe(id) : Promise.resolve()
          return ended
        },
      }
    })
  }

  /** An `eth_subscribe` that may have reached the provider stays pending, so that a late confirmation is unsubscribed. */
  function leave(call: PendingCall) {
    if (link.state() === 'open' && calls.size < 2 * MOST_PENDING) calls.disown(call)
    else calls.finish(call)
  }

  function unsubscribe(id: string): Promise<unknown> {
    if (sinks.remove(id)) link.release()
    return new Promise((resolve) => {
      const call = calls.place({ method: 'eth_unsubscribe', params: [id] }, resolve, () => resolve(undefined))
      // Too many are unanswered: this provider does not answer `eth_unsubscribe`. The call was sent, which has to do.
      if (calls.size > 2 * MOST_PENDING && calls.finish(call)) resolve(undefined)
    })
  }

  function isEstablishing() {
    return calls.all().some(({ method }) => method === 'eth_subscribe')
  }

  function receive(data: unknown) {
    const body = typeof data === 'string' ? parseJson(data) : undefined
    const { id, method, params, result, error } = (body ?? {}) as Record<string, unknown>
    if (method === 'eth_subscription' && sinks.give(params, isEstablishing)) return
    // Some answers have a `method` beside their result or error. A request of the other side has neither result nor error.
    const isAnswer = method == null || result !== undefined || error !== undefined
    const call = isAnswer ? calls.find(id) : undefined
    if (!call) return stray(id === null ? readMessage(body, 0) : undefined)
    calls.finish(call)
    const message = readMessage(body, call.id)
    if (message.type === 'result') call.onValue(message.result)
    else if (message.type === 'error') call.onError(errors.rpc(call.method, message.error))
    else call.onError(errors.invalid(call.method, message.reason, String(data)))
  }

  /** Counts a frame that belongs to nobody. An error without an id is reported as a complaint, but ends nothing. */
  function stray(message: RpcMessage | undefined) {
    strays++
    if (latest && message?.type === 'error')
      onSocket?.({ ...latest, from: 'open', why: redactor.text(message.error.message), isBlamed: false })
  }

  function onChange({ end, ...change }: LinkChange) {
    const { from, to } = change
    const isLost = to === 'waiting'
    const isFailed = isLost && from !== 'open'
    // Only the calls of this moment: those that listeners add meanwhile are not affected by this change.
    const present = calls.all()
    const isAwaited = present.some(({ isOurs, method }) => !isOurs && method !== 'eth_subscribe')
    const isFault =
      !end?.reason.startsWith(NO_HEADERS) && (isFailed || isAwaited || FAULTS.includes(end?.code as number))
    latest = { ...change, isBlamed: isLost && isFault, ...(end && { why: redactor.text(end.reason) }) }
    onSocket?.(latest)
    if (to === 'open') {
      for (const call of present) if (!call.travel) calls.transmit(call)
      calls.serve()
    }
    if (!end) return
    // Calls that were not sent yet go over the next socket, if one is coming.
    const isKept = isLost && !isFailed && !link.refusal()
    for (const call of present) {
      if (!(isKept && call.travel) && calls.finish(call))
        call.onError(isFailed || call.travel ? errors.unconnected(call.method, end) : errors.closed())
    }
    for (let left = sinks.end(errors.closed()); left > 0; left--) link.release()
  }

  return {
    type: 'ws',
    signals: 'any',
    load: calls.load,
    request: (args, given = {}) => calls.perform(args, given, calls.finish, same),
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
    strays: () => strays,
    close: link.close,
  }
}

function same(value: unknown) {
  return value
}

function ignore() {}

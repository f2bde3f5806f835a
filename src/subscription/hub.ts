// All subscriptions over one list of providers: one shared stream for equal params, and the parts that these streams have in
// common. What a subscriber is given is decided in the streams.

import type { Hex } from 'viem'
import { call } from '../base/call'
import { createGate } from '../base/gate'
import { SubscriptionGapError, TransportClosedError } from '../errors'
import type { Asked, Parts } from '../request/flight'
import { asViemError } from '../request/landing/error'
import type { Face } from '../request/route/plan'
import type { RpcRequest, SocketState } from '../types'
import { createAsking } from './asking'
import { createBackfill } from './backfill'
import type { Block } from './block'
import { createHeadFeed } from './heads/head-feed'
import { createHeadStream } from './heads/head-stream'
import type { SubscriptionKey } from './key'
import { createKnownHeads } from './known-head'
import { createBlooms } from './logs/blooms'
import { createLogStream } from './logs/log-stream'
import type { VerifyMode } from './logs/trust'
import { createPlainStream } from './plain-stream'
import type { Shared, SharedStatus } from './shared'
import { createShared } from './shared'
import { createLagWatch } from './source/lag'
import { createPlaces } from './source/places'
import type { Stream, StreamSink } from './stream'
import type { SubscriberOptions } from './subscriber'

export type HubOptions = {
  readonly parts: Parts
  readonly verify: VerifyMode
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: { readonly heads: number; readonly logs: number }
  /** Answers the library's own requests like those of callers: with logs of any width, and filters that outlive a provider. */
  readonly request: (asked: Asked) => Promise<unknown>
}

/** A subscription of `client.transport.subscribe()`, in viem's shape. */
export type Subscription = {
  /** The id that comes with each notification. The library gives it out: no provider knows it. */
  readonly subscriptionId: Hex
  /** Ends the subscription; nothing is given after it. Calling it again does nothing. */
  unsubscribe(): Promise<unknown>
}

export type Hub = {
  /**
   * Resolves when the stream is ready, so that no event is missed any more; at the latest after the timeout of `face`.
   * @param onJoin gets the off-function as soon as the subscriber has joined, before this resolves
   * @throws NoProviderError, or the error of a provider, if nobody serves the kind
   */
  subscribe(
    face: Face,
    key: SubscriptionKey,
    subscriberOf: (id: Hex) => SubscriberOptions,
    onJoin?: (leave: () => void) => void,
  ): Promise<Subscription>
  status(): SharedStatus[]
  onSocket(provider: string, to: SocketState): void
  onWrongChain(provider: string): void
  close(): void
}

/** The shortest time between two polls (in ms). */
const SHORTEST_INTERVAL = 500
/** Most reads under way of all log streams together. With two calls each they take half of the room of a socket. */
const MOST_READS = 64
/** Hex digits of a subscription's id, like geth's. */
const ID_LENGTH = 32

/** @param face that of the client that subscribed first: its transports serve the others too */
export function createHub(options: HubOptions, face: Face): Hub {
  const { parts } = options
  const { clock, events } = parts
  const plan = face.planner({ method: 'eth_subscribe' })
  const places = createPlaces(parts, face.channels, plan)
  const asking = createAsking(options, face)
  const backfill = createBackfill(asking.ask)
  const request = (asked: RpcRequest) =>
    options.request({ channels: face.channels, request: asked, plan: { ...face.planner(asked), isInner: true } })
  const knownHead = createKnownHeads(parts, backfill, places)
  const lag = createLagWatch({ parts, places, ...asking })
  const common = { ...options, ...asking, backfill, places, lag, knownHead, interval, onReorg, request }
  const heads = createHeadFeed(common)
  const logParts = { ...common, heads, blooms: createBlooms(), gate: createGate(MOST_READS) }
  const shares = new Map<string, Shared>()
  let lastId = 0

  function onReorg(removed: readonly Block[], isReset: boolean, provider: string | undefined) {
    const [newest, oldest] = [removed[0], removed.at(-1)]
    if (!newest || !oldest) return
    events.emit('reorg', {
      from: oldest.number,
      to: newest.number,
      depth: removed.length,
      ...(provider && { provider }),
      ...(isReset && { reset: true }),
    })
  }

  function interval() {
    const time = parts.heads.blockTime() ?? Infinity
    const intervals = [...shares.values()].map((shared) => shared.interval())
    return Math.max(SHORTEST_INTERVAL, Math.min(time, ...intervals))
  }

  function open(key: SubscriptionKey): Shared {
    const onEnd = () => {
      shares.delete(key.id)
      if (shares.size === 0) asking.abort()
    }
    asking.begin()
    const shared = createShared({ clock, events, key, open: (sink) => streamOf(key, sink), onEnd })
    shares.set(key.id, shared)
    return shared
  }

  function streamOf(key: SubscriptionKey, sink: StreamSink): Stream {
    if (key.kind === 'newHeads') return createHeadStream(heads, backfill, sink)
    return key.kind === 'logs' ? createLogStream(logParts, key, sink) : createPlainStream(common, key, sink)
  }

  return {
    async subscribe({ planner }, key, subscriberOf, onJoin) {
      const shared = shares.get(key.id) ?? open(key)
      const id: Hex = `0x${(++lastId).toString(16).padStart(ID_LENGTH, '0')}`
      const { subscriber, start } = beforeStart(subscriberOf(id))
      const leave = shared.add(subscriber)
      onJoin?.(leave)
      const ready = shared.whenReady(planner({ method: 'eth_subscribe' }).timeout)
      try {
        if (ready) await ready
      } catch (error) {
        leave()
        throw await asViemError(error, 'eth_subscribe')
      }
      start()
      return {
        subscriptionId: id,
        unsubscribe() {
          leave()
          return Promise.resolve(true)
        },
      }
    },
    status: () => [...shares.values()].map((shared) => shared.status()),
    onSocket: places.onSocket,
    onWrongChain: places.onWrongChain,
    close() {
      for (const shared of [...shares.values()]) shared.close(new TransportClosedError())
      heads.close()
    },
  }
}

/** Holds back an error that comes before the start: if the subscriber's promise rejects, it has heard of the error by that. */
function beforeStart(given: SubscriberOptions) {
  let hasStarted = false
  let ended: { readonly error: unknown } | undefined
  const onError = (error: unknown) => {
    if (hasStarted || error instanceof SubscriptionGapError) return given.onError(error)
    ended = { error }
    return undefined
  }
  return {
    subscriber: { ...given, onError },
    start() {
      hasStarted = true
      if (ended) void call(given.onError, ended.error)
    },
  }
}

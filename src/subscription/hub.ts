// Everything that is subscribed to over one list of providers: one shared stream for equal params, and what those streams
// have in common. What a subscriber is given is decided in the streams.

import type { Hex } from 'viem'
import { createGate } from '../base/gate'
import { TransportClosedError } from '../errors'
import type { ChannelState } from '../provider/provider'
import type { Parts } from '../request/flight'
import { asViemError } from '../request/outcome'
import type { ClientChannels, Plan, Planner, RequestOverrides } from '../request/plan'
import { exclusionOf } from '../request/route'
import type { RpcRequest, SocketState } from '../types'
import type { Ask, AskOptions } from './backfill'
import { createBackfill } from './backfill'
import type { Block } from './block'
import { createHeadStream } from './heads/head-stream'
import { createHeads } from './heads/heads'
import type { SubscriptionKey } from './key'
import { subscriptionKeyOf } from './key'
import { createBlooms } from './logs/blooms'
import type { VerifyMode } from './logs/logs'
import { createLogs } from './logs/logs'
import { createPlain } from './plain'
import type { Shared, SharedStatus } from './shared'
import { createShared } from './shared'
import { createPlaces } from './source/places'
import type { Stream, StreamSink } from './stream'
import type { SubscriberOptions } from './subscriber'

export type HubOptions = {
  readonly parts: Parts
  /** Of the client that subscribed first: its transports serve all. */
  readonly channels: ClientChannels
  readonly planner: Planner
  readonly verify: VerifyMode
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: { readonly heads: number; readonly logs: number }
  /** A read of the hub's own; logs may be of any width. */
  readonly part: (
    channels: ClientChannels,
    request: RpcRequest,
    plan: Plan,
    signal: AbortSignal,
    onAnswer: (channel: ChannelState) => void,
  ) => Promise<unknown>
  /** A request like a caller's. */
  readonly request: (request: RpcRequest) => Promise<unknown>
}

export type Subscription = {
  readonly subscriptionId: Hex
  unsubscribe(): Promise<unknown>
}

export type Hub = {
  /**
   * Resolves when nothing that comes from now on is missed, at the latest after the plan's timeout.
   * @throws InvalidOptionsError for params that break a rule; NoProviderError, or what providers said, if nobody serves the kind
   */
  subscribe(params: readonly unknown[], subscriberOf: (id: Hex) => SubscriberOptions): Promise<Subscription>
  status(): SharedStatus[]
  onSocket(provider: string, to: SocketState): void
  close(): void
}

/** In ms. */
const SHORTEST_INTERVAL = 500
/** Reads of log streams at a time, however many streams: of two calls each, they take half of the room of a socket. */
const MOST_READS = 64
/** Hex digits of a subscription's id, like geth's. */
const ID_LENGTH = 32

export function createHub({ parts, channels, planner, verify, mostFilled, part, request }: HubOptions): Hub {
  const { clock, events } = parts
  const plan = planner({ method: 'eth_subscribe' })
  const places = createPlaces(parts, channels, plan)
  const backfill = createBackfill(ask)
  const blooms = createBlooms()
  const gate = createGate(MOST_READS)
  const shares = new Map<string, Shared>()
  let lastId = 0
  /** What is being asked: it ends when nobody wants it any more. One signal for all would have too many listeners. */
  const asking = new Set<AbortController>()
  const heads = createHeads({
    parts,
    ask,
    backfill,
    places,
    providers,
    mostFilled: mostFilled.heads,
    interval,
    onReorg,
  })

  function ask(...[asked, { purpose, timeout, ...overrides }]: Parameters<Ask>): ReturnType<Ask> {
    // A client that is pinned to one provider asks nobody else.
    const limits = plan.isPinned ? {} : overridesOf(overrides, plan)
    const own: Plan = { ...planner(asked, { ...limits, timeout }), isInner: true, kept: undefined }
    let by = ''
    const onWinner = ({ provider }: ChannelState) => {
      by = provider.id
      provider.upkeep[purpose]++
    }
    const controller = new AbortController()
    asking.add(controller)
    return part(channels, asked, own, controller.signal, onWinner)
      .then((value) => ({ value, provider: by }))
      .finally(() => asking.delete(controller))
  }

  /** Ids of those that may be asked without a caller's request. */
  function providers() {
    const allowed = parts.channels.filter((channel) => exclusionOf(channel, plan.need, plan) === undefined)
    return [...new Set(allowed.flatMap(({ provider }) => (provider.setup.isBackup ? [] : [provider.id])))]
  }

  function onReorg(removed: readonly Block[], isReset: boolean, provider: string | undefined) {
    const [newest, oldest] = [removed[0], removed.at(-1)]
    if (!newest || !oldest || !events.has('reorg')) return
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

  function reasons() {
    return parts.channels.map((channel) => ({
      provider: channel.provider.id,
      reason: exclusionOf(channel, plan.need, plan) ?? 'has no socket',
    }))
  }

  function open(key: SubscriptionKey): Shared {
    const shared = createShared({
      clock,
      events,
      key,
      open: (sink) => streamOf(key, sink),
      onEnd: () => onEnd(key),
    })
    shares.set(key.id, shared)
    return shared
  }

  function onEnd({ id }: SubscriptionKey) {
    shares.delete(id)
    if (shares.size > 0) return
    for (const controller of asking) controller.abort(new Error('Nobody is subscribed any more.'))
  }

  function streamOf(key: SubscriptionKey, sink: StreamSink): Stream {
    if (key.kind === 'newHeads') return createHeadStream(heads, backfill, sink)
    if (key.kind === 'logs')
      return createLogs({
        parts,
        key,
        backfill,
        places,
        heads,
        blooms,
        gate,
        verify,
        mostFilled: mostFilled.logs,
        sink,
      })
    return createPlain({ clock, key, places, sink, request, reasons, interval })
  }

  return {
    async subscribe(params, subscriberOf) {
      const key = subscriptionKeyOf(params)
      const shared = shares.get(key.id) ?? open(key)
      const id: Hex = `0x${(++lastId).toString(16).padStart(ID_LENGTH, '0')}`
      const leave = shared.add(subscriberOf(id))
      const ready = shared.whenReady(plan.timeout)
      try {
        if (ready) await ready
      } catch (error) {
        leave()
        throw await asViemError(error, 'eth_subscribe')
      }
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
    close() {
      for (const shared of [...shares.values()]) shared.close(new TransportClosedError())
      heads.close()
    },
  }
}

function overridesOf(
  {
    provider,
    isPinned = false,
    exclude = [],
    channel,
  }: Pick<AskOptions, 'provider' | 'isPinned' | 'exclude' | 'channel'>,
  plan: Plan,
): RequestOverrides {
  return {
    ...(provider && { provider, allowFailover: !isPinned }),
    exclude: [...(plan.exclude ?? []), ...exclude],
    channel: channel ?? plan.channel,
  }
}

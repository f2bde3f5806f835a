// The events: their map, and an emitter whose listeners cannot do any harm. The only import of eventemitter3.

import { EventEmitter } from 'eventemitter3'
import { call } from './base/call'
import type { BreakerStateName, ChannelType, FailureKind, SocketState } from './types'

/** Emitted exactly once for each request, when it ends. */
export type RequestEvent = {
  /** Number of the request, from 1 on; the same in its `attempt` and `failover` events. */
  id: number
  method: string
  outcome: 'success' | 'error' | 'aborted'
  /**
   * Attempts made for the request until it ended, without copies that probe a breaker; 0 if it was answered locally or shared
   * the answer of an equal request.
   */
  attempts: number
  /** Id of the provider that gave the answer, or the error that is told; if none did, of the one that was asked last. */
  provider?: string
  /** The channel of `provider` that was used. */
  channel?: ChannelType
  /** Time from the call to its end (in ms). */
  duration: number
  /** The error, unless the outcome is `'success'`: its name, the kind of failure, and the JSON-RPC code if it has one. */
  error?: { name: string; kind?: FailureKind; code?: number }
}

/** Emitted once for each attempt (one call sent on one channel), when it is settled. */
export type AttemptEvent = {
  /** Number of the request, as in `RequestEvent`. Attempts for a subscription have one that no `RequestEvent` has. */
  id: number
  method: string
  provider: string
  channel: ChannelType
  /** Whether the attempt was made beside another one: as a hedge or as a probe. */
  hedged: boolean
  /** Time from the start of the attempt to its end (in ms), including any wait for a slot. */
  duration: number
  outcome: 'success' | 'failure' | 'aborted'
  /** How it failed. `blamed`: whether the failure counts against the channel. `code`: of JSON-RPC. `status`: of HTTP. */
  failure?: { kind: FailureKind; blamed: boolean; code?: number; status?: number }
}

/** Emitted when a request goes on from one channel to another. */
export type FailoverEvent = {
  /** Number of the request, as in `RequestEvent`. */
  id: number
  method: string
  from: { provider: string; channel: ChannelType }
  to: { provider: string; channel: ChannelType }
  /** How the attempt on `from` failed. */
  why: FailureKind
}

/** Emitted when the breaker of a channel changes its state. */
export type BreakerEvent = {
  provider: string
  channel: ChannelType
  from: BreakerStateName
  to: BreakerStateName
  /** Time until a probe is due (in ms); only when the breaker opens, and none if it was opened by hand for good. */
  wait?: number
  /**
   * The failure that opened the breaker; none if it was opened by hand, closes, or is open again after a probe that said
   * nothing.
   */
  why?: FailureKind
}

/** Emitted when a provider is left alone for a while, because it said "too much", or that it is down and for how long. */
export type LimitEvent = {
  provider: string
  kind: 'rate-limit' | 'quota' | 'server-error'
  /** How long the provider is left alone (in ms). */
  cooldown: number
}

/** Emitted when something was learned about what a provider can do. */
export type CapabilityEvent = {
  provider: string
  what: 'method' | 'chain' | 'state' | 'logs' | 'subscription' | 'batchSize'
  /** The method, the chain id of the client or the kind of subscription that this is about; else what was known before. */
  from: string
  /** What is known now. */
  to: string
  /** The kind of failure that showed it, or a reason in words. */
  why: string
}

/** Emitted when the socket of a `ws` URL changes its state; with equal `from` and `to` if the provider only sent a complaint. */
export type ConnectionEvent = {
  provider: string
  from: SocketState
  to: SocketState
  /** Number of the present or next connect, counted from 1 since the socket last stayed up. */
  attempt: number
  /** Why the last socket ended. */
  why?: string
  /** Time until the next connect (in ms). `'waiting'` without it: no socket can be made, so none is tried again. */
  delay?: number
}

/** Emitted when the best head, the highest block that is believed, has moved. */
export type HeadEvent = {
  /** Id of the provider that has shown the new best head. */
  provider: string
  from?: number
  to: number
}

/** Emitted when blocks that were shown are no longer part of the chain. */
export type ReorgEvent = {
  /** The first block that was replaced. */
  from: number
  /** The last block that was replaced. */
  to: number
  /** How many blocks were replaced. */
  depth: number
  /** Id of the provider whose blocks replace them, if known. */
  provider?: string
  /** Set if the chain itself went back: a lower head was taken, and nothing is known yet of the blocks that come instead. */
  reset?: true
}

/** Emitted when providers disagree about an answer, or an answer does not fit what is known and no provider had a better one. */
export type DisputeEvent = {
  method: string
  provider: string
  /** What does not fit, in words. */
  what: string
  /** The block in question. */
  block?: number
  /** The newest block that the provider has shown. */
  head?: number
}

/** Emitted when a subscription changes its state or its source. `'closed'` is its end: who subscribes then opens another. */
export type SubscriptionEvent = {
  /** The kind of the subscription, and a number for the rest of its params (`'logs#8d278eb1'`). */
  key: string
  from: 'opening' | 'live' | 'filling' | 'switching' | 'polling' | 'closed'
  to: SubscriptionEvent['from']
  /** Id of the provider that the events come from now. */
  provider?: string
  /** Whether they are pushed over a socket or polled. */
  channel?: 'ws' | 'poll'
  /** Why the last source was left. */
  why?: string
}

/**
 * Emitted when events of the blocks `from` to `to` are missing from a subscription; with `late` when events of these blocks are
 * given or taken back only now, after those of later blocks.
 */
export type GapEvent = { key: string; from: number; to: number; late?: true; why?: string }

/** The events of `client.transport.on()`, by name. */
export type EventMap = {
  request: RequestEvent
  attempt: AttemptEvent
  failover: FailoverEvent
  breaker: BreakerEvent
  limit: LimitEvent
  capability: CapabilityEvent
  connection: ConnectionEvent
  subscription: SubscriptionEvent
  gap: GapEvent
  head: HeadEvent
  reorg: ReorgEvent
  dispute: DisputeEvent
}

/** The name of an event of `client.transport.on()`. */
export type EventName = keyof EventMap
/** A listener for one event. It gets a frozen object; what it throws or rejects with is dropped. */
export type Listener<name extends EventName> = (event: Readonly<EventMap[name]>) => void

/** @template map event names, with what their listeners get */
export type Events<map = EventMap> = {
  /** Calls `listener` for each event. Returns the off-function, which may be called twice. */
  on<name extends keyof map & string>(name: name, listener: (event: Readonly<map[name]>) => void): () => void
  /** Whether the event has listeners, so that a payload need not be made for none. */
  has(name: keyof map & string): boolean
  emit<name extends keyof map & string>(name: name, event: map[name]): void
}

export function createEvents<map = EventMap>(): Events<map> {
  const emitter = new EventEmitter<string>()
  return {
    on(name, listener) {
      // Each listener is guarded by itself, so that one that throws or rejects does not keep the event from the next one.
      const guarded = (event: Readonly<map[typeof name]>) => void call(listener, event)
      emitter.on(name, guarded)
      return () => void emitter.off(name, guarded)
    },
    has: (name) => emitter.listenerCount(name) > 0,
    emit(name, event) {
      emitter.emit(name, Object.freeze(event))
    },
  }
}

// What can be watched: the event map, and an emitter whose listeners can break nothing. The only import of eventemitter3.

import { EventEmitter } from 'eventemitter3'
import { call } from './base/call'
import type { BreakerStateName, ChannelType, FailureKind, SocketState } from './types'

/** Exactly one per request, when it ends. */
export type RequestEvent = {
  id: number
  method: string
  outcome: 'success' | 'error' | 'aborted'
  /**
   * Attempts made for it until then, without copies that probe a breaker; 0 if it was answered locally or shared the answer of an
   * equal request.
   */
  attempts: number
  /** Who gave the answer, or the error that is told; if nobody did, who was asked last. */
  provider?: string
  channel?: ChannelType
  /** From call to end (in ms). */
  duration: number
  error?: { name: string; kind?: FailureKind; code?: number }
}

/** One per dispatch, when it is settled. */
export type AttemptEvent = {
  /** The request's id. What streams ask has ids that no `request` event has. */
  id: number
  method: string
  provider: string
  channel: ChannelType
  /** Whether it was a second try beside another one: a hedge or a probe. */
  hedged: boolean
  /** From dispatch to end (in ms). */
  duration: number
  outcome: 'success' | 'failure' | 'aborted'
  failure?: { kind: FailureKind; blamed: boolean; code?: number; status?: number }
}

/** A request went on to another channel. */
export type FailoverEvent = {
  id: number
  method: string
  from: { provider: string; channel: ChannelType }
  to: { provider: string; channel: ChannelType }
  /** Why the first one did not do. */
  why: FailureKind
}

/** The breaker of a channel has changed its state. */
export type BreakerEvent = {
  provider: string
  channel: ChannelType
  from: BreakerStateName
  to: BreakerStateName
  /** How long it stays open before a probe (in ms); only when it opens, and not if that is for good, by hand. */
  wait?: number
  /** The failure that opened it; none if it was opened by hand, closes, or is open again after a probe that said nothing. */
  why?: FailureKind
}

/** A provider said "too much", or that it is down and for how long, and is left alone for a while. */
export type LimitEvent = {
  provider: string
  kind: 'rate-limit' | 'quota' | 'server-error'
  /** How long it is left alone (in ms). */
  cooldown: number
}

/** Something was learned about what a provider can do. */
export type CapabilityEvent = {
  provider: string
  what: 'method' | 'chain' | 'state' | 'logs' | 'subscription' | 'batchSize'
  /** What it is about: the method, the chain id that was expected, the kind of subscription; else what was known before. */
  from: string
  /** What is known now. */
  to: string
  why: string
}

/** The socket of a provider (of those given as URLs) has changed; `from` equals `to` where the provider only complained. */
export type ConnectionEvent = {
  provider: string
  from: SocketState
  to: SocketState
  /** Connects since it last stayed up, the present or next one included. */
  attempt: number
  /** Why the last socket ended. */
  why?: string
  /** Until the next connect (in ms). */
  delay?: number
}

/** The best head has moved: the highest block that is believed. */
export type HeadEvent = {
  /** Who has shown it. */
  provider: string
  from?: number
  to: number
}

/** Blocks that were shown are no longer part of the chain. */
export type ReorgEvent = {
  /** First block that was replaced. */
  from: number
  /** Last one. */
  to: number
  depth: number
  provider?: string
  /** The chain itself went back: a lower head was taken, and nothing is known of what replaces the blocks. */
  reset?: true
}

/** Providers disagree about what one of them said, or nobody could better an answer that does not fit what is known. */
export type DisputeEvent = {
  method: string
  provider: string
  /** What does not fit. */
  what: string
  /** The block in question, and the newest that the provider has shown. */
  block?: number
  head?: number
}

/** A subscription has changed its state or its source. `closed` is the last that is told of it; who subscribes then opens another. */
export type SubscriptionEvent = {
  /** The kind, and a number for the rest of its params. */
  key: string
  from: 'opening' | 'live' | 'filling' | 'switching' | 'polling' | 'closed'
  to: SubscriptionEvent['from']
  /** Where it comes from now. */
  provider?: string
  channel?: 'ws' | 'poll'
  /** Why it left where it was. */
  why?: string
}

/** Events of blocks are missing from a subscription; or, `late`, come, or are taken back, after those of later blocks. */
export type GapEvent = { key: string; from: number; to: number; late?: true; why?: string }

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

export type EventName = keyof EventMap
export type Listener<name extends EventName> = (event: Readonly<EventMap[name]>) => void

/** @template map names and what their listeners get */
export type Events<map = EventMap> = {
  /** Calls `listener` for each event. Returns the off-function, which may be called twice. */
  on<name extends keyof map & string>(name: name, listener: (event: Readonly<map[name]>) => void): () => void
  /** Whether anybody listens: what comes with every request is not put together for nobody. */
  has(name: keyof map & string): boolean
  emit<name extends keyof map & string>(name: name, event: map[name]): void
}

export function createEvents<map = EventMap>(): Events<map> {
  const emitter = new EventEmitter<string>()
  return {
    on(name, listener) {
      // Guarded by one, so that a listener that throws or rejects keeps nothing from the next one.
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

// What can be watched: the event map, and an emitter whose listeners can break nothing. The only import of eventemitter3.

import { EventEmitter } from 'eventemitter3'
import type { BreakerStateName, ChannelType, FailureKind, SocketState } from './types'

/** Exactly one per request, when it ends. */
export type RequestEvent = {
  id: number
  method: string
  outcome: 'success' | 'error' | 'aborted'
  /** Attempts made for it; 0 if it was answered locally or shared the answer of an equal request. */
  attempts: number
  /** Who gave the answer. */
  provider?: string
  channel?: ChannelType
  /** From call to end (in ms). */
  duration: number
  error?: { name: string; kind?: FailureKind; code?: number }
}

/** One per dispatch, when it is settled. */
export type AttemptEvent = {
  /** The request's id. */
  id: number
  method: string
  provider: string
  channel: ChannelType
  /** Whether it was a second try beside another one: a hedge or a probe. */
  hedged: boolean
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

export type BreakerEvent = {
  provider: string
  channel: ChannelType
  from: BreakerStateName
  to: BreakerStateName
  /** How long it stays open before a probe (in ms); only when it opens. */
  wait?: number
}

/** A provider said "too much" and is left alone for a while. */
export type LimitEvent = { provider: string; kind: 'rate-limit' | 'quota' /** in ms */; cooldown: number }

/** Something was learned about what a provider can do. */
export type CapabilityEvent = {
  provider: string
  what: 'method' | 'chain' | 'batchSize'
  /** The method, the chain id that was expected, or the size that was used. */
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

export type EventMap = {
  request: RequestEvent
  attempt: AttemptEvent
  failover: FailoverEvent
  breaker: BreakerEvent
  limit: LimitEvent
  capability: CapabilityEvent
  connection: ConnectionEvent
}

export type EventName = keyof EventMap
export type Listener<name extends EventName> = (event: Readonly<EventMap[name]>) => void

export type Events = {
  /** Calls `listener` for each event. Returns the off-function, which may be called twice. */
  on<name extends EventName>(name: name, listener: Listener<name>): () => void
  /** Whether anybody listens: nothing is worked out for nobody. */
  has(name: EventName): boolean
  emit<name extends EventName>(name: name, event: EventMap[name]): void
}

export function createEvents(): Events {
  const emitter = new EventEmitter<string>()
  return {
    on(name, listener) {
      // Guarded by one, so that a listener that throws or rejects keeps nothing from the next one.
      const guarded = (event: Readonly<EventMap[typeof name]>) => {
        try {
          const returned = (listener as (event: Readonly<EventMap[typeof name]>) => unknown)(event)
          // Any promise, also one of another realm or library: an `await` is not needed, only that it is not left unhandled.
          const { then } = (returned ?? {}) as Partial<PromiseLike<unknown>>
          if (typeof then === 'function') then.call(returned, undefined, () => {})
        } catch {
          // A listener's fault is not the request's.
        }
      }
      emitter.on(name, guarded)
      return () => void emitter.off(name, guarded)
    },
    has: (name) => emitter.listenerCount(name) > 0,
    emit(name, event) {
      emitter.emit(name, Object.freeze(event))
    },
  }
}

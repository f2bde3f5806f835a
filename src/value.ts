// What `client.transport` has beside viem's own, over an engine.

import type { EIP1193RequestOptions } from 'viem'
import { defined } from './base/defined'
import { repeatUntil } from './base/retry'
import { checkKnown, checkRequestOptions } from './checks'
import type { Engine } from './engine'
import type { EventName, Listener } from './events'
import type { RequestOptions } from './options'
import type { Face, RequestOverrides } from './request/route/plan'
import { failureOf } from './rpc/failure'
import { count0, fn, isObject, refuse, rule, shape, signal } from './shape'
import type { Status } from './status'
import type { Subscription } from './subscription/hub'
import type { HeadOfChain, LogsOfBlock } from './subscription/items'
import type { HeadStreamOptions, LogStreamOptions, LogsFilter, SubscribeOptions } from './subscription/subscriptions'
import type { BreakerStateName, ChannelType, RpcRequest } from './types'

declare global {
  /** As TypeScript's own library `esnext.disposable` has it: who does not use that needs it too. */
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/** A channel's breaker, to look at and to work by hand. */
export type BreakerControl = {
  readonly state: BreakerStateName
  /** Leaves the channel alone. @param ms how long; by default as after a failure. */
  open(ms?: number): void
  /** Uses the channel again at once. */
  close(): void
  /** Counts a failure seen elsewhere. */
  recordFailure(error?: unknown): void
}

/** `client.transport.request`: viem's, with more options. Throws the same errors as `client.request`. */
export type FailoverRequestFn = <returnType = unknown>(
  request: RpcRequest,
  options?: RequestOptions | undefined,
) => Promise<returnType>

/** What `client.transport` has beside viem's own. */
export type FailoverValue = {
  request: FailoverRequestFn
  /**
   * viem's: what `eth_subscribe` pushes. For `newHeads` and `logs` every event of the canonical chain once, in order, whatever
   * becomes of sockets and providers; reorgs are told as nodes tell them. Without a socket it polls. Equal subscriptions share
   * one stream. Resolves when nothing that comes from now on is missed, at the latest after `timeout`.
   * @throws InvalidOptionsError for params that break a rule; what providers said if none of them serves the kind
   */
  subscribe<result = unknown>(options: SubscribeOptions<result>): Promise<Subscription>
  /** The blocks of the canonical chain from the next one on. `break`, or the signal, ends it. */
  heads(options?: HeadStreamOptions | undefined): AsyncIterableIterator<HeadOfChain>
  /**
   * The logs of the canonical chain, block by block, and at least every 100 blocks an item that says how far it is. `break`, or
   * the signal, ends it.
   * @throws InvalidOptionsError for a filter or an option that breaks a rule
   */
  logs(filter?: LogsFilter | undefined, options?: LogStreamOptions | undefined): AsyncIterableIterator<LogsOfBlock>
  /** What is known of the providers now. Synchronous, without side effects, JSON-safe. */
  status(): Status
  /** Calls `listener` for each event of the engine. Returns the off-function. */
  on<name extends EventName>(name: name, listener: Listener<name>): () => void
  /**
   * The breaker of one channel.
   * @throws InvalidOptionsError if there is no such channel
   */
  breaker(id: string, channel: ChannelType): BreakerControl
  /**
   * Resolves with `status()` once a provider is verified.
   * @throws TransportClosedError, or the signal's reason
   */
  ready(options?: { signal?: AbortSignal | undefined } | undefined): Promise<Status>
  /** Ends the engine of this chain for all its clients: pending and later calls reject with `TransportClosedError`. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const checkWait = shape({ signal })
const checkLogs = shape({
  signal,
  fromBlock: rule((value) => typeof value === 'bigint' && value >= 0n, 'must be a bigint of 0 or more'),
  confirmations: count0,
})
const EVENTS =
  'request, attempt, failover, breaker, limit, capability, connection, subscription, gap, head, reorg, dispute'
const eventName = rule((value) => EVENTS.split(', ').includes(value as string), `must be one of ${EVENTS}`)

export function requestOf(engine: Engine, { channels, planner }: Face, ids: readonly string[]): FailoverRequestFn {
  return ((request: RpcRequest, given?: RequestOptions) => {
    try {
      if (typeof request?.method !== 'string') return refuse('method', 'must be a text', request?.method)
      if (given === undefined) return engine.request({ channels, request, plan: planner(request) })
      if (!isObject(given)) return refuse('options', 'must be an object', given)
      // viem's own say nothing to us.
      const { dedupe, methods, retryCount, retryDelay, uid, ...own } = given as RequestOptions & EIP1193RequestOptions
      const options = defined<RequestOptions>(own)
      checkRequestOptions(options, 'options')
      const { signal, ...rest } = options
      const overrides = Object.keys(rest).length > 0 ? rest : undefined
      if (overrides) checkNamed(overrides, ids, 'options')
      return engine.request({ channels, request, plan: planner(request, overrides), signal })
    } catch (error) {
      return Promise.reject(error)
    }
  }) as FailoverRequestFn
}

/** Other fields may be of a later viem. */
function checkSubscriber(given: SubscribeOptions) {
  if (!isObject(given)) refuse('options', 'must be an object', given)
  fn(given.onData, 'onData')
  if (given.onError !== undefined) fn(given.onError, 'onError')
}

export function checkNamed({ provider, exclude = [] }: RequestOverrides, ids: readonly string[], path: string) {
  if (provider !== undefined) checkKnown(provider, ids, `${path}.provider`)
  for (const [index, id] of exclude.entries()) checkKnown(id, ids, `${path}.exclude[${index}]`)
}

export function extrasOf(engine: Engine, face: Face, request: FailoverRequestFn, isQuiet: boolean): FailoverValue {
  const close = async () => engine.close()
  return {
    request,
    async subscribe(given) {
      checkSubscriber(given)
      const turnedOff = isQuiet ? 'is not subscribed to: `subscriptions` is false' : undefined
      return await engine.subscriptions.subscribe(face, given, turnedOff)
    },
    heads(given = {}) {
      checkWait(given, '')
      return engine.subscriptions.heads(face, given)
    },
    logs(filter, given = {}) {
      checkLogs(given, '')
      return engine.subscriptions.logs(face, filter, given)
    },
    status: () => engine.status(),
    on(name, listener) {
      eventName(name, 'event')
      fn(listener, 'listener')
      return engine.events.on(name, listener)
    },
    breaker: (id, channel) => controlOf(engine, id, channel),
    async ready(given = {}) {
      checkWait(given, '')
      await repeatUntil(() => engine.verifyAny(face), given.signal)
      return engine.status()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function controlOf(engine: Engine, id: string, type: ChannelType): BreakerControl {
  const ids = engine.providers.map((provider) => provider.id)
  checkKnown(id, ids, 'id')
  const channel = engine.channel(id, type)
  if (!channel) return refuse('channel', `must be a channel of provider ${id}`, type)
  const { breaker } = channel
  return {
    get state() {
      return breaker.snapshot(engine.now()).state
    },
    open(ms) {
      if (ms !== undefined && !(typeof ms === 'number' && ms >= 0)) refuse('ms', 'must be a number of 0 or more', ms)
      breaker.open(engine.now(), ms)
    },
    close: () => breaker.close(),
    recordFailure(error) {
      breaker.recordFailure(engine.now(), failureOf(error, { method: '' }).kind)
    },
  }
}

// The members of `client.transport` that are the library's own, over an engine.

import type { EIP1193RequestOptions } from 'viem'
import { defined } from './base/fields'
import { repeatUntil } from './base/retry'
import { checkKnown, checkNamed, checkRequestOptions } from './checks'
import type { Engine } from './engine'
import type { EventName, Listener } from './events'
import type { RequestOptions } from './options'
import type { Face } from './request/route/plan'
import { failureOf } from './rpc/failure'
import { among, count0, fn, isObject, refuse, rule, shape, signal } from './shape'
import type { Status } from './status'
import type { Subscription } from './subscription/hub'
import type { HeadOfChain, LogsOfBlock } from './subscription/items'
import type { HeadStreamOptions, LogStreamOptions, LogsFilter, SubscribeOptions } from './subscription/subscriptions'
import type { BreakerStateName, ChannelType, RpcRequest } from './types'

declare global {
  /** Declared as in TypeScript's library `esnext.disposable`, for programs that do not use that one. */
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/** The breaker of one channel, to read and to set by hand. */
export type BreakerControl = {
  /** State of the breaker now. */
  readonly state: BreakerStateName
  /**
   * Opens the breaker, so that the channel is left alone.
   * @param ms how long until a probe is due (in ms; `Infinity` for good). @default as long as after a failure
   * @throws InvalidOptionsError unless `ms` is a number of 0 or more
   */
  open(ms?: number): void
  /** Closes the breaker, so that the channel is used again at once. */
  close(): void
  /** Counts a failure that was seen elsewhere. @param error what went wrong: errors of kind network or timeout open it sooner */
  recordFailure(error?: unknown): void
}

/**
 * `client.transport.request`: viem's own, with more options. Rejects with the same errors as `client.request`, and with
 * `InvalidOptionsError` for options that break a rule.
 */
export type FailoverRequestFn = <returnType = unknown>(
  request: RpcRequest,
  options?: RequestOptions | undefined,
) => Promise<returnType>

/** What `client.transport` has in addition to viem's own members. */
export type FailoverValue = {
  /** Sends one request, as viem's own `request` does, with options such as `provider`, `timeout` and `signal`. */
  request: FailoverRequestFn
  /**
   * Subscribes to what `eth_subscribe` pushes, in viem's shape. For `newHeads` and `logs`, every event of the canonical chain
   * comes once, in order, whatever happens to sockets and providers; reorgs are reported as nodes report them. Without a socket,
   * it polls. Equal subscriptions share one stream. Resolves once no later event can be missed, at the latest after `timeout`.
   * @throws InvalidOptionsError for params that break a rule; NoProviderError if the option `subscriptions` is false
   * @throws the error of a provider if none serves the kind; TransportClosedError after `close()`
   */
  subscribe<result = unknown>(options: SubscribeOptions<result>): Promise<Subscription>
  /**
   * Yields the blocks of the canonical chain from the next one on, until `break` or the signal ends the loop.
   * @throws InvalidOptionsError for an option that breaks a rule
   */
  heads(options?: HeadStreamOptions | undefined): AsyncIterableIterator<HeadOfChain>
  /**
   * Yields the logs of the canonical chain, block by block, until `break` or the signal ends the loop; at least every 100
   * blocks comes an item that says how far the stream is.
   * @throws InvalidOptionsError for a filter or an option that breaks a rule
   */
  logs(filter?: LogsFilter | undefined, options?: LogStreamOptions | undefined): AsyncIterableIterator<LogsOfBlock>
  /** Returns what is known of the providers and subscriptions. Synchronous, without side effects, JSON-safe. */
  status(): Status
  /**
   * Calls `listener` for each event of this name from the engine of this chain. Returns a function that removes it.
   * @throws InvalidOptionsError for an unknown event
   */
  on<name extends EventName>(name: name, listener: Listener<name>): () => void
  /**
   * Returns the breaker of one channel, by the provider's id.
   * @throws InvalidOptionsError if there is no such channel
   */
  breaker(id: string, channel: ChannelType): BreakerControl
  /**
   * Resolves with `status()` once a provider's chain is verified, and waits until then: give it a signal.
   * @throws TransportClosedError after `close()`, or the signal's reason
   */
  ready(options?: { signal?: AbortSignal | undefined } | undefined): Promise<Status>
  /**
   * Ends the engine of this chain for all clients made from it: their pending and later calls reject with
   * `TransportClosedError`. A client that is made afterwards gets a new engine. Idempotent.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const checkWait = shape({ signal })
const checkLogs = shape({
  signal,
  fromBlock: rule((value) => typeof value === 'bigint' && value >= 0n, 'a bigint of 0 or more'),
  confirmations: count0,
})
const EVENTS = 'request attempt failover breaker limit capability connection subscription gap head reorg dispute'
const eventName = among(EVENTS.split(' '))

export function requestOf(engine: Engine, { channels, planner }: Face, ids: readonly string[]): FailoverRequestFn {
  return ((request: RpcRequest, given?: RequestOptions) => {
    try {
      if (typeof request?.method !== 'string') return refuse('method', 'must be a text', request?.method)
      if (given === undefined) return engine.request({ channels, request, plan: planner(request) })
      if (!isObject(given)) return refuse('options', 'must be an object', given)
      // Options of viem's own `request` have no meaning here.
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

/** Unknown fields are allowed: they may be of a later viem. */
function checkSubscriber(given: SubscribeOptions) {
  if (!isObject(given)) refuse('options', 'must be an object', given)
  fn(given.onData, 'onData')
  if (given.onError !== undefined) fn(given.onError, 'onError')
}

/** @param isQuiet whether the option `subscriptions` is false: then `subscribe` is refused. */
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

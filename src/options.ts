// The types of what users write: the list of providers, the options, and the options of one request. checks.ts checks them.

import type { FallbackTransportConfig, Transport } from 'viem'
import type { HeadersOption } from './channel/headers'
import type { LogsOptions } from './methods/logs/wide-logs'
import type { BreakerOptions } from './provider/breaker'
import type { Capabilities } from './provider/capability'
import type { LimitOptions } from './provider/quota'
import type { HedgeOptions, MethodOptions, RequestOverrides } from './request/route/plan'
import type { Strategy } from './request/route/strategy'
import type { VerifyMode } from './subscription/logs/trust'

/** A provider of the list: a service with one or two endpoints, and what is known about it. */
export type ProviderConfig = {
  /**
   * Name of the provider in errors, events and `status()`. It must be unique in the list and must not be a URL.
   * @default the host (without labels that look random) with an unusual port, or the key of a transport; with -2, -3 if taken
   */
  id?: string | undefined
  /** Endpoint for requests: a URL (`http:`, `https:`) or any viem transport. At least one of `http` and `ws` is needed. */
  http?: string | Transport | undefined
  /** Socket endpoint: a URL (`ws:`, `wss:`) or a viem transport. It serves subscriptions and, while it is open, requests too. */
  ws?: string | Transport | undefined
  /**
   * Headers for requests to an `http` URL and, on Node, for the handshake of a `ws` URL. A function is called before each
   * of them.
   * @default none
   */
  headers?: HeadersOption | undefined
  /** Providers with a lower number are asked first; on a tie the list order decides. @default the index in the list, from 0 */
  priority?: number | undefined
  /** Share of the requests under `strategy: 'load-balanced'`, relative to that of the others; above 0. @default 1 */
  weight?: number | undefined
  /**
   * Price of a call, relative to that of the others. A hedge never goes to a dearer provider while a cheaper one is left.
   * @default 1
   */
  cost?: number | undefined
  /**
   * Whether the provider is used only when all others failed or cannot serve. It gets no hedges, probes or explorations.
   * @default false
   */
  backup?: boolean | undefined
  /**
   * Whether the provider keeps transactions private. If the list has private providers, raw transactions and other methods
   * that take signed ones (such as `eth_sendBundle`) go to no others, whatever fails.
   * @default false; true for a `failover()` as an entry that has private providers
   */
  private?: boolean | undefined
  /**
   * Whether the provider holds accounts: account, signing and `wallet_*` methods go to it first.
   * @default true for viem transports that are not of type http, webSocket, ipc, fallback or failover; else false
   */
  wallet?: boolean | undefined
  /** What the provider can do, as far as you know. What is not declared is learned from its answers. */
  capabilities?: Capabilities | undefined
  /** What the provider allows: pace, concurrency, size of batches. @default no limits */
  limits?: LimitOptions | undefined
  /** When the breakers of the provider's channels open, and for how long. Each value defaults to that of the list's `breaker`. */
  breaker?: BreakerOptions | undefined
}

/** An entry of the list: a URL (`http:`, `https:`, `ws:`, `wss:`), any viem transport, or a provider. */
export type ProviderEntry = string | Transport | ProviderConfig

/** How a request goes on when all candidates failed in a way that may pass. */
export type RetryOptions = {
  /** Most rounds of one request; a round asks every candidate once. @default as many as the deadline allows */
  rounds?: number | undefined
  /**
   * Base of the pause before a further round (in ms): a random time up to `delay` x 2^(round - 1), at most 2_000.
   * @default 150
   */
  delay?: number | undefined
  /** Most unspent attempts of second and later rounds; each request adds a fifth of one. @default 20 */
  budget?: number | undefined
}

/** How raw transactions are sent. */
export type TransactionOptions = {
  /**
   * Whether a raw transaction is offered to one provider after another (`'first'`), or to all at once (`'all'`).
   * @default 'first'
   */
  broadcast?: 'first' | 'all' | undefined
}

/** The widest gap of a subscription that is filled in. Of a wider one the newest blocks are, and the rest is reported. */
export type BackfillOptions = {
  /** Widest gap of a subscription to `newHeads` (in blocks). @default 256 */
  heads?: number | undefined
  /** Widest gap of a subscription to `logs` (in blocks). @default 10_000 */
  logs?: number | undefined
}

/**
 * The options of `failover()`. All are optional, and checked when it is called; the ids under `methods` when a client is made,
 * if a transport in the list has no `id`.
 */
export type FailoverOptions = {
  /** Key of the transport, as in viem. @default 'failover' */
  key?: string | undefined
  /** Name of the transport, as in viem. @default 'Failover' */
  name?: string | undefined
  /**
   * Limit for a whole request, all attempts and pauses included (in ms); 0 for none. It holds for wallet methods only if it
   * is given.
   * @default 10_000, or what a viem `fallback()` around this transport hands down
   */
  timeout?: number | undefined
  /** The order in which providers are asked. @default 'priority' */
  strategy?: Strategy | undefined
  /**
   * Options by method: a name, or a prefix like `'trace_*'`. A name beats prefixes, a longer prefix beats a shorter one.
   * Only the options of the best match hold; they are not merged.
   */
  methods?: Record<string, MethodOptions> | undefined
  /** When a slow read is also sent to another candidate; `false`: never. */
  hedge?: false | HedgeOptions | undefined
  /** How a request goes on when all candidates failed in a way that may pass. */
  retry?: RetryOptions | undefined
  /**
   * Whether requests wait, within their deadlines, while the breaker of every candidate is open; `false`: they fail at once,
   * with `retryAfter`. @default true
   */
  waitForProvider?: boolean | undefined
  /** When the breaker of a channel opens, and for how long; for all providers of the list. */
  breaker?: BreakerOptions | undefined
  /** How raw transactions are sent. */
  transactions?: TransactionOptions | undefined
  /**
   * `'head'`: block numbers never go backwards, and an answer is not taken while another provider may know better.
   * `'none'`: answers are taken as they come.
   * @default 'head'
   */
  consistency?: 'head' | 'none' | undefined
  /**
   * How far a provider may be behind the best head (in blocks) and still be asked for the newest state.
   * @default 2, or 3 s worth of blocks if that is more
   */
  maxLag?: number | undefined
  /** How an `eth_getLogs` that is wider than the providers take is split. */
  logs?: LogsOptions | undefined
  /** Whether the chain id of each provider is checked before its answers are used. @default true */
  verifyChain?: boolean | undefined
  /**
   * Whether viem's `watch*` subscribe (`true`: `transport.type` is `'webSocket'`) or poll (`false`).
   * @default 'auto': they subscribe if the first entry is a socket or any provider has `ws`
   */
  subscriptions?: 'auto' | boolean | undefined
  /**
   * Whether reads to `http:` and `https:` URLs travel in JSON-RPC batches under pressure: if more than 4 of them start in one
   * turn, or while the provider's slots (`limits.concurrency`, else 8) are taken.
   * @default true
   */
  batch?: boolean | undefined
  /**
   * Which blocks of a subscription to logs are checked for logs that were not pushed: those that look suspicious (`'auto'`:
   * by their bloom, after a sign of lost, doubled or swapped frames, and once a minute by range), all (`'strict'`), or none
   * (`false`).
   * @default 'auto'
   */
  verify?: VerifyMode | undefined
  /**
   * The widest gap of a subscription that is filled in. Of a wider gap the newest blocks are filled in, and `onError` gets a
   * `SubscriptionGapError` for the rest.
   */
  maxBackfillBlocks?: BackfillOptions | undefined
  /**
   * How often subscriptions poll while no socket serves them (in ms). They poll at the block time if that is shorter, but not
   * more often than every 500 ms.
   * @default the client's `pollingInterval`
   */
  pollingInterval?: number | undefined
  /** Whether identical reads that start within 250 ms of each other share one call. @default true */
  share?: boolean | undefined
  /** As in viem's `fallback`: `true` or an object means `strategy: 'fastest'`. Nothing is pinged. */
  rank?: FallbackTransportConfig['rank']
  /** As in viem's `fallback`: sets `retry.rounds` to this number plus one. */
  retryCount?: number | undefined
  /** As in viem's `fallback`: sets `retry.delay` (in ms). */
  retryDelay?: number | undefined
  /** As in viem's `fallback`: called first with each failure. `true` makes it final; else the library decides. */
  shouldThrow?: ((error: Error) => boolean | undefined) | undefined
}

/** The options of one request. */
export type RequestOptions = RequestOverrides & {
  /** Gives up the request when aborted: nothing more is sent, calls in flight are aborted, and no provider is blamed. */
  signal?: AbortSignal | undefined
}

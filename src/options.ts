// What users write: the list, the options, and the options of one request: their types and defaults. checks.ts reads them.

import type { FallbackTransportConfig, Transport } from 'viem'
import type { LogsOptions } from './methods/logs/wide-logs'
import type { BreakerOptions } from './provider/breaker'
import type { Capabilities } from './provider/capability'
import type { LimitOptions } from './provider/quota'
import type { HedgeOptions, MethodOptions, RequestOverrides } from './request/route/plan'
import type { Strategy } from './request/route/strategy'
import type { VerifyMode } from './subscription/logs/trust'

/** Headers for each HTTP request, or a function that gives them. */
export type HeadersOption = Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>)

export type ProviderConfig = {
  /**
   * Name of the provider in errors, events and `status()`. Unique in the list.
   * @default the host (labels that look random left out) and an unusual port; a transport's key; then with -2, -3
   */
  id?: string | undefined
  /** Endpoint for requests: a URL (`http:`, `https:`), or any viem transport. At least one of `http` and `ws` is needed. */
  http?: string | Transport | undefined
  /** Socket endpoint: a URL (`ws:`, `wss:`), or a viem transport. */
  ws?: string | Transport | undefined
  /** Headers for requests to an `http` URL, and for the handshake of a `ws` URL on Node; asked before each if it is a function. */
  headers?: HeadersOption | undefined
  /** Lower is asked first; list order on a tie. @default the place in the list, from 0 */
  priority?: number | undefined
  /** Share of the requests under `'load-balanced'`. @default 1 */
  weight?: number | undefined
  /** Relative price of a call. A hedge never goes to a dearer provider while a cheaper one is left. @default 1 */
  cost?: number | undefined
  /** Used only when all others failed or cannot serve; never hedged to, probed or explored. @default false */
  backup?: boolean | undefined
  /** Raw transactions go to the private providers of the list only, whatever fails. @default false */
  private?: boolean | undefined
  /** Whether it holds accounts: account, signing and `wallet_*` methods go to it first. @default true for viem transports that are not http, webSocket, ipc, fallback or failover */
  wallet?: boolean | undefined
  /** What it can do, as far as you know. */
  capabilities?: Capabilities | undefined
  /** What it allows. */
  limits?: LimitOptions | undefined
  /** When its channels are left alone; each value defaults to that of the list's `breaker`. */
  breaker?: BreakerOptions | undefined
}

/** An entry of the list: a URL (`http:`, `https:`, `ws:`, `wss:`), any viem transport, or a provider. */
export type ProviderEntry = string | Transport | ProviderConfig

export type RetryOptions = {
  /** Most passes over all candidates. @default as many as the deadline allows */
  rounds?: number | undefined
  /** Base of the pause before a round (in ms): a random time up to `delay` x 2^(round - 1), at most 2_000. @default 150 */
  delay?: number | undefined
  /** Most attempts of second and later rounds saved up; each request adds a fifth of one. @default 20 */
  budget?: number | undefined
}

export type TransactionOptions = {
  /** Whether a raw transaction is offered to one provider after another, or to all at once. @default 'first' */
  broadcast?: 'first' | 'all' | undefined
}

export type BackfillOptions = {
  /** Of `newHeads` (in blocks). @default 256 */
  heads?: number | undefined
  /** Of `logs` (in blocks). @default 10_000 */
  logs?: number | undefined
}

export type FailoverOptions = {
  /** @default 'failover' */
  key?: string | undefined
  /** @default 'Failover' */
  name?: string | undefined
  /** For a whole request, all attempts and pauses included (in ms); 0 for none. @default the client's, else 10_000 */
  timeout?: number | undefined
  /** In which order providers are asked. @default 'priority' */
  strategy?: Strategy | undefined
  /** Options by method: a name, or a prefix like `'trace_*'`; only the options of the best match hold, they are not joined. */
  methods?: Record<string, MethodOptions> | undefined
  /** A second candidate for slow reads; `false` turns it off. */
  hedge?: false | HedgeOptions | undefined
  retry?: RetryOptions | undefined
  /** Whether requests wait, within their deadlines, while every candidate's breaker is open. @default true */
  waitForProvider?: boolean | undefined
  breaker?: BreakerOptions | undefined
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
  /** How an `eth_getLogs` is split that is wider than what the providers take. */
  logs?: LogsOptions | undefined
  /** Whether each provider's chain id is checked before its answers are used. @default true */
  verifyChain?: boolean | undefined
  /** Whether viem's `watch*` subscribe: sets `transport.type` to `'webSocket'`. @default 'auto': if the first entry is a socket or any provider has `ws` */
  subscriptions?: 'auto' | boolean | undefined
  /**
   * Whether reads to `http:` and `https:` URLs travel in JSON-RPC batches under pressure: more than 4 of one turn, and what
   * comes while the provider's slots (`limits.concurrency`, else 8) are taken. @default true
   */
  batch?: boolean | undefined
  /**
   * Which blocks of a subscription to logs are checked for logs that were not pushed: those that look suspicious (`'auto'`:
   * by their bloom, after a sign of lost, doubled or swapped frames, and once a minute by range), all (`'strict'`), or none.
   * @default 'auto'
   */
  verify?: VerifyMode | undefined
  /** Most blocks of a gap in a subscription that are filled in; of a wider one the newest, and `onError` hears of the rest. */
  maxBackfillBlocks?: BackfillOptions | undefined
  /** How often subscriptions poll while no socket serves them (in ms); the block time if that is less, at least 500. @default the client's */
  pollingInterval?: number | undefined
  /** Whether identical reads in flight share one call. @default true */
  share?: boolean | undefined
  /** viem's: `true` or options mean `strategy: 'fastest'`. Nothing is pinged. */
  rank?: FallbackTransportConfig['rank']
  /** viem's: sets `retry.rounds` to this plus one. */
  retryCount?: number | undefined
  /** viem's: sets `retry.delay` (in ms). */
  retryDelay?: number | undefined
  /** viem's: asked first about each failure; `true` makes it final, anything else leaves the decision to the library. */
  shouldThrow?: ((error: Error) => boolean | undefined) | undefined
}

export type RequestOptions = RequestOverrides & {
  /** Gives up the request: nothing more is sent, what is in flight is aborted, nobody is blamed. */
  signal?: AbortSignal | undefined
}

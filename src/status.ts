// Makes what `status()` returns: a plain, JSON-safe copy of what is known. Has no side effects.

import { defined } from './base/fields'
import type { Capabilities, LearnedCapabilities } from './provider/capability'
import type { Heads } from './provider/head'
import type { ChannelState, Provider, Upkeep } from './provider/provider'
import type { SharedStatus } from './subscription/shared'
import type { BreakerStateName, FailureKind, SocketState } from './types'

/** What is known about one channel of a provider. */
export type ChannelStatus = {
  breaker: {
    state: BreakerStateName
    /** Counted failures in a row. */
    failures: number
    /** When a probe is due (in ms, on the scale of `uptime`); only while the breaker is not closed. */
    openUntil?: number
  }
  /** Median and 95th percentile of the latest answers (in ms). */
  latency: { p50?: number; p95?: number }
  /** Share of the last 32 calls that succeeded (0 to 1). */
  success?: number
  /** Attempts in flight. */
  inFlight: number
  /**
   * How the channel last failed a request that others may have answered: the kind, the `code` of JSON-RPC, the `status` of
   * HTTP, and when it was (`at`, in ms on the scale of `uptime`).
   */
  lastFailure?: { kind: FailureKind; code?: number; status?: number; at: number }
  /** Attempts since the engine was made, hedges, probes and those for subscriptions included. */
  attempts: number
  /** State of its socket; only for a `ws` URL. */
  socket?: SocketState
  /** Frames that came over its sockets and belonged to no call and no subscription, since the engine was made. */
  strays?: number
}

/** What is known about one provider. */
export type ProviderStatus = {
  id: string
  /** The newest block that the provider has shown. */
  head?: number
  /** How many blocks the provider was behind the best head when its own head was last seen; missing if that was over 30 s ago. */
  lag?: number
  /** Whether the provider is on another chain than the client. Then only wallet methods go to it. */
  wrongChain: boolean
  /** Until when the provider is left alone because it said "too much", or that it is down (in ms, on the scale of `uptime`). */
  cooldownUntil?: number
  /** What the provider can do, as you declared it, and as its refusals have shown. */
  capabilities: { declared: Capabilities; learned: LearnedCapabilities }
  /** Calls that the library made of its own. */
  upkeep: Upkeep
  channels: { http?: ChannelStatus; ws?: ChannelStatus }
}

/** What `client.transport.status()` returns: what is known about the engine of one chain. JSON-safe. */
export type Status = {
  /** Time since the engine was made (in ms, monotonic). */
  uptime: number
  /** Id of the client's chain. */
  chainId?: number
  /** The best head: the highest block that is believed. If none was seen within 30 s, the newest that a provider has shown. */
  head?: number
  /**
   * Requests of callers, and how many of them failed (aborted ones did not); hedges that were sent, and requests that went into
   * a second round, those of the library's own included.
   */
  requests: { total: number; failed: number; hedged: number; retried: number }
  providers: ProviderStatus[]
  subscriptions: SharedStatus[]
}

export type StatusParts = {
  readonly startedAt: number
  readonly chainId: number | undefined
  readonly providers: readonly Provider[]
  readonly heads: Heads
  readonly counts: Status['requests']
  readonly subscriptions: Status['subscriptions']
}

export function statusOf(
  { startedAt, chainId, providers, heads, counts, subscriptions }: StatusParts,
  now: number,
): Status {
  return defined<Status>({
    uptime: Math.max(0, now - startedAt),
    chainId,
    head: heads.best(now) ?? newestOf(providers, heads),
    requests: { ...counts },
    providers: providers.map((provider) => statusOfProvider(provider, heads, startedAt, now)),
    subscriptions,
  })
}

function statusOfProvider(provider: Provider, heads: Heads, startedAt: number, now: number): ProviderStatus {
  const { id, chain, setup, upkeep, channels, quota, capability } = provider
  const cooldownUntil = quota.cooldownUntil(now)
  return defined<ProviderStatus>({
    id,
    head: heads.lastOf(provider)?.height,
    lag: heads.lagOf(provider, now, Math.floor),
    wrongChain: chain.state === 'wrong',
    cooldownUntil: cooldownUntil && cooldownUntil - startedAt,
    capabilities: { declared: printable(setup.capabilities), learned: capability.learned(now) },
    upkeep: { ...upkeep },
    channels: Object.fromEntries(channels.map((channel) => [channel.type, statusOfChannel(channel, startedAt, now)])),
  })
}

/** The newest block that a provider has shown, however long ago: for when there is no best head. */
function newestOf(providers: readonly Provider[], heads: Heads): number | undefined {
  const shown = providers.filter(({ chain }) => chain.state !== 'wrong').map(heads.lastOf)
  const newest = Math.max(...shown.map((sight) => sight?.height ?? -1))
  return newest < 0 ? undefined : newest
}

function statusOfChannel(
  { provider, breaker, health, inFlight, attempts, lastFailure, socket }: ChannelState,
  startedAt: number,
  now: number,
): ChannelStatus {
  const { state, failures, openUntil } = breaker.snapshot(now)
  // A breaker that was opened by hand for good has no such time: `Infinity` is no JSON.
  const isDue = openUntil !== undefined && openUntil < Infinity
  return defined<ChannelStatus>({
    breaker: defined({ state, failures, openUntil: isDue ? openUntil - startedAt : undefined }),
    latency: defined({ p50: health.overall.median(), p95: health.overall.p95() }),
    success: health.success(),
    inFlight,
    lastFailure: lastFailure && defined({ ...lastFailure, at: lastFailure.at - startedAt }),
    attempts,
    socket: socket?.(),
    strays: socket && provider.setup.strays?.(),
  })
}

/** A copy of the declared capabilities with the patterns of error rules as text: a RegExp is no JSON. */
function printable(declared: Capabilities): Capabilities {
  const asText = (_: string, value: unknown) => (value instanceof RegExp ? String(value) : value)
  return JSON.parse(JSON.stringify(declared, asText))
}

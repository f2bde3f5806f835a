// What `status()` shows: a plain copy of what is known, JSON-safe, made without side effects.

import { defined } from './base/defined'
import type { Capabilities, LearnedCapabilities } from './provider/capability'
import type { Heads } from './provider/head'
import type { ChannelState, Provider, Upkeep } from './provider/provider'
import type { SharedStatus } from './subscription/shared'
import type { BreakerStateName, FailureKind, SocketState } from './types'

export type ChannelStatus = {
  breaker: {
    state: BreakerStateName
    /** Counted failures in a row. */
    failures: number
    /** When a probe is due (in ms, as `uptime`), while it is not closed. */
    openUntil?: number
  }
  /** Of recent answers (in ms). */
  latency: { p50?: number; p95?: number }
  /** Share of the last calls (up to 32) that went well. */
  success?: number
  inFlight: number
  /** How it last failed a request that others may have answered: `code` of JSON-RPC, `status` of HTTP, when (in ms, as `uptime`). */
  lastFailure?: { kind: FailureKind; code?: number; status?: number; at: number }
  /** Attempts since the start: of callers' requests, with hedges and probes, and of what streams ask. */
  attempts: number
  /** What its socket is doing, if it was given as a URL. */
  socket?: SocketState
  /** Frames that came over it and belonged to nobody, since the start. */
  strays?: number
}

export type ProviderStatus = {
  id: string
  /** Newest block it has shown. */
  head?: number
  /** How many blocks it is behind `head`, as far as it was seen a moment ago. */
  lag?: number
  /** Whether it is on another chain than the client: it is not used. */
  wrongChain: boolean
  /** Until when it is left alone because it said "too much" (in ms, as `uptime`). */
  cooldownUntil?: number
  capabilities: { declared: Capabilities; learned: LearnedCapabilities }
  /** Calls of the library's own. */
  upkeep: Upkeep
  channels: { http?: ChannelStatus; ws?: ChannelStatus }
}

export type Status = {
  /** Since the engine was made (in ms, monotonic). */
  uptime: number
  chainId?: number
  /** Newest block that is believed, or was when somebody last asked. */
  head?: number
  requests: {
    /** Of callers, when they begin. */
    total: number
    /** Of those that ended with an error; not those that were aborted. */
    failed: number
    /** Hedges sent, also for calls of the library's own. */
    hedged: number
    /** Requests that went into a second round, also of the library's own. */
    retried: number
  }
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

/** Where nobody was asked for a while: the newest that was shown. */
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
  // One that was opened for good by hand has no such time: `Infinity` is no JSON.
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

/** A copy of the declared capabilities with error rules as text: a pattern is no JSON. */
function printable(declared: Capabilities): Capabilities {
  const asText = (_: string, value: unknown) => (value instanceof RegExp ? String(value) : value)
  return JSON.parse(JSON.stringify(declared, asText))
}

// What `status()` shows: a plain copy of what is known, JSON-safe, made without side effects.

import type { Capabilities, LearnedCapabilities } from './provider/capability'
import type { ChannelState, Provider, Upkeep } from './provider/provider'
import type { BreakerStateName, ErrorRule, SocketState } from './types'

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
  /** Attempts since the start. */
  attempts: number
  /** What its socket is doing, if it was given as a URL. */
  socket?: SocketState
}

export type ProviderStatus = {
  id: string
  /** Newest block it has shown. */
  head?: number
  /** How many blocks it is behind the newest that any provider has shown. */
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
  /** Newest block any provider has shown. */
  head?: number
  requests: { total: number; failed: number; hedged: number; retried: number }
  providers: ProviderStatus[]
}

export type StatusParts = {
  readonly startedAt: number
  readonly chainId: number | undefined
  readonly providers: readonly Provider[]
  readonly counts: Status['requests']
}

export function statusOf({ startedAt, chainId, providers, counts }: StatusParts, now: number): Status {
  const heads = providers.flatMap(({ head, chain }) => (head === undefined || chain.state === 'wrong' ? [] : [head]))
  const head = heads.length > 0 ? Math.max(...heads) : undefined
  return {
    uptime: Math.max(0, now - startedAt),
    ...(chainId !== undefined && { chainId }),
    ...(head !== undefined && { head }),
    requests: { ...counts },
    providers: providers.map((provider) => statusOfProvider(provider, head, startedAt, now)),
  }
}

function statusOfProvider(
  provider: Provider,
  best: number | undefined,
  startedAt: number,
  now: number,
): ProviderStatus {
  const { id, head, chain, setup, upkeep, channels } = provider
  const cooldownUntil = provider.quota.cooldownUntil(now)
  const isWrong = chain.state === 'wrong'
  return {
    id,
    ...(head !== undefined && { head }),
    ...(head !== undefined && best !== undefined && !isWrong && { lag: best - head }),
    wrongChain: isWrong,
    ...(cooldownUntil !== undefined && { cooldownUntil: cooldownUntil - startedAt }),
    capabilities: { declared: printable(setup.capabilities), learned: provider.capability.learned(now) },
    upkeep: { ...upkeep },
    channels: Object.fromEntries(channels.map((channel) => [channel.type, statusOfChannel(channel, startedAt, now)])),
  }
}

function statusOfChannel(
  { breaker, health, inFlight, attempts, socket }: ChannelState,
  startedAt: number,
  now: number,
): ChannelStatus {
  const { state, failures, openUntil = Infinity } = breaker.snapshot(now)
  const p50 = health.overall.median()
  const p95 = health.overall.p95()
  const success = health.success()
  return {
    // One that was opened for good by hand has no such time: `Infinity` is no JSON.
    breaker: { state, failures, ...(openUntil !== Infinity && { openUntil: openUntil - startedAt }) },
    latency: { ...(p50 !== undefined && { p50 }), ...(p95 !== undefined && { p95 }) },
    ...(success !== undefined && { success }),
    inFlight,
    attempts,
    ...(socket && { socket: socket() }),
  }
}

/** A copy of the declared capabilities with error rules as text: a pattern is no JSON. */
function printable({ methods, errors, history, logs, subscriptions, ...others }: Capabilities): Capabilities {
  const { include, exclude } = methods ?? {}
  return {
    ...others,
    ...(methods && {
      methods: { ...(include && { include: [...include] }), ...(exclude && { exclude: [...exclude] }) },
    }),
    ...(history && { history: { ...history } }),
    ...(logs && { logs: { ...logs } }),
    ...(subscriptions !== undefined && {
      subscriptions: typeof subscriptions === 'object' ? [...subscriptions] : subscriptions,
    }),
    ...(errors && { errors: errors.map(printableRule) }),
  }
}

function printableRule(rule: ErrorRule): ErrorRule {
  return { ...rule, ...(rule.message !== undefined && { message: String(rule.message) }) }
}

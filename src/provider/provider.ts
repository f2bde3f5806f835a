// One configured provider: who it is, its channels, and the machines that keep what is known about them. No I/O.

import type { Random } from '../base/random'
import type { ChannelType, FailureKind, SocketState } from '../types'
import type { Breaker, BreakerOptions, OnBreakerChange } from './breaker'
import { createBreaker } from './breaker'
import type { Capabilities, Capability } from './capability'
import { createCapability } from './capability'
import type { Health } from './health'
import { createHealth } from './health'
import type { LimitOptions, Quota } from './quota'
import { createQuota } from './quota'

/** A provider as the engine gets it: options checked, defaults filled in, endpoints left out. */
export type ProviderSetup = {
  readonly id: string
  readonly priority: number
  readonly weight: number
  readonly cost: number
  readonly isBackup: boolean
  readonly isPrivate: boolean
  readonly isWallet: boolean
  readonly channels: readonly ChannelType[]
  readonly capabilities: Capabilities
  readonly limits: LimitOptions
  readonly breaker: BreakerOptions
  /** What the socket of its ws channel is doing, where that can be told. */
  readonly socket?: (() => SocketState) | undefined
  /** Frames on it that belonged to nobody. */
  readonly strays?: (() => number) | undefined
  /** HTTP requests under way and waiting, where its http channel gathers batches: what is handed to it may wait in there. */
  readonly load?: (() => number) | undefined
}

/** Calls of our own, apart from what callers asked for. */
export type Upkeep = {
  /** `eth_chainId`; not among the `attempts` of a channel. */
  chain: number
  /** For the head: beside requests, not among the `attempts`, and of streams. */
  heads: number
  /** Copies of slow requests of others that it was sent. */
  hedges: number
  /** To see whether it is back. */
  probes: number
  /** To see whether a stream lacks logs, as far as it answered. */
  verify: number
  /** For what a stream missed, as far as it answered. */
  backfill: number
}

/** How the channel last failed a request that others may have answered. */
export type LastFailure = {
  readonly kind: FailureKind
  readonly code?: number | undefined
  readonly status?: number | undefined
  /** In ms of the clock. */
  readonly at: number
}

/** The routed, measured and broken unit: one provider by http or by ws. */
export type ChannelState = {
  readonly provider: Provider
  readonly type: ChannelType
  /** Its place among all channels, and in each client's list of them. */
  readonly slot: number
  readonly breaker: Breaker
  readonly health: Health
  /** What its socket is doing, where it has one that tells. */
  readonly socket?: (() => SocketState) | undefined
  attempts: number
  inFlight: number
  lastFailure: LastFailure | undefined
  /** Whether the last probe brought an answer that says neither well nor ill. */
  isProbeVague: boolean
  /** When a request that waited for it last asked it (in ms of the clock). */
  ledAt: number
}

/** What is known about the chain behind a provider. */
export type ChainKnowledge = {
  state: 'unknown' | 'verified' | 'wrong'
  /** What it answered last. */
  id?: number | undefined
  /** When it was last asked (in ms of the clock). */
  askedAt: number
  /** Checks that failed in a row, and when the next one may leave. */
  failures: number
  againAt: number
  /** The check on its way, shared by all that wait for it. */
  check: Promise<void> | undefined
}

export type Provider = {
  readonly setup: ProviderSetup
  readonly id: string
  /** Its place in the list. */
  readonly index: number
  readonly channels: readonly ChannelState[]
  readonly quota: Quota
  readonly capability: Capability
  readonly chain: ChainKnowledge
  readonly upkeep: Upkeep
}

/** A wallet was told something that may have changed its chain. */
export function forgetChain({ chain }: Provider) {
  chain.askedAt = -Infinity
  chain.state = 'unknown'
  chain.check = undefined
}

/** What answers at its address may be another node by now: it was away, or the chain is not what it was. */
export function doubtChain(provider: Provider) {
  if (provider.chain.state !== 'verified') return
  forgetChain(provider)
  provider.chain.againAt = -Infinity
}

export type ProviderParts = {
  random: Random
  /** A provider that was full is not any more. */
  onRoom: () => void
  /** It cools, and did not before. */
  onCooling: (provider: Provider) => void
  onBreakerChange: (channel: ChannelState, ...change: Parameters<OnBreakerChange>) => void
}

/** @param firstSlot the slot of its first channel. */
export function createProvider(setup: ProviderSetup, index: number, firstSlot: number, parts: ProviderParts): Provider {
  const channels: ChannelState[] = []
  const { load } = setup
  const loadOfAll =
    load && (() => channels.reduce((sum, { type, inFlight }) => sum + (type === 'ws' ? inFlight : 0), load()))
  const provider: Provider = {
    setup,
    id: setup.id,
    index,
    channels,
    quota: createQuota(setup.limits, {
      onRoom: parts.onRoom,
      onCooling: () => parts.onCooling(provider),
      load: loadOfAll,
    }),
    capability: createCapability(setup.capabilities, setup.limits.batchSize),
    chain: { state: 'unknown', askedAt: -Infinity, failures: 0, againAt: -Infinity, check: undefined },
    upkeep: { chain: 0, heads: 0, hedges: 0, probes: 0, verify: 0, backfill: 0 },
  }
  for (const type of setup.channels) {
    const channel: ChannelState = {
      provider,
      type,
      slot: firstSlot + channels.length,
      breaker: createBreaker(setup.breaker, {
        random: parts.random,
        onChange: (...change) => parts.onBreakerChange(channel, ...change),
      }),
      health: createHealth(),
      ...(type === 'ws' && setup.socket && { socket: setup.socket }),
      attempts: 0,
      inFlight: 0,
      lastFailure: undefined,
      isProbeVague: false,
      ledAt: -Infinity,
    }
    channels.push(channel)
  }
  return provider
}

// One configured provider: its identity, its channels, and the state that is kept about them. No I/O.

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
  /** State of the socket of the ws channel; only for a `ws` URL. */
  readonly socket?: (() => SocketState) | undefined
  /** Number of frames on that socket that belonged to no call and no subscription. */
  readonly strays?: (() => number) | undefined
  /** Load of the http channel (see `Channel.load`); only if it gathers batches, so that calls may wait inside of it. */
  readonly load?: (() => number) | undefined
}

/**
 * How many calls of its own the library has sent to a provider: for its chain id (`chain`) and its head
 * (`heads`), as hedges, as probes of a breaker, and for subscriptions, to verify logs (`verify`) and to fill gaps (`backfill`).
 * All but `chain`, and the `heads` that were not for a subscription, are among the `attempts` of its channels too.
 */
export type Upkeep = { chain: number; heads: number; hedges: number; probes: number; verify: number; backfill: number }

/** How a channel last failed a request that other channels may have answered. */
export type LastFailure = {
  readonly kind: FailureKind
  readonly code?: number | undefined
  readonly status?: number | undefined
  /** When it failed (in ms of the clock). */
  readonly at: number
}

/** The routed, measured and broken unit: one provider by http or by ws. */
export type ChannelState = {
  readonly provider: Provider
  readonly type: ChannelType
  /** Index of the channel among all channels of the engine, and in each client's list of them. */
  readonly slot: number
  readonly breaker: Breaker
  readonly health: Health
  /** State of its socket; only for a `ws` URL. */
  readonly socket?: (() => SocketState) | undefined
  attempts: number
  inFlight: number
  lastFailure: LastFailure | undefined
  /** Whether the last probe got an answer that tells neither that the channel is well nor that it is ill. */
  isProbeVague: boolean
  /** When a request in the queue for room last probed this channel (in ms of the clock). */
  ledAt: number
}

/** What is known about the chain behind a provider. */
export type ChainKnowledge = {
  state: 'unknown' | 'verified' | 'wrong'
  /** The chain id that the provider answered last. */
  id?: number | undefined
  /** When the provider was last asked for it (in ms of the clock). */
  askedAt: number
  /** Checks that failed in a row. */
  failures: number
  /** When the next check may be sent after a failed one (in ms of the clock). */
  againAt: number
  /** The check in flight, shared by all requests that wait for it. */
  check: Promise<void> | undefined
}

export type Provider = {
  readonly setup: ProviderSetup
  readonly id: string
  /** Index of the provider in the list. */
  readonly index: number
  readonly channels: readonly ChannelState[]
  readonly quota: Quota
  readonly capability: Capability
  readonly chain: ChainKnowledge
  readonly upkeep: Upkeep
}

/** Forgets which chain a provider is on: it is a wallet, and was asked for something that may have changed its chain. */
export function forgetChain({ chain }: Provider) {
  chain.askedAt = -Infinity
  chain.state = 'unknown'
  chain.check = undefined
}

/**
 * Has a verified chain checked again: the provider was down or the chain was set back, so another node may be there. The probe
 * that finds it back is checked too, but that check may have failed.
 */
export function doubtChain(provider: Provider) {
  if (provider.chain.state !== 'verified') return
  forgetChain(provider)
  provider.chain.againAt = -Infinity
}

export type ProviderParts = {
  random: Random
  /** A provider that had no room has room again. */
  onRoom: () => void
  /** A provider begins to cool down. */
  onCooling: (provider: Provider) => void
  onBreakerChange: (channel: ChannelState, ...change: Parameters<OnBreakerChange>) => void
}

/** @param firstSlot slot of the first channel of the provider; its others follow. */
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

// The strategies: each puts the channels that can serve a request into the order in which they are asked.

import { defined } from '../../base/fields'
import { sortedBy } from '../../base/lists'
import type { Random } from '../../base/random'
import type { Heads } from '../../provider/head'
import type { ChannelState } from '../../provider/provider'
import type { Need } from '../../rpc/need'
import type { ChannelType } from '../../types'

/**
 * How candidates are ordered. `'priority'`: by `priority`, then as in the list. `'fastest'`: by the expected time to a good
 * answer; one request in 32 goes where least is known. `'latency-weighted'`: at random, with shares of (best / own mean)^3.
 * `'load-balanced'`: in turns, by `weight`. `'cheapest'`: by `cost`. `'freshest'`: the highest head first.
 */
export type StrategyName = 'priority' | 'fastest' | 'latency-weighted' | 'load-balanced' | 'cheapest' | 'freshest'

/** What a `StrategyFunction` sees of one channel. */
export type CandidateSnapshot = {
  /** Id of the provider. */
  readonly provider: string
  /** The channel to that provider. */
  readonly channel: ChannelType
  readonly priority: number
  readonly weight: number
  readonly cost: number
  /** Moving mean of the latency for this kind of method, else for all (in ms); missing while nothing is known. */
  readonly latency?: number
  /** Share of the last 32 attempts that succeeded (0 to 1); missing while there is none. */
  readonly success?: number
  /** Height of the newest block that the provider has shown within the last 30 s. */
  readonly head?: number
  /** Attempts in flight on the channel. */
  readonly inFlight: number
}

/** What a `StrategyFunction` is told about the request. `isRepeatable`: whether it may be sent twice. */
export type NeedSnapshot = { readonly method: string; readonly isRepeatable: boolean }

/**
 * Your own strategy. Returns the candidates that may be asked, in order; those that it leaves out are not asked. The order
 * holds within each group: candidates with room go before full ones, those before backups, and open breakers come last. It is
 * called for every round, so it must be quick. If it throws, the order by priority holds.
 */
export type StrategyFunction = (
  candidates: readonly CandidateSnapshot[],
  need: NeedSnapshot,
) => readonly CandidateSnapshot[]

/** The order in which providers are asked: by name, or by a function of your own. */
export type Strategy = StrategyName | StrategyFunction

/** How sharply `latency-weighted` prefers the faster: the share is (best / mean) to this power. */
const SHARPNESS = 3
/** One request in this many goes to the channel that `fastest` knows least about. */
const EXPLORE_EVERY = 32

/** Mean latencies below this count as this (in ms). */
const SHORTEST = 0.1

/** Ranks channels, and keeps what the strategies remember between requests. One per engine. */
export type Ranking = {
  rank(strategy: Strategy, channels: readonly ChannelState[], need: Need, now: number): readonly ChannelState[]
}

export function createRanking(random: Random, heads: Pick<Heads, 'headOf'>): Ranking {
  const credits = new Map<ChannelState, number>()
  let turns = 0

  /** Smooth weighted round robin: in each turn every channel earns its weight; the richest comes first, and pays the sum. */
  function balance(channels: readonly ChannelState[], now: number) {
    // Channels that would not be asked first anyway take no turns: all of theirs would fall to the same other channel.
    const able = channels.filter((channel) => isAble(channel) && channel.provider.quota.hasRoom(now))
    let total = 0
    for (const channel of able) {
      const weight = channel.provider.setup.weight / waysOf(channel, able)
      total += weight
      credits.set(channel, (credits.get(channel) ?? 0) + weight)
    }
    const order = sortedBy(channels, (channel) =>
      able.includes(channel) ? -(credits.get(channel) as number) : Infinity,
    )
    const [first] = order
    if (first && able.includes(first)) credits.set(first, (credits.get(first) as number) - total)
    return order
  }

  function fastest(channels: readonly ChannelState[], need: Need, now: number) {
    const order = sortedBy(channels, (channel) => expectedTime(channel, need, now))
    const able = channels.filter(isAble)
    const explored = ++turns % EXPLORE_EVERY === 0 ? leastKnown(able, need, now) : able.find(isUnknown)
    return explored ? [explored, ...order.filter((channel) => channel !== explored)] : order
  }

  function weighted(channels: readonly ChannelState[], need: Need, now: number) {
    const means = channels.map((channel) => (channel.health.isTrusted(now) ? meanOf(channel, need) : undefined))
    const best = Math.min(...means.map((mean) => mean ?? Infinity))
    // Sorting by exponential random times with the shares as rates is a weighted draw without replacement.
    const draws = new Map(
      channels.map((channel, index) => {
        const share = best === Infinity ? 1 : isUnknown(channel) ? 1 : (best / (means[index] ?? best * 10)) ** SHARPNESS
        return [channel, -Math.log(1 - random()) / share]
      }),
    )
    return sortedBy(channels, (channel) => draws.get(channel) as number)
  }

  return {
    rank(strategy, channels, need, now) {
      if (typeof strategy === 'function')
        return byFunction(
          strategy,
          channels,
          (channel) => snapshotOf(channel, need, heads.headOf(channel.provider, now)),
          need,
        )
      if (channels.length < 2) return channels
      switch (strategy) {
        case 'priority':
          return channels
        case 'cheapest':
          return sortedBy(channels, (channel) => channel.provider.setup.cost)
        case 'freshest':
          return sortedBy(channels, (channel) => -(heads.headOf(channel.provider, now) ?? -1))
        case 'load-balanced':
          return balance(channels, now)
        case 'latency-weighted':
          return weighted(channels, need, now)
        case 'fastest':
          return fastest(channels, need, now)
      }
    },
  }
}

/** Whether the order depends on nothing but the list. */
export function isStatic(strategy: Strategy): boolean {
  return strategy === 'priority' || strategy === 'cheapest'
}

/** Whether the channel gets explorations and a share of the traffic: its breaker is closed, and it is no backup. */
function isAble({ breaker, provider }: ChannelState) {
  return breaker.isClosed() && !provider.setup.isBackup
}

/** How many of these channels belong to the provider of `channel`: its weight is split between them. */
function waysOf({ provider }: ChannelState, channels: readonly ChannelState[]) {
  let count = 0
  for (const other of channels) if (other.provider === provider) count++
  return count
}

function isUnknown(channel: ChannelState) {
  return channel.health.overall.mean() === undefined && channel.health.success() === undefined && channel.inFlight === 0
}

function latencyOf(channel: ChannelState, need: Need) {
  return channel.health.samples(need.traits.group)?.mean() ?? channel.health.overall.mean()
}

/** As `latencyOf`, but never 0, which a coarse clock may give for a quick answer. */
function meanOf(channel: ChannelState, need: Need) {
  const mean = latencyOf(channel, need)
  return mean === undefined ? undefined : Math.max(mean, SHORTEST)
}

/** Expected time to a good answer (in ms). A channel that is not trusted ranks behind all that are. */
function expectedTime(channel: ChannelState, need: Need, now: number) {
  const mean = latencyOf(channel, need)
  if (mean === undefined || !channel.health.isTrusted(now)) return Number.MAX_SAFE_INTEGER
  return mean / (channel.health.success() ?? 1)
}

function leastKnown(channels: readonly ChannelState[], need: Need, now: number) {
  const free = channels.filter(({ provider }) => provider.quota.hasRoom(now))
  return sortedBy(free, (channel) => channel.health.samples(need.traits.group)?.lastAt ?? -Infinity)[0]
}

function byFunction(
  strategy: StrategyFunction,
  channels: readonly ChannelState[],
  show: (channel: ChannelState) => CandidateSnapshot,
  need: Need,
) {
  const order = ask(strategy, channels.map(show), need).map((candidate) => named(channels, candidate))
  return [...new Set(order)].filter((channel) => channel !== undefined)
}

function ask(strategy: StrategyFunction, shown: readonly CandidateSnapshot[], need: Need) {
  try {
    return [...strategy([...shown], { method: need.method, isRepeatable: need.isRepeatable })]
  } catch {
    return shown // A strategy that throws has ranked nothing: the order by priority holds.
  }
}

/** The channel of a candidate. A strategy may have copied it, so it is known by provider and channel. */
function named(channels: readonly ChannelState[], candidate: CandidateSnapshot | undefined) {
  return channels.find(({ provider, type }) => provider.id === candidate?.provider && type === candidate.channel)
}

function snapshotOf(channel: ChannelState, need: Need, head: number | undefined): CandidateSnapshot {
  const { id, setup } = channel.provider
  return defined({
    provider: id,
    channel: channel.type,
    priority: setup.priority,
    weight: setup.weight,
    cost: setup.cost,
    latency: latencyOf(channel, need),
    success: channel.health.success(),
    head,
    inFlight: channel.inFlight,
  })
}

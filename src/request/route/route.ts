// Planning a route: from a need and what is known of the providers to the channels to ask, in order, and the reasons why others
// are left out. Reads state and changes none, except that some strategies count their turns.

import { sortedBy } from '../../base/lists'
import type { ChannelState, Provider } from '../../provider/provider'
import type { Need } from '../../rpc/need'
import type { ChannelType } from '../../types'
import type { Ranking, Strategy } from './strategy'
import { isStatic } from './strategy'

/** What a request needs, and what the user allows: which channels may be asked, and in which order. */
export type RouteLimits = {
  readonly need: Need
  readonly strategy: Strategy
  /** Ids from `methods`: no other provider sees the method; their order is the priority. */
  readonly wall?: readonly string[] | undefined
  /** Id of the provider that is asked first. With `isPinned` no other one is asked. */
  readonly provider?: string | undefined
  readonly isPinned?: boolean | undefined
  readonly channel?: ChannelType | undefined
  readonly exclude?: readonly string[] | undefined
  /** Whether only private providers may be asked. */
  readonly isPrivate?: boolean | undefined
}

export type Route = {
  /** Channels that may be asked now: free ones, full ones, backups, those whose socket is not open; each group by strategy. */
  readonly candidates: readonly ChannelState[]
  /** Channels behind an open breaker; the one whose probe is due first is in front. */
  readonly open: readonly ChannelState[]
  /** Channels among which the strategy could choose. */
  readonly able: readonly ChannelState[]
  /** Channels whose providers said that they lack the method, while another one serves it. */
  readonly leftOut: readonly ChannelState[]
  /** A channel whose probe is due, and which the request would have preferred to its first candidate. */
  readonly due: ChannelState | undefined
  /** A channel whose socket is to be opened meanwhile, as the request would have preferred it. */
  readonly dial?: ChannelState | undefined
  /** Whether the route holds until `Parts.version` changes: nothing in it depends on time, turns or chance. */
  readonly isStable: boolean
}

type Exclusion = { provider: string; reason: string }

export function planRoute(
  limits: RouteLimits,
  channels: readonly ChannelState[],
  ranking: Ranking,
  now: number,
  bestHead?: number | undefined,
): Route {
  const { need, wall } = limits
  const allowed = channels.filter((channel) => isAllowed(channel, limits))
  const able = withoutLearned(allowed, need, now)
  const leftOut = able === allowed ? [] : allowed.filter((channel) => !able.includes(channel))
  const listed = wall ? sortedBy(able, ({ provider }) => wall.indexOf(provider.id)) : able
  if (need.traits.kind === 'wallet')
    return {
      candidates: namedFirst(walletsFirst(listed, limits), limits.provider),
      open: [],
      able,
      leftOut,
      due: undefined,
      isStable: !channels.some(hasLearned),
    }
  const inTurn = namedFirst(ranking.rank(limits.strategy, listed, need, now), limits.provider)
  const ranked = able.some(hasLearned) ? sortedBy(inTurn, (channel) => lacksMethod(channel, need, now)) : inTurn
  const open = ranked.filter((channel) => !isClosed(channel))
  const closed = sortedBy(ranked.filter(isClosed), (channel) => groupOf(channel, now))
  const candidates = need.old ? sortedBy(closed, (channel) => isShallow(channel, need, bestHead, now)) : closed
  const preferred = before(ranked, (channel) => isFree(channel, now))
  const due = (isExploring(limits.strategy) ? ranked : preferred).find((channel) => isDue(channel, now))
  const dial = preferred.find((channel) => isUnconnected(channel) && isClosed(channel) && isOnlyWay(channel))
  return {
    candidates: namedFirst(candidates, limits.provider),
    open: sortedBy(open, ({ breaker }) => breaker.dueAt()),
    able,
    leftOut,
    due: candidates.length > 0 ? due : undefined,
    dial: candidates.every(isUnconnected) ? undefined : dial,
    isStable: !need.old && isStatic(limits.strategy) && allowed.every(isSteady),
  }
}

function isClosed({ breaker }: ChannelState) {
  return breaker.isClosed()
}

function before<item>(items: readonly item[], isIt: (item: item) => boolean): readonly item[] {
  const end = items.findIndex(isIt)
  return end < 0 ? items : items.slice(0, end)
}

/** Group of the backups that have room; full backups are in the next one. */
const RESERVE = 2
/** Group of the channels whose socket is not open. */
const UNCONNECTED = 4

/** The group of a channel in the order: 0 for one that has room, 1 for a full one, likewise for backups, then `UNCONNECTED`. */
export function groupOf(channel: ChannelState, now: number): number {
  const { setup, quota } = channel.provider
  if (isUnconnected(channel)) return UNCONNECTED
  return (setup.isBackup ? RESERVE : 0) + (quota.hasRoom(now) ? 0 : 1)
}

/** Whether the breaker of the channel is closed, and it is in the first group: no backup, with room and any socket open. */
export function isFree(channel: ChannelState, now: number): boolean {
  return isClosed(channel) && groupOf(channel, now) === 0
}

/** Whether the channel goes behind, as it may lack old data. If no block is named, a backup that keeps all goes behind too. */
function isShallow(channel: ChannelState, need: Need, head: number | undefined, now: number) {
  return lacksOld(channel, need, head, now) || (need.old?.block === undefined && groupOf(channel, now) >= RESERVE)
}

/** Whether the provider is declared or known not to keep the old data that is read. @param head the newest block, if known */
export function lacksOld({ provider }: ChannelState, { old }: Need, head: number | undefined, now: number): boolean {
  return old !== undefined && !provider.capability.keeps(old, head, now)
}

/** Whether a channel may be asked, whatever its state. */
export function isAllowed(channel: ChannelState, limits: RouteLimits): boolean {
  return exclusionOf(channel, limits) === undefined
}

/** Why a channel may not be asked, whatever its state; `undefined` if it may. */
function exclusionOf({ provider, type }: ChannelState, limits: RouteLimits): string | undefined {
  const { need } = limits
  if (limits.exclude?.includes(provider.id)) return 'is excluded'
  if (limits.isPinned && limits.provider !== provider.id) return 'is not the provider asked for'
  if (limits.channel && limits.channel !== type) return `was not to be asked over ${type}`
  if (limits.isPrivate && !provider.setup.isPrivate) return 'is not private'
  if (limits.wall && !limits.wall.includes(provider.id)) return `is not among the providers of ${need.method}`
  if (provider.capability.declares(need.method) === false) return `is declared not to serve ${need.method}`
  if (provider.chain.state === 'wrong' && !provider.setup.isWallet && need.traits.kind !== 'wallet')
    return 'is on another chain'
  return undefined
}

/** Ids of the providers that never get requests of this plan: because of a wall, or of what is declared. */
export function barredFrom({ wall, need }: RouteLimits, providers: readonly Provider[]): string[] {
  const isBarred = ({ id, capability }: Provider) =>
    wall?.includes(id) === false || capability.declares(need.method) === false
  return providers.filter(isBarred).map(({ id }) => id)
}

/** For each channel, the reason why it may not be asked. @param otherwise the reason of those that may */
export function exclusionsOf(limits: RouteLimits, channels: readonly ChannelState[], otherwise: string): Exclusion[] {
  return channels.map((channel) => ({
    provider: channel.provider.id,
    reason: exclusionOf(channel, limits) ?? otherwise,
  }))
}

/** Leaves out channels whose providers said that they lack the method, if another one that is up is known to serve it. */
function withoutLearned(channels: readonly ChannelState[], need: Need, now: number) {
  if (!channels.some(hasLearned)) return channels
  const able = channels.filter((channel) => !lacksMethod(channel, need, now))
  return isServedBy(able, need) ? able : channels
}

/** Whether any of the channels is up and its provider known to serve the method. */
export function isServedBy(channels: readonly ChannelState[], { method }: Need): boolean {
  return channels.some((channel) => isUp(channel) && channel.provider.capability.serves(method))
}

function lacksMethod({ provider }: ChannelState, { method }: Need, now: number) {
  return provider.capability.lacks(method, now)
}

function hasLearned({ provider }: ChannelState) {
  return provider.capability.hasLearned()
}

function walletsFirst(channels: readonly ChannelState[], { wall }: RouteLimits) {
  const listed = wall ? channels : sortedBy(channels, ({ slot }) => slot)
  return sortedBy(listed, ({ provider }) => !provider.setup.isWallet)
}

function namedFirst(channels: readonly ChannelState[], id: string | undefined) {
  return id === undefined ? channels : sortedBy(channels, ({ provider }) => provider.id !== id)
}

/** Whether the channel has a socket that is not open. */
function isUnconnected({ socket }: ChannelState) {
  return socket !== undefined && socket() !== 'open'
}

function isUp(channel: ChannelState) {
  return isClosed(channel) && !isUnconnected(channel)
}

/** Whether no channel of the provider is up: otherwise no socket is opened for the sake of requests. */
function isOnlyWay({ provider }: ChannelState) {
  return !provider.channels.some(isUp)
}

/** Whether a probe of the channel is due, and the provider has room for it. Backups get no probes. */
export function isDue({ breaker, provider }: ChannelState, now: number) {
  return !breaker.isClosed() && !provider.setup.isBackup && now >= breaker.dueAt() && provider.quota.hasRoom(now)
}

/** Whether nothing about the channel changes with time alone. */
function isSteady({ breaker, provider }: ChannelState) {
  return breaker.isClosed() && provider.quota.isUnlimited() && !provider.capability.hasLearned()
}

/** Whether a strategy needs traffic on all channels. Then a due channel is probed even if the request did not prefer it. */
function isExploring(strategy: Strategy) {
  return strategy === 'fastest' || strategy === 'latency-weighted' || strategy === 'load-balanced'
}

/** All channels in the user's order: by priority, then by place in the list; of one provider, http before ws. */
export function inPriorityOrder(providers: readonly Provider[]): readonly ChannelState[] {
  const channels = providers.flatMap((provider) => provider.channels)
  return sortedBy(channels, ({ provider }) => provider.setup.priority)
}

// Options and method -> plan: what holds for every request of a method, worked out once and kept.

import { defined } from '../../base/defined'
import type { Channel } from '../../channel/channel'
import type { Heads } from '../../provider/head'
import type { ChannelState } from '../../provider/provider'
import { traitsOf } from '../../rpc/methods'
import type { Need } from '../../rpc/need'
import { needOf, needOfMethod } from '../../rpc/need'
import type { ChannelType, RpcRequest } from '../../types'
import type { Route, RouteLimits } from './route'
import { planRoute } from './route'
import type { Ranking, Strategy } from './strategy'

export type HedgeOptions = {
  /** Time after which one more candidate is asked (in ms). @default three times the channel's own recent median, at least 50; 500 while nothing is known */
  delay?: number | undefined
  /** Most hedges saved up; each request adds a tenth of one. @default 20 */
  budget?: number | undefined
}

export type MethodOptions = {
  /** @default the list's */
  strategy?: Strategy | undefined
  /** Ids of the only providers that may see the method; their order is the priority. */
  providers?: readonly string[] | undefined
  /** For the whole request (in ms); 0 for none. @default the list's */
  timeout?: number | undefined
  /** @default the list's */
  hedge?: false | HedgeOptions | undefined
  /** Whether it may be sent twice. @default by the method's name */
  repeat?: boolean | undefined
}

/** Options of one request, and the defaults that `transport.with()` sets. */
export type RequestOverrides = {
  /** Id of the provider to ask. It is not failed over unless `allowFailover`. */
  provider?: string | undefined
  /** Ask over this channel only. */
  channel?: ChannelType | undefined
  strategy?: Strategy | undefined
  /** For the whole request (in ms); 0 for none. */
  timeout?: number | undefined
  /** Ids of providers that must not be asked. */
  exclude?: readonly string[] | undefined
  /** Whether others may be asked after the named `provider` failed. @default false */
  allowFailover?: boolean | undefined
}

export type PlanSettings = {
  readonly strategy: Strategy
  readonly methods: Readonly<Record<string, MethodOptions>>
  /** In ms; 0 for none. */
  readonly timeout: number
  /** Whether the user named a timeout: then it holds for wallets too. */
  readonly isTimeoutGiven: boolean
  readonly hedge: false | HedgeOptions
  readonly rounds: number
  /** Whether it matters how far back a request reaches: a provider may not keep that. */
  readonly seesDepth: () => boolean
}

/** Everything about a method and its options that is worked out once and used for each of its requests. */
export type Plan = RouteLimits & {
  readonly need: Need
  readonly exclude: readonly string[]
  /** For the whole request (in ms); `Infinity` for none. */
  readonly timeout: number
  /** `undefined`: no hedging; `delay` undefined: measured. */
  readonly hedge: { readonly delay: number | undefined } | undefined
  readonly rounds: number
  /** One of several calls for one request: it is not counted and not told of as a request. */
  readonly isInner: boolean
  /** Nobody waits for it: it is not worth standing in line for a provider that is down. */
  readonly isOneShot: boolean
  /** Further rounds are for those at their limit only: whatever else fails, somebody else is asked in its place. */
  readonly isBrief: boolean
  /** The plan without what single params change: equal ones make equal reads. */
  readonly base?: Plan | undefined
  /** The plan for params that make the method heavy. */
  heavy: Plan | undefined
  /** The route while nothing changes, and the plan that it is for: a copy with other limits has its own. */
  kept: { readonly plan: Plan; readonly route: Route; readonly version: number } | undefined
}

/** One caller: its channels (transports given by the user are built per client), by slot. */
export type ClientChannels = readonly Channel[]

/** One client's, or one `with()`'s, way in. */
export type Face = {
  readonly channels: ClientChannels
  readonly planner: Planner
  /** How often its client polls (in ms). */
  readonly pollingInterval?: number | undefined
}

export type Planner = (request: RpcRequest, overrides?: RequestOverrides | undefined) => Plan

/** Methods beyond this many are planned anew each time. */
const MOST_KEPT = 500
const NONE: RequestOverrides = {}

/** @param defaults what `with()` set for all requests of one transport. */
export function createPlanner(settings: PlanSettings, defaults: RequestOverrides = NONE): Planner {
  const kept = new Map<string, Plan>()
  return (request, overrides) => {
    const { method } = request
    let plan = kept.get(method)
    if (!plan) {
      plan = planOf(method, settings, defaults)
      if (kept.size < MOST_KEPT) kept.set(method, plan)
    }
    if (overrides) plan = planOf(method, settings, { ...defaults, ...defined(overrides) })
    const need = needOf(request, plan.need, settings.seesDepth())
    if (need === plan.need) return plan
    if (overrides || need.old) return withNeed(plan, need)
    plan.heavy ??= withNeed(plan, need)
    return plan.heavy
  }
}

/**
 * Planners by what they plan for (an engine) and by settings: clients with the same settings share their plans, so equal
 * reads of theirs share one call.
 */
export function createPlanners(defaults: RequestOverrides): (engine: object, settings: PlanSettings) => Planner {
  const planners = new WeakMap<object, Map<string, Planner>>()
  return (engine, settings) => {
    const key = `${settings.timeout} ${settings.rounds}`
    const all = planners.get(engine) ?? new Map<string, Planner>()
    const planner = all.get(key) ?? createPlanner(settings, defaults)
    planners.set(engine, all.set(key, planner))
    return planner
  }
}

/** Who is asked alone is asked again as often as by viem's `http()`: its error is wanted soon. */
const PINNED_ROUNDS = 4

function planOf(method: string, settings: PlanSettings, overrides: RequestOverrides): Plan {
  const own = settingsOf(method, settings.methods)
  const traits = traitsOf(method)
  const isWallet = traits.kind === 'wallet'
  const isPinned = overrides.provider !== undefined && !overrides.allowFailover
  const given = overrides.timeout ?? own?.timeout ?? (isWallet && !settings.isTimeoutGiven ? 0 : settings.timeout)
  const hedge = own?.hedge ?? settings.hedge
  const need = needOfMethod(method, traits, own?.repeat)
  return {
    need,
    strategy: overrides.strategy ?? own?.strategy ?? settings.strategy,
    wall: own?.providers,
    provider: overrides.provider,
    isPinned,
    channel: overrides.channel,
    exclude: overrides.exclude ?? [],
    isPrivate: false,
    isInner: false,
    isOneShot: false,
    isBrief: false,
    timeout: given === 0 ? Infinity : given,
    hedge: hedge === false || isPinned || !need.isHedgeable ? undefined : { delay: hedge.delay },
    rounds: isWallet ? 1 : isPinned ? Math.min(PINNED_ROUNDS, settings.rounds) : settings.rounds,
    heavy: undefined,
    kept: undefined,
  }
}

function withNeed(plan: Plan, need: Need): Plan {
  return { ...plan, base: plan, need, hedge: need.isHedgeable ? plan.hedge : undefined }
}

/** The settings of the method's own name, else of the longest prefix that fits. */
function settingsOf(method: string, all: PlanSettings['methods']): MethodOptions | undefined {
  if (Object.hasOwn(all, method)) return all[method]
  const prefixes = Object.keys(all).filter((name) => name.endsWith('*') && method.startsWith(name.slice(0, -1)))
  const longest = prefixes.sort((a, b) => b.length - a.length)[0]
  return longest === undefined ? undefined : all[longest]
}

/** What a route is made of; `version` grows with every change that may change one. */
type RouteSources = {
  readonly channels: readonly ChannelState[]
  readonly ranking: Ranking
  readonly heads: Heads
  readonly version: number
}

/** The route of a plan: worked out anew only when something has changed that it depends on. */
export function keptRoute(plan: Plan, { channels, ranking, heads, version }: RouteSources, now: number): Route {
  const { kept } = plan
  if (kept?.plan === plan && kept.version === version) return kept.route
  const route = planRoute(plan.need, plan, channels, ranking, now, plan.need.old && heads.best(now))
  plan.kept = route.isStable ? { plan, route, version } : undefined
  return route
}

// Plans: what the options say about the requests of a method, worked out once per method and kept; and the route of a plan.

import { defined } from '../../base/fields'
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

/** When a slow read is also sent to another candidate. The first usable answer wins, and the others are aborted. */
export type HedgeOptions = {
  /**
   * Time after which one more candidate is asked, and another one after each further such time (in ms). At most three attempts
   * are in flight.
   * @default three times the channel's recent median for that kind of method, at least 50; 500 while nothing is known
   */
  delay?: number | undefined
  /**
   * Most unspent hedges: each request adds a tenth of one. In the list's options the budget is that of all methods together,
   * in those of a method it is that of its own requests alone.
   * @default 20 in the list's options; in those of a method the list's budget, which then pays for its hedges too
   */
  budget?: number | undefined
}

/** Options of one method, or of all methods with a prefix. Where one is left out, that of the list holds. */
export type MethodOptions = {
  /** The order in which providers are asked. @default the list's `strategy` */
  strategy?: Strategy | undefined
  /** Ids of the only providers that may see the method, whatever fails. Their order is the priority. @default all providers */
  providers?: readonly string[] | undefined
  /** Limit for a whole request, all attempts and pauses included (in ms); 0 for none. @default the list's `timeout` */
  timeout?: number | undefined
  /** Replaces the `hedge` of the list. @default the list's `hedge` */
  hedge?: false | HedgeOptions | undefined
  /** Whether a request may be sent twice without harm. @default true for reads (known by the name) and raw transactions */
  repeat?: boolean | undefined
}

/**
 * Options of one request, and the defaults that `transport.with()` sets. An id that no provider of the list has is refused with
 * an `InvalidOptionsError`, before anything is sent.
 */
export type RequestOverrides = {
  /** Id of the provider to ask first. No other one is asked unless `allowFailover` is set. @default none */
  provider?: string | undefined
  /** The only channel to ask over. @default both */
  channel?: ChannelType | undefined
  /** The order in which providers are asked. @default that of the method, else the list's */
  strategy?: Strategy | undefined
  /** Limit for a whole request, all attempts and pauses included (in ms); 0 for none. @default the method's, else the list's */
  timeout?: number | undefined
  /** Ids of providers that must not be asked. @default none */
  exclude?: readonly string[] | undefined
  /** Whether others may be asked after the named `provider` failed. @default false */
  allowFailover?: boolean | undefined
}

export type PlanSettings = {
  readonly strategy: Strategy
  readonly methods: Readonly<Record<string, MethodOptions>>
  /** Limit for a whole request (in ms); 0 for none. */
  readonly timeout: number
  /** Whether the user gave the timeout: then it holds for wallet methods too. */
  readonly isTimeoutGiven: boolean
  readonly hedge: false | HedgeOptions
  readonly rounds: number
  /** Whether any provider may lack old data: only then is the block of a request looked at. */
  readonly seesDepth: () => boolean
}

export type PlannedHedge = {
  /** In ms; `undefined`: the delay is measured. */
  readonly delay: number | undefined
  /** The options of the method whose budget pays, in place of the list's. */
  readonly payer: HedgeOptions | undefined
}

/** What holds for all requests of a method with the same options. */
export type Plan = RouteLimits & {
  readonly exclude: readonly string[]
  /** Limit for a whole request (in ms); `Infinity` for none. */
  readonly timeout: number
  /** `undefined`: no hedging. */
  readonly hedge: PlannedHedge | undefined
  readonly rounds: number
  /** Whether the call is part of a caller's request, or the library's own: it is not counted or announced as a request. */
  readonly isInner: boolean
  /** Whether the call fails at once when all candidates are down: it is not worth waiting for one of them. */
  readonly isOneShot: boolean
  /** Whether further rounds are only for rate limits: after any other failure, the caller asks in another way. */
  readonly isBrief: boolean
  /** The plan that this one was copied from and changed for one request. Equal reads of equal `base` are shared. */
  readonly base?: Plan | undefined
  /** The plan for params that make the request heavy; made on first use. */
  heavy: Plan | undefined
  /** The last route, and the `Parts.version` for which it holds. Plans are copied with it, so `plan` says whose route it is. */
  kept: { readonly plan: Plan; readonly route: Route; readonly version: number } | undefined
}

/** The channels of one client, by slot. Transports that the user gives are built anew for each client. */
export type ClientChannels = readonly Channel[]

/** What one client, or one `with()` of it, brings: its channels and its plans. */
export type Face = {
  readonly channels: ClientChannels
  readonly planner: Planner
  /** How often the client polls (in ms). */
  readonly pollingInterval?: number | undefined
}

export type Planner = (request: RpcRequest, overrides?: RequestOverrides | undefined) => Plan

/** Most plans that are kept. Further methods are planned anew for each request. */
const MOST_KEPT = 500
const NONE: RequestOverrides = {}

/** @param defaults the overrides that `with()` has set for all requests of one transport */
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
 * Keeps a planner for each engine and each timeout and number of rounds. Clients that agree in these share their plans, so that
 * their equal reads share one call.
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

/** Most rounds if only one provider may be asked: as many as viem's `http()` makes, as its error is wanted soon. */
const PINNED_ROUNDS = 4

function planOf(method: string, settings: PlanSettings, overrides: RequestOverrides): Plan {
  const own = settingsOf(method, settings.methods)
  const traits = traitsOf(method)
  const isWallet = traits.kind === 'wallet'
  const isPinned = overrides.provider !== undefined && !overrides.allowFailover
  const given = overrides.timeout ?? own?.timeout ?? (isWallet && !settings.isTimeoutGiven ? 0 : settings.timeout)
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
    hedge: isPinned || !need.isHedgeable ? undefined : hedgeOf(own?.hedge, settings.hedge),
    rounds: isWallet ? 1 : isPinned ? Math.min(PINNED_ROUNDS, settings.rounds) : settings.rounds,
    heavy: undefined,
    kept: undefined,
  }
}

function hedgeOf(own: MethodOptions['hedge'], ofList: PlanSettings['hedge']): PlannedHedge | undefined {
  const hedge = own ?? ofList
  if (hedge === false) return undefined
  return { delay: hedge.delay, payer: own && own.budget !== undefined ? own : undefined }
}

function withNeed(plan: Plan, need: Need): Plan {
  return { ...plan, base: plan, need, hedge: need.isHedgeable ? plan.hedge : undefined }
}

/** The options under the method's own name, else those under the longest prefix that fits. */
function settingsOf(method: string, all: PlanSettings['methods']): MethodOptions | undefined {
  if (Object.hasOwn(all, method)) return all[method]
  const prefixes = Object.keys(all).filter((name) => name.endsWith('*') && method.startsWith(name.slice(0, -1)))
  const longest = prefixes.sort((a, b) => b.length - a.length)[0]
  return longest === undefined ? undefined : all[longest]
}

/** What a route is made from. */
type RouteSources = {
  readonly channels: readonly ChannelState[]
  readonly ranking: Ranking
  readonly heads: Heads
  readonly version: number
}

/** The route of a plan. A stable route is kept until something has changed that it depends on. */
export function keptRoute(plan: Plan, { channels, ranking, heads, version }: RouteSources, now: number): Route {
  const { kept } = plan
  if (kept?.plan === plan && kept.version === version) return kept.route
  const route = planRoute(plan, channels, ranking, now, plan.need.old && heads.best(now))
  plan.kept = route.isStable ? { plan, route, version } : undefined
  return route
}

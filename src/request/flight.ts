// The state of one request while it runs (a flight), and what all requests of an engine share. Plain data: pipeline.ts and the
// folders beside it change it.

import type { Alarm, Alarms } from '../base/alarms'
import type { Budget } from '../base/budget'
import type { Clock } from '../base/clock'
import type { Random } from '../base/random'
import type { AttemptSummary } from '../errors'
import type { Events } from '../events'
import type { Heads } from '../provider/head'
import type { ChannelState, Provider } from '../provider/provider'
import type { Failure } from '../rpc/failure'
import type { Reach } from '../rpc/reach'
import type { FailureKind, RpcRequest } from '../types'
import type { Truth } from './answer/truth'
import type { Attempt } from './attempt/attempt'
import type { ClientChannels, HedgeOptions, Plan, Planner } from './route/plan'
import type { Route } from './route/route'
import type { Ranking } from './route/strategy'
import type { HeadLedger } from './upkeep/head-ledger'

/** What all requests of one engine share. */
export type Parts = {
  readonly clock: Clock
  readonly random: Random
  readonly alarms: Alarms
  readonly events: Events
  readonly providers: readonly Provider[]
  /** All channels in the user's order. */
  readonly channels: readonly ChannelState[]
  readonly ranking: Ranking
  readonly heads: Heads
  /** Plans the calls that the library makes for itself. */
  readonly planner: Planner
  /** `undefined` with `consistency: 'none'`: answers are taken as they come. */
  readonly truth: Truth | undefined
  readonly headProbes: HeadLedger
  /** Requests that wait for channels behind open breakers, or for room at full providers, in the order in which they came. */
  readonly waiting: Set<Flight>
  /** Requests in their second round or later, without those that wait because the retry budget is empty. */
  readonly retrying: Set<Flight>
  /** What pays for hedges, but for those of methods with a budget of their own. */
  readonly hedgeBudget: Budget
  /** The budgets of methods, by the options that ask for them; made on first use. */
  readonly ownHedgeBudgets: Map<HedgeOptions, Budget>
  readonly retryBudget: Budget
  /** Id of the chain that the client expects; `undefined` if chains are not checked. */
  readonly chainId: number | undefined
  /** A provider has turned out to be on another chain. */
  readonly onWrongChain: (provider: Provider) => void
  /** Base of the random pause before a further round (in ms). */
  readonly retryDelay: number
  readonly waitForProvider: boolean
  readonly shouldThrow?: ((error: Error) => boolean | undefined) | undefined
  readonly counts: { total: number; failed: number; hedged: number; retried: number }
  /** Functions that end what runs beside requests (probes, upkeep calls); called when the engine closes. */
  readonly ends: Set<() => void>
  /** Set once the engine is closed: the error of all that is asked later. */
  closed: Error | undefined
  /**
   * When a request last failed although it had all the rounds that are always allowed (in ms of the clock). Requests that had
   * started before then have no such rounds any more: what they wait for has been tried.
   */
  lostAt: number
  /** Grows with every change that may change a route. */
  version: number
  /** Number of the next request in events. */
  nextId: number
}

export type FailedAttempt = AttemptSummary & { readonly failure: Failure; readonly attempt: Attempt }

/** Why an answer is not taken while another provider may know better. */
export type Doubt = {
  /**
   * `'lower'`: its block is below the one that callers were shown. `'ahead'`: its head is higher than is believed.
   * `'missing'`: it lacks what should be there. `'unfit'`: its provider lags, or does not keep such old data: it would not know
   * better if it were asked again.
   */
  readonly kind: 'lower' | 'ahead' | 'missing' | 'unfit'
  /** The reason in words, for the `dispute` event. */
  readonly what: string
  /** A provider that knows better has at least this block; -1 if the doubt is about no block. */
  readonly height: number
  /** The head that the answer tells, if it tells one. */
  readonly head?: number | undefined
  /** What the same provider is asked later, if not the request itself once more. */
  readonly instead?: RpcRequest | undefined
}

/** An answer that is not taken while another provider may know better. */
export type Held = {
  readonly attempt: Attempt
  readonly value: unknown
  readonly doubt: Doubt
  /** How often the request has paused since, so that a provider may catch up. */
  pauses: number
}

/**
 * Called when a request ends.
 * @param by the channel that gave the answer or the error that the caller gets; if none did, the one that was asked last
 * @param kind the kind of that error
 */
export type OnEnd = (attempts: number, by?: ChannelState | undefined, kind?: FailureKind | undefined) => void

/** Gets what an attempt brings: one call at most, and none once the attempt is finished. */
export type AttemptSink = {
  onValue(flight: Flight, attempt: Attempt, value: unknown): void
  onFailure(flight: Flight, attempt: Attempt, error: unknown, failure: Failure): void
}

/** Decides how a flight goes on: implemented by pipeline.ts, and called by the files below it when something has happened. */
export type Pilot = AttemptSink & {
  /** The alarm of the flight rings: a deadline, a limit, a hedge or a pause is due. */
  readonly ring: Alarm['ring']
  /** The next candidate may be asked now. */
  readonly goOn: Step
}

/** A request as a caller hands it in, with its channels and its plan. */
export type Asked = {
  readonly channels: ClientChannels
  readonly request: RpcRequest
  readonly plan: Plan
  readonly signal?: AbortSignal | undefined
  readonly onEnd?: OnEnd | undefined
}

type Ticket = Asked & {
  readonly parts: Parts
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** Number of the request in events. The calls into which one request is split share it. */
  readonly id: number
}

export type Flight = Alarm &
  Ticket & {
    readonly pilot: Pilot
    readonly startedAt: number
    deadline: number
    /** When the alarm was set, and when it is due (in ms of the clock). A ring far too late shows that the process slept. */
    setAt: number
    ringAt: number
    round: number
    route: Route
    /** Candidates that this round has not asked yet, in order. */
    ahead: readonly ChannelState[]
    /** When a second candidate may be asked beside a slow one (in ms of the clock). */
    hedgeAt: number
    /** While no attempt is made: the next step, and when it is due at the latest (in ms of the clock). */
    resume: Step | undefined
    resumeAt: number
    attempts: number
    inFlight: Attempt[]
    /** Failures of all rounds, and the index at which those of the present round start. */
    failures: FailedAttempt[]
    roundStart: number
    /** Providers that are not asked again for this request: they cannot serve it, or their answer was not taken. */
    ruledOut: Set<Provider> | undefined
    /** Since when the request waits for channels behind open breakers (in ms of the clock); `Infinity` while it does not. */
    waitsSince: number
    /** Whether this request sends the probe for all that wait for one of its channels behind open breakers. */
    isLeading: boolean
    /** For each copy of the request that probes a breaker: aborts it. */
    probes: Set<() => void> | undefined
    /** The final error that such a copy brought. The caller gets it if nobody else says anything of the request itself. */
    refusal: unknown
    /** Whether an attempt of a later round cost nothing, as no other request was in its second round or later. */
    isSole: boolean
    /** Whether the deadline may still be moved, once, after the process has slept. */
    hasGrace: boolean
    /** The best of the answers that were not taken. */
    held: Held | undefined
    /** How far up the chain the request reads, and the height of the block near the head that it needs; -1 for none. */
    reach: Reach
    height: number
    offAbort: (() => void) | undefined
    /** Whether the request has ended: what its attempts still bring is ignored. */
    isDone: boolean
  }

export type Step = (flight: Flight, now: number) => void

const NOWHERE: Route = { candidates: [], open: [], able: [], leftOut: [], due: undefined, isStable: false }

export function createFlight(ticket: Ticket, pilot: Pilot, startedAt: number): Flight {
  const { parts, channels, request, plan, signal, resolve, reject, onEnd, id } = ticket
  // Written out: a spread here would cost more than the rest of a healthy call.
  return {
    ring: pilot.ring,
    at: Infinity,
    parts,
    channels,
    request,
    plan,
    signal,
    resolve,
    reject,
    onEnd,
    id,
    pilot,
    startedAt,
    deadline: startedAt + plan.timeout,
    setAt: startedAt,
    ringAt: Infinity,
    round: 0,
    route: NOWHERE,
    ahead: NOWHERE.candidates,
    hedgeAt: Infinity,
    resume: undefined,
    resumeAt: Infinity,
    attempts: 0,
    inFlight: [],
    failures: [],
    roundStart: 0,
    ruledOut: undefined,
    waitsSince: Infinity,
    isLeading: false,
    probes: undefined,
    refusal: undefined,
    isSole: false,
    hasGrace: true,
    held: undefined,
    reach: undefined,
    height: -1,
    offAbort: undefined,
    isDone: false,
  }
}

/** Whether the request has ended: asked after every call of the user's code (a listener, a strategy), which may end it. */
export function hasLanded({ isDone }: Flight): boolean {
  return isDone
}

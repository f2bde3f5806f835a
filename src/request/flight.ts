// One request on its way, as plain data, and what all requests of an engine share. What happens to them is pipeline.ts.

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
import type { ClientChannels, Plan, Planner } from './route/plan'
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
  /** How calls of the library's own are planned. */
  readonly planner: Planner
  /** `undefined`: answers are taken as they come. */
  readonly truth: Truth | undefined
  readonly headProbes: HeadLedger
  /** Requests that wait for channels behind open breakers, or for a place at full providers, in the order in which they came. */
  readonly waiters: Set<Flight>
  /** Requests in their second round or later, but for those that cannot pay for it. */
  readonly retrying: Set<Flight>
  readonly hedgeBudget: Budget
  readonly retryBudget: Budget
  /** The chain the client expects; `undefined` if nothing is to be checked. */
  readonly chainId: number | undefined
  readonly retryDelay: number
  readonly waitForProvider: boolean
  readonly shouldThrow?: ((error: Error) => boolean | undefined) | undefined
  readonly counts: { total: number; failed: number; hedged: number; retried: number }
  /** Ends what runs beside requests: probes and chain checks. */
  readonly ends: Set<() => void>
  /** Set once the engine is closed: what all that are on their way end with. */
  closed: Error | undefined
  /** When somebody last failed all the rounds that are always allowed: who was at it then waits for nobody. */
  lostAt: number
  /** Grows with every change that may change a route. */
  version: number
  nextId: number
}

export type FailedAttempt = AttemptSummary & { readonly failure: Failure; readonly attempt: Attempt }

/** Why an answer is not taken while another provider may know better. */
export type Doubt = {
  /**
   * It is below what was shown, or of a provider that is behind; above what is believed; lacks what should be there; or is
   * of a provider that is said not to keep that.
   */
  readonly kind: 'lower' | 'behind' | 'ahead' | 'missing' | 'gone'
  readonly what: string
  /** The block that one who knows better has. */
  readonly height: number
  /** The head that the answer shows, if it is one. */
  readonly head?: number | undefined
  /** What to ask the same one for again, where that is not the request itself. */
  readonly instead?: RpcRequest | undefined
}

/** An answer that is not taken while another provider may know better. */
export type Held = {
  readonly attempt: Attempt
  readonly value: unknown
  readonly doubt: Doubt
  /** How often the same provider was waited for. */
  pauses: number
}

/** Told how many attempts it took; who gave the answer or the error that is told, or was asked last; and the kind of that error. */
export type OnEnd = (attempts: number, by?: ChannelState | undefined, kind?: FailureKind | undefined) => void

/** A place in the waiting room. */
export type Seat = {
  /** Channels it could ask if they were not open. */
  wants: readonly ChannelState[]
  /** Whether there is nobody else it could ask again later. */
  isStuck: boolean
  /** How much had failed at each of them when it sat down: if it is more now, somebody's probe has failed. */
  failures: readonly number[]
  /** Whether it is the one that probes for all that wait for one of them. */
  isLeading: boolean
}

/** What becomes of an attempt; told at most once, and not at all if it was given up before. */
export type AttemptSink = {
  onValue(flight: Flight, attempt: Attempt, value: unknown): void
  onFailure(flight: Flight, attempt: Attempt, error: unknown, failure: Failure): void
}

/** Who decides how a flight goes on: pipeline.ts. What is below it tells it here what has happened. */
export type Pilot = AttemptSink & {
  /** It is time for something. */
  readonly ring: Alarm['ring']
  /** Others may be asked now. */
  readonly goOn: Step
  /** Something has changed in the waiting room. */
  readonly look: Step
}

/** What is asked, of whom, and how. */
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
  /** The request's number in events; its parts share it. */
  readonly id: number
}

export type Flight = Alarm &
  Ticket & {
    readonly pilot: Pilot
    readonly startedAt: number
    deadline: number
    /** When the alarm was set: a ring later than its own length says that we slept, not that they did. */
    setAt: number
    ringAt: number
    round: number
    route: Route
    /** Candidates of this round not yet asked. */
    ahead: readonly ChannelState[]
    hedgeAt: number
    /** While it asks nobody: what it does next, and when at the latest. */
    resume: Step | undefined
    resumeAt: number
    attempts: number
    inFlight: Attempt[]
    /** Failures of all rounds, and where the present round starts in them. */
    failures: FailedAttempt[]
    roundStart: number
    /** Providers that have said of this request that they cannot serve it. */
    ruledOut: Set<Provider> | undefined
    seat: Seat | undefined
    /** Open channels this round has led to. */
    led: Set<ChannelState> | undefined
    /** Each takes back a copy of it that is on its way to a channel whose breaker is due. */
    probes: Set<() => void> | undefined
    /** What such a copy was refused with: the caller's if nobody else says anything of the request itself. */
    refusal: unknown
    /** Whether it had a round that is allowed because nobody else was at it. */
    isSole: boolean
    hasGrace: boolean
    /** The best answer that was not taken. */
    held: Held | undefined
    /** How far up the chain it reads, and the block near the head that it needs; -1 for none. */
    reach: Reach
    height: number
    offAbort: (() => void) | undefined
    /** It has ended, whatever comes of it now. */
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
    isSet: false,
    previous: undefined,
    next: undefined,
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
    seat: undefined,
    led: undefined,
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

/** Listeners, strategies and predicates of the user's may have ended it while they were asked. */
export function hasLanded({ isDone }: Flight): boolean {
  return isDone
}

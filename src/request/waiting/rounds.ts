// When a request that every candidate failed may ask them all again, and after which pause.

import type { ChannelState } from '../../provider/provider'
import type { Failure } from '../../rpc/failure'
import type { FailureKind } from '../../types'
import { isPoison } from '../answer/blame'
import type { Flight } from '../flight'
import { askableOf } from '../route/ahead'
import { delayBefore, LEAST } from './timing'
import { leadsOf } from './waiting'

/** Failures that may be over the next time. */
const PASSING = new Set<FailureKind>([
  'network',
  'timeout',
  'server-error',
  'invalid-response',
  'block-not-available',
  'rate-limit',
])
/** Failures that say themselves that they will be over soon: true of everybody at once, they are still no poison. */
const SHORT_LIVED = new Set<FailureKind>(['rate-limit', 'block-not-available'])
/** What a provider has said of the request for good: it is not asked again for it. */
const LASTING = new Set<FailureKind>([
  'unsupported-method',
  'auth',
  'quota',
  'missing-state',
  'range-too-large',
  'result-too-large',
  'batch-refused',
])
/** Rounds that are always allowed while no other request is in its second or later. */
const FREE_ROUNDS = 4

/** It may as well be a short outage of all of them, until then (in ms). */
const LONGEST_POISON = 1_000

/** Nodes may be behind each other for so long (in ms). */
const LONGEST_ABSENT = 3_000

const WALLET_GOES_ON = new Set([-32601, -32004, 4200, 4900, 4901])

/** Whether another candidate may be asked after this failure. */
export function mayGoOn({ plan }: Flight, failure: Failure): boolean {
  const { need } = plan
  if (need.traits.kind === 'wallet')
    return failure.isUntouched && (!failure.isRpc || (failure.code !== undefined && WALLET_GOES_ON.has(failure.code)))
  return failure.verdict === 'next' && (need.isRepeatable || failure.isUntouched)
}

export function isLasting(kind: FailureKind): boolean {
  return LASTING.has(kind)
}

/** Whether any candidate is up, if only for other requests: one without quota, or that does not let us in, is as good as down. */
export function hasOthers({ route, failures }: Flight): boolean {
  const isOut = ({ provider }: ChannelState) =>
    failures.some(({ kind, attempt }) => /^(quota|auth)$/.test(kind) && attempt.channel.provider === provider)
  return route.candidates.some((channel) => channel.breaker.isClosed() && !isOut(channel))
}

/** Whether it has had its rounds: each in which somebody was asked is one, and so is each probe that was led in vain. */
export function isSpent(flight: Flight): boolean {
  const { round, roundStart, attempts, failures } = flight
  const leads = leadsOf(flight)
  return failures.length > roundStart && leads + (attempts > leads ? round : round - 1) >= roundsOf(flight)
}

/** The pause before the next round (in ms), or `undefined` if there is to be none. */
export function pauseBeforeNextRound(flight: Flight, now: number): number | undefined {
  const { parts, failures, roundStart, round, route } = flight
  if (round >= roundsOf(flight)) return undefined
  if (isUnknownMethod(flight) && askableOf(flight, route.candidates).length === 0) return undefined
  const last = failures.slice(roundStart)
  const passing = last.filter(({ kind }) => PASSING.has(kind))
  if (passing.length === 0) return undefined
  // What nobody has after a while is not there.
  const isAbsent = last.every(({ kind }) => kind === 'block-not-available')
  if (isAbsent && now - flight.startedAt >= LONGEST_ABSENT) return undefined
  // What everybody who was well a moment ago fails in the same way is not asked until the deadline.
  const isLong = round >= FREE_ROUNDS && now - flight.startedAt >= LONGEST_POISON
  if (isLong && !passing.some(({ kind }) => SHORT_LIVED.has(kind)) && isPoison(flight, now)) return undefined
  // While everybody who could be asked again cools, there is no use in asking before the first of them is well. Who is down is
  // asked all the same if that is too late: it may be back sooner.
  const latest = flight.deadline - LEAST
  const wellAt = passing.map(({ attempt, kind }) => {
    const until = attempt.channel.provider.quota.cooldownUntil(now) ?? now
    return kind === 'server-error' && until > latest ? now : until
  })
  const pause = Math.max(delayBefore(round + 1, parts), Math.min(...wellAt) - now)
  return now + pause <= latest ? pause : undefined
}

/** Whether an attempt of a later round is paid for. Who has answered since it failed this request multiplies no outage. */
export function isPaid(flight: Flight, channel: ChannelState): boolean {
  const { parts, round, failures } = flight
  if (round < 2) return true
  parts.retrying.add(flight)
  const own = failures.filter(({ attempt }) => attempt.channel === channel).at(-1)
  if (own && channel.health.answeredAt > own.attempt.startedAt + own.duration) return true
  const isFree = parts.retrying.size <= 1 && hasFreeRounds(flight)
  flight.isSole ||= isFree
  return isFree || parts.retryBudget.spend()
}

/**
 * The pause until one that could not pay looks again (in ms), or `undefined` if it is not to: as long as somebody else is at it,
 * that may show that the outage is over; who is alone has the rounds that are always allowed, and if they fail nobody waits on.
 */
export function pauseUnpaid(flight: Flight, now: number): number | undefined {
  const { parts, round, deadline, inFlight } = flight
  if (inFlight.length > 0 || parts.retryBudget.size < 1 || !hasFreeRounds(flight)) return undefined
  const pause = delayBefore(round, parts)
  if (deadline - now - pause < LEAST) return undefined
  parts.retrying.delete(flight)
  return pause
}

/** It has failed: if not even the rounds that are always allowed were enough, those that were at it meanwhile wait for nobody. */
export function noteLost({ parts, isSole, round }: Flight, now: number) {
  if (isSole && round >= FREE_ROUNDS) parts.lostAt = now
}

/** Whether the rounds that are always allowed are not over, and nobody has failed all of them since it started. */
function hasFreeRounds({ parts, round, startedAt }: Flight): boolean {
  return round <= FREE_ROUNDS && parts.lostAt <= startedAt
}

/** Once a provider has said something of the request itself, the others get the rounds that are always allowed, not all the time. */
function roundsOf(flight: Flight): number {
  const { plan, failures } = flight
  if (plan.isBrief && failures.some(({ kind }) => kind !== 'rate-limit')) return 1
  const isTold = failures.some(({ failure, kind }) => failure.isRpc && !PASSING.has(kind) && !LASTING.has(kind))
  return isTold || isUnknownMethod(flight) ? Math.min(plan.rounds, FREE_ROUNDS) : plan.rounds
}

/** A provider does not know the method, and none that is left is known to: those that are down are tried once. */
function isUnknownMethod({ plan, failures, route, ruledOut }: Flight): boolean {
  const serves = ({ provider }: ChannelState) =>
    !ruledOut?.has(provider) && provider.capability.serves(plan.need.method)
  return failures.some(({ failure }) => failure.isMethodUnknown) && ![...route.candidates, ...route.open].some(serves)
}

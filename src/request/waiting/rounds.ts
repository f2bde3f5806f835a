// Further rounds: when a request that every candidate failed may ask them all again, after which pause, and who pays for it.

import type { ChannelState } from '../../provider/provider'
import type { Failure } from '../../rpc/failure'
import type { FailureKind } from '../../types'
import { isPoison } from '../answer/blame'
import type { Flight } from '../flight'
import { delayBefore, LEAST } from './timing'
import { leadsOf } from './waiting'

/** Failures that may be over in the next round. */
const PASSING = new Set<FailureKind>([
  'network',
  'timeout',
  'server-error',
  'invalid-response',
  'block-not-available',
  'rate-limit',
])
/** Failures that by their nature are over soon: a request that everybody fails in this way is not poison. */
const SHORT_LIVED = new Set<FailureKind>(['rate-limit', 'block-not-available'])
/** Failures that will be the same in the next round: the provider is not asked again for this request. */
const LASTING = new Set<FailureKind>([
  'unsupported-method',
  'auth',
  'quota',
  'missing-state',
  'range-too-large',
  'result-too-large',
  'batch-refused',
])
/** Rounds that cost nothing while no other request is in its second round or later. */
const FREE_ROUNDS = 4

/** A request that everybody fails in the same way is asked again for this long (in ms): it may be a short outage of all. */
const LONGEST_POISON = 1_000

/** A block that nobody has is asked for again for this long (in ms): nodes may be behind each other. */
const LONGEST_ABSENT = 3_000
/**
 * A block that is further above the best head than blocks come in this time (in ms) does not come in `LONGEST_ABSENT`, even if that
 * head was seen a while ago (it counts for 30 s).
 */
const FAR_AHEAD = 33_000

/** Codes with which a wallet says that another one may serve the request. */
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

/** Whether the request has had all its rounds. Rounds with an attempt count, and so does each probe that was led in vain. */
export function isSpent(flight: Flight): boolean {
  const { round, roundStart, attempts, failures } = flight
  const leads = leadsOf(flight)
  return failures.length > roundStart && leads + (attempts > leads ? round : round - 1) >= roundsOf(flight)
}

/** The pause before the next round (in ms), or `undefined` if there is to be none. */
export function pauseBeforeNextRound(flight: Flight, now: number): number | undefined {
  const { parts, failures, roundStart, round, route, ruledOut } = flight
  if (round >= roundsOf(flight)) return undefined
  const mayAskAgain = ({ breaker, provider }: ChannelState) => breaker.isClosed() && !ruledOut?.has(provider)
  const all = [...route.candidates, ...route.open, ...route.leftOut]
  if (isUnknownMethod(flight) && !all.some(mayAskAgain)) return undefined
  const last = failures.slice(roundStart)
  const passing = last.filter(({ kind }) => PASSING.has(kind))
  if (passing.length === 0) return undefined
  // A block that nobody has after a while does not exist.
  const isAbsent = last.every(({ kind }) => kind === 'block-not-available')
  if (isAbsent && (now - flight.startedAt >= LONGEST_ABSENT || isFarAhead(flight, now))) return undefined
  // Poison is not asked until the deadline: everybody fails it in the same way, though they were well a moment ago.
  const isLong = round >= FREE_ROUNDS && now - flight.startedAt >= LONGEST_POISON
  if (isLong && !passing.some(({ kind }) => SHORT_LIVED.has(kind)) && isPoison(flight, now)) return undefined
  // While all that could be asked again cool down, the pause lasts until the first of them is done. A provider that said that
  // it is down until after the deadline is asked all the same: it may be back sooner.
  const latest = flight.deadline - LEAST
  const wellAt = passing.map(({ attempt, kind }) => {
    const until = attempt.channel.provider.quota.cooldownUntil(now) ?? now
    return kind === 'server-error' && until > latest ? now : until
  })
  const pause = Math.max(delayBefore(round + 1, parts), Math.min(...wellAt) - now)
  return now + pause <= latest ? pause : undefined
}

/** Whether the request names a block so far above the best head that it does not come in time, nor is at a node that is ahead. */
function isFarAhead({ parts: { heads }, reach }: Flight, now: number): boolean {
  const best = heads.best(now)
  return typeof reach === 'number' && best !== undefined && reach > best + heads.maxLag() + heads.blocksIn(FAR_AHEAD)
}

/**
 * Whether an attempt is free or the budget pays for it. Those of round 1 are free, and so is one on a channel that has answered
 * other requests since it failed this one: it does not multiply the traffic of an outage.
 */
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
 * The pause until a request that could not pay looks again (in ms); `undefined` if it fails instead. It waits because another
 * request in a later round may show that the outage is over. The last one that is left has its rounds free of charge; if they
 * fail too, no request that ran meanwhile waits any longer (`lostAt`).
 */
export function pauseUnpaid(flight: Flight, now: number): number | undefined {
  const { parts, round, deadline, inFlight } = flight
  if (inFlight.length > 0 || parts.retryBudget.size < 1 || !hasFreeRounds(flight)) return undefined
  const pause = delayBefore(round, parts)
  if (deadline - now - pause < LEAST) return undefined
  parts.retrying.delete(flight)
  return pause
}

/** The request has failed. If it had all its free rounds, the requests that started before have no free rounds any more. */
export function noteLost({ parts, isSole, round }: Flight, now: number) {
  if (isSole && round >= FREE_ROUNDS) parts.lostAt = now
}

/** Whether the request has free rounds left: none is left once another request has failed all of its own meanwhile. */
function hasFreeRounds({ parts, round, startedAt }: Flight): boolean {
  return round <= FREE_ROUNDS && parts.lostAt <= startedAt
}

/** How many rounds the request may have: few once a provider has said something of the request itself. */
function roundsOf(flight: Flight): number {
  const { plan, failures } = flight
  if (plan.isBrief && failures.some(({ kind }) => kind !== 'rate-limit')) return 1
  const isTold = failures.some(({ failure, kind }) => failure.isRpc && !PASSING.has(kind) && !LASTING.has(kind))
  return isTold || isUnknownMethod(flight) ? Math.min(plan.rounds, FREE_ROUNDS) : plan.rounds
}

/** Whether a provider said that it does not know the method, and no other that is left is known to serve it. */
function isUnknownMethod({ plan, failures, route, ruledOut }: Flight): boolean {
  const serves = ({ provider }: ChannelState) =>
    !ruledOut?.has(provider) && provider.capability.serves(plan.need.method)
  return failures.some(({ failure }) => failure.isMethodUnknown) && ![...route.candidates, ...route.open].some(serves)
}

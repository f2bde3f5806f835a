// When a request that every candidate failed may ask them all again, and after which pause.

import type { Failure } from '../rpc/failure'
import type { FailureKind } from '../types'
import { isPoison } from './blame'
import type { Flight } from './flight'
import { delayBefore, LEAST } from './timing'

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

const WALLET_GOES_ON = new Set([-32601, -32004, 4200, 4900, 4901])

/** Whether another candidate may be asked after this failure. */
export function mayGoOn({ plan }: Flight, failure: Failure): boolean {
  const { need } = plan
  if (need.traits.kind === 'wallet')
    return (failure.isUntouched && !failure.isRpc) || (failure.code !== undefined && WALLET_GOES_ON.has(failure.code))
  return failure.verdict === 'next' && (need.isRepeatable || failure.isUntouched)
}

export function isLasting(kind: FailureKind): boolean {
  return LASTING.has(kind)
}

/** The pause before the next round (in ms), or `undefined` if there is to be none. */
export function pauseBeforeNextRound(flight: Flight, now: number): number | undefined {
  const { parts, plan, failures, roundStart, round } = flight
  if (round >= plan.rounds) return undefined
  const passing = failures.slice(roundStart).filter(({ kind }) => PASSING.has(kind))
  if (passing.length === 0) return undefined
  // What everybody who was well a moment ago fails in the same way is asked once more, not until the deadline.
  if (round > 1 && !passing.some(({ kind }) => SHORT_LIVED.has(kind)) && isPoison(flight, now)) return undefined
  // While everybody who could be asked again cools, there is no use in asking before the first of them is well.
  const cooling = passing.map(({ attempt }) => attempt.channel.provider.quota.cooldownUntil(now) ?? now)
  const pause = Math.max(delayBefore(round + 1, parts), Math.min(...cooling) - now)
  return flight.deadline - now - pause >= LEAST ? pause : undefined
}

/** Whether an attempt of a later round is paid for. */
export function isPaid({ parts, round }: Flight): boolean {
  if (round < 2) return true
  if (parts.retrying <= 1 && round <= FREE_ROUNDS) return true
  return parts.retryBudget.spend()
}

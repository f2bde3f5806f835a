// Notes the failure of an attempt, learns from it, and decides whether it counts against the channel. It does not if the
// process slept, the attempt had too little time, the method is heavy, the machine is offline, or the request is poison.

import { isOffline } from '../../base/online'
import type { Failure } from '../../rpc/failure'
import { isUnreachable } from '../../rpc/failure'
import type { Attempt } from '../attempt/attempt'
import { finishAttempt, hadTime, isFirstOfBatch } from '../attempt/attempt'
import { removeAttempt, settleFailed } from '../attempt/settle'
import type { FailedAttempt, Flight } from '../flight'
import { learnFrom } from './learn'
import { noteLack } from './sight'

/** A provider that gave a usable answer within this time (in ms) was well a moment ago. */
const ALIVE = 30_000

/** Learns from the failure of an attempt, and settles it: now, or once it is known whether the request is poison. */
export function noteFailure(
  flight: Flight,
  attempt: Attempt,
  error: unknown,
  failure: Failure,
  now: number,
): FailedAttempt {
  const { channel } = attempt
  removeAttempt(flight, attempt)
  if (failure.kind === 'block-not-available' && failure.verdict === 'next') noteLack(flight, attempt, now)
  // If a batch was too much for the provider, that was one refusal: only its first member learns from it.
  const isLimit = /^(rate-limit|quota|server-error)$/.test(failure.kind)
  if (!isLimit || isFirstOfBatch(attempt, failure.kind)) learnFrom(failure, attempt, flight.parts, now)
  finishAttempt(attempt)
  const failed: FailedAttempt = {
    provider: channel.provider.id,
    channel: channel.type,
    kind: failure.kind,
    duration: now - attempt.startedAt,
    error,
    failure,
    attempt,
  }
  flight.failures.push(failed)
  blame(flight, failed, now)
  return failed
}

function blame(flight: Flight, failed: FailedAttempt, now: number) {
  const { failure, attempt } = failed
  if (!isBlamable(attempt, failure, now)) return settleFailed(flight, failed, false, now)
  const mayBePoison =
    (failure.isRpc || failure.kind === 'timeout') && attempt.role !== 'lead' && providersOf(flight) > 1
  if (!mayBePoison) return settleFailed(flight, failed, true, now)
  // The failure stays unsettled while all others are of its kind. One of another kind shows that the request is no poison.
  for (const other of flight.failures)
    if (!other.attempt.isSettled && other.kind !== failed.kind) settleFailed(flight, other, true, now)
}

/** Settles the failures that are not settled yet. @param isBlamed false if the request was poison */
export function settleWithheld(flight: Flight, isBlamed: boolean, now: number) {
  for (const failed of flight.failures) if (!failed.attempt.isSettled) settleFailed(flight, failed, isBlamed, now)
}

/**
 * Whether the request is poison: all providers asked in this round, two or more, failed it in the same way, though one of them
 * was well a moment ago. To be called when a round or the request ends.
 */
export function isPoison(flight: Flight, now: number): boolean {
  const failures = flight.failures.slice(flight.roundStart)
  const kind = failures[0]?.kind
  if (failures.some((failed) => failed.kind !== kind || !(failed.failure.isRpc || kind === 'timeout'))) return false
  const asked = new Set(failures.map(({ attempt }) => attempt.channel.provider))
  if (asked.size < 2) return false
  return [...asked].some(({ channels }) => channels.some(({ health }) => now - health.answeredAt <= ALIVE))
}

/** Whether a failure may be held against its channel at all. */
export function isBlamable(attempt: Attempt, failure: Failure, now: number): boolean {
  const { need } = attempt
  if (failure.blame === 'nobody' || attempt.isLate || need.traits.kind === 'wallet') return false
  // A batch counts as one attempt: if another member has a result, the channel works.
  if (attempt.batch?.hasResult) return false
  if (isUnreachable(failure) && isOffline()) return false
  if (failure.kind === 'timeout' && need.isHeavy) return false
  return !failure.isOurs || hadTime(attempt, now)
}

function providersOf({ route }: Flight) {
  return new Set([...route.candidates, ...route.open].map(({ provider }) => provider)).size
}

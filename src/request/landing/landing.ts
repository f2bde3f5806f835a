// How a request ends: with a value, with an error, or because its caller gave up. Each clears all that the request held, once,
// and does so first: whatever is told of it runs code of the user's, which may end it again.

import { NoProviderError, TransportClosedError } from '../../errors'
import type { FailureKind } from '../../types'
import { isPoison, settleWithheld } from '../answer/blame'
import { honestAnswer } from '../answer/sight'
import type { Attempt } from '../attempt/attempt'
import { lose } from '../attempt/attempt'
import { hedgeDelayOf } from '../attempt/hedge'
import { settleAborted, settleAnswered } from '../attempt/settle'
import type { FailedAttempt, Flight } from '../flight'
import { hasLanded } from '../flight'
import { exclusionsOf } from '../route/route'
import { noteLost } from '../waiting/rounds'
import { stopWaiting } from '../waiting/waiting'
import { emitDispute, emitRequest } from './emit'
import { errorOf, sendFacts, tellingOf } from './error'

/** `winner` answered. Those still at it are given up. */
export function landValue(flight: Flight, winner: Attempt, value: unknown, now: number) {
  clear(flight)
  settleWithheld(flight, true, now)
  // An answer that was held back was settled when it came.
  if (!winner.isSettled) settleAnswered(flight, winner, now)
  for (const attempt of flight.inFlight) if (attempt !== winner) settleOvertaken(flight, attempt, now)
  emitRequest(flight, 'success', winner)
  flight.onEnd?.(flight.attempts, winner.channel)
  flight.resolve(value)
}

/** Nobody knew better: the answer that was held back is given, or what was shown before in its place. */
export function landHeld(flight: Flight, now: number) {
  const { held } = flight
  if (!held || hasLanded(flight)) return
  const [value, isDisputed] = honestAnswer(flight, held.doubt, held.value, now)
  landValue(flight, held.attempt, value, now)
  if (isDisputed) emitDispute(flight, held)
}

/** Nobody had an answer: the caller gets `given` (the error itself, or that of a final attempt), or else the most telling error. */
export function landError(flight: Flight, now: number, given?: Error | FailedAttempt) {
  if (hasLanded(flight)) return
  if (flight.held) return landHeld(flight, now)
  noteLost(flight, now)
  const isOwn = given instanceof Error
  const telling = isOwn ? undefined : tellingOf(flight, given)
  const thrown = isOwn ? Object.assign(given, sendFacts(flight)) : errorOf(flight, telling)
  const { kind, attempt } = telling ?? flight.failures.at(-1) ?? {}
  end(flight, !isPoison(flight, now), now, attempt, kind)
  if (!flight.plan.isInner) flight.parts.counts.failed++
  void Promise.resolve(thrown).then((error) => {
    emitRequest(flight, 'error', attempt, error, kind)
    flight.reject(error)
  }, flight.reject)
}

/** Nobody may be asked: the error says why, unless somebody was asked before. */
export function landEmpty(flight: Flight, now: number) {
  const { parts, plan, request, failures } = flight
  if (failures.length > 0) return landError(flight, now)
  const reasons = exclusionsOf(plan.need, plan, parts.channels)
  landError(flight, now, new NoProviderError({ method: request.method, reasons }))
}

/** The engine was closed. */
export function landClosed(flight: Flight, now: number) {
  landAborted(flight, Object.assign(new TransportClosedError(), sendFacts(flight)), now)
}

/** The caller gave up: nobody is blamed for what was on its way. */
export function landAborted(flight: Flight, reason: unknown, now: number) {
  if (hasLanded(flight)) return
  const last = flight.inFlight.at(-1) ?? flight.failures.at(-1)?.attempt
  end(flight, true, now, last)
  for (const quit of flight.probes ?? []) quit()
  emitRequest(flight, 'aborted', last, reason)
  flight.reject(reason)
}

/** Without an answer: what is on its way is called off. @param by whose failure is told, or who was asked last */
function end(flight: Flight, isBlamed: boolean, now: number, by?: Attempt, kind?: FailureKind) {
  clear(flight)
  settleWithheld(flight, isBlamed, now)
  for (const attempt of flight.inFlight) settleAborted(flight, attempt, now)
  flight.onEnd?.(flight.attempts, by?.channel, kind)
}

function clear(flight: Flight) {
  const { parts } = flight
  flight.isDone = true
  parts.alarms.clear(flight)
  parts.retrying.delete(flight)
  stopWaiting(flight)
  flight.offAbort?.()
}

/** One that had its hedge delay and was overtaken has lost; one that had hardly left, or had heavy work, says nothing. */
function settleOvertaken(flight: Flight, attempt: Attempt, now: number) {
  const { need } = flight.plan
  const isSlow = now - attempt.leftAt >= hedgeDelayOf(flight, attempt)
  if (!attempt.isLate && !need.isHeavy && isSlow) lose(attempt, need, now)
  settleAborted(flight, attempt, now)
}

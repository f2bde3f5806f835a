// How a request ends: with a value, with an error, or because its caller aborted it. Each way first clears all that the request
// holds, once: the events that follow run code of the user's, which may try to end the request again.

import { NoProviderError, TransportClosedError } from '../../errors'
import type { FailureKind } from '../../types'
import { isPoison, settleWithheld } from '../answer/blame'
import { honestAnswer } from '../answer/sight'
import type { Attempt } from '../attempt/attempt'
import { hedgeDelayOf } from '../attempt/hedge'
import { settleAborted, settleAnswered, settleLost } from '../attempt/settle'
import type { FailedAttempt, Flight } from '../flight'
import { hasLanded } from '../flight'
import { exclusionsOf } from '../route/route'
import { noteLost } from '../waiting/rounds'
import { stopWaiting } from '../waiting/waiting'
import { emitDispute, emitRequest } from './emit'
import { errorOf, sendFacts, tellingOf } from './error'

/** The caller gets the value of `winner`; the other attempts in flight are aborted. */
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

/** No provider knew better: the caller gets the answer that was held back, or in its place what was shown before. */
export function landHeld(flight: Flight, now: number) {
  const { held } = flight
  if (!held || hasLanded(flight)) return
  const [value, isDisputed] = honestAnswer(flight, held.doubt, held.value, now)
  landValue(flight, held.attempt, value, now)
  if (isDisputed) emitDispute(flight, held)
}

/** Nobody had an answer: the caller gets `given` (an error, or the failure that ended it all), else the most telling error. */
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

/** No channel may be asked in this round. The error says why, unless attempts of an earlier round failed: then it is theirs. */
export function landEmpty(flight: Flight, now: number) {
  const { parts, plan, request, failures } = flight
  if (failures.length > 0) return landError(flight, now)
  const reasons = exclusionsOf(plan, parts.channels, 'is left out by the strategy')
  landError(flight, now, new NoProviderError({ method: request.method, reasons }))
}

/** The engine is being closed: the request ends as if aborted, with a `TransportClosedError`. */
export function landClosed(flight: Flight, now: number) {
  landAborted(flight, Object.assign(new TransportClosedError(), sendFacts(flight)), now)
}

/** The caller aborted the request: attempts and probes in flight are aborted, and no channel is blamed for them. */
export function landAborted(flight: Flight, reason: unknown, now: number) {
  if (hasLanded(flight)) return
  const last = flight.inFlight.at(-1) ?? flight.failures.at(-1)?.attempt
  end(flight, true, now, last)
  for (const quit of flight.probes ?? []) quit()
  emitRequest(flight, 'aborted', last, reason)
  flight.reject(reason)
}

/** The request ends without an answer: attempts in flight are aborted. @param by whose failure is told, or the last attempt */
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

/** Another attempt was faster. That counts against one that had its whole hedge delay, unless its work was heavy. */
function settleOvertaken(flight: Flight, attempt: Attempt, now: number) {
  const isSlow = now - attempt.leftAt >= hedgeDelayOf(flight, attempt)
  const isLost = isSlow && !attempt.isLate && !attempt.need.isHeavy
  ;(isLost ? settleLost : settleAborted)(flight, attempt, now)
}

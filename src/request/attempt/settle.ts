// How the attempts of a request end: each is settled with its channel, and its `attempt` event is emitted. blame.ts says
// whether a failure counts against the channel.

import { defined } from '../../base/fields'
import type { AttemptEvent } from '../../events'
import type { FailedAttempt, Flight } from '../flight'
import type { Attempt } from './attempt'
import { abortCall, fail, settle, succeed } from './attempt'

/** The attempt brought a usable answer. @param need that of the request that was sent */
export function settleAnswered(flight: Flight, attempt: Attempt, now: number, need = flight.plan.need) {
  succeed(attempt, need, now)
  emitAttempt(flight, attempt, 'success', (attempt.answeredAt ?? now) - attempt.startedAt)
}

export function settleFailed(
  flight: Flight,
  { attempt, failure, duration }: Pick<FailedAttempt, 'attempt' | 'failure' | 'duration'>,
  isBlamed: boolean,
  now: number,
) {
  const { kind, code, status } = failure
  fail(attempt, failure, isBlamed, now)
  emitAttempt(flight, attempt, 'failure', duration, defined({ kind, blamed: isBlamed, code, status }))
}

/** Nobody waits for the attempt any more: aborts its call. It says nothing about the channel, unless it was settled before. */
export function settleAborted(flight: Flight, attempt: Attempt, now: number) {
  settle(attempt, 'neutral', now)
  abortCall(attempt)
  emitAttempt(flight, attempt, 'aborted', now - attempt.startedAt)
}

/** The attempt came back or is given up: it is not in flight any more. Without another one, no hedge is due. */
export function removeAttempt(flight: Flight, attempt: Attempt) {
  flight.inFlight = flight.inFlight.filter((other) => other !== attempt)
  if (flight.inFlight.length === 0) flight.hedgeAt = Infinity
}

function emitAttempt(
  { parts, id, request }: Flight,
  attempt: Attempt,
  outcome: AttemptEvent['outcome'],
  duration: number,
  failure?: AttemptEvent['failure'],
) {
  if (!parts.events.has('attempt')) return
  const { provider, type } = attempt.channel
  parts.events.emit('attempt', {
    id,
    method: request.method,
    provider: provider.id,
    channel: type,
    hedged: attempt.role === 'hedge' || attempt.role === 'probe',
    duration,
    outcome,
    ...(failure && { failure: Object.freeze(failure) }),
  })
}

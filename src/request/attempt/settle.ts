// How the attempts of a request end: each is settled with its channel, and its `attempt` event is emitted. blame.ts says
// whether a failure counts against the channel.

import { defined } from '../../base/fields'
import type { AttemptEvent } from '../../events'
import type { FailedAttempt, Flight } from '../flight'
import type { Attempt } from './attempt'
import { abortCall, isFirstOfBatch, settle } from './attempt'

/** The attempt brought a usable answer. */
export function settleAnswered(flight: Flight, attempt: Attempt, now: number) {
  const { channel, need, batch, leftAt, answeredAt = now } = attempt
  const isNews = isFirstOfBatch(attempt, 'success')
  settle(attempt, isNews ? 'success' : 'neutral', now)
  if (need.traits.kind !== 'wallet') {
    const { quota, capability } = channel.provider
    if (isNews) channel.health.succeed(need.traits.group, answeredAt - leftAt, now, batch !== undefined)
    quota.accept(now, leftAt)
    capability.learnSupported(need.method)
    if (need.old?.what === 'state') capability.proveState(need.old.block as number)
  }
  emitAttempt(flight, attempt, 'success', answeredAt - attempt.startedAt)
}

/** The attempt failed. @param isBlamed whether that counts against the channel (or all those of the provider) */
export function settleFailed(
  flight: Flight,
  { attempt, failure, duration }: Pick<FailedAttempt, 'attempt' | 'failure' | 'duration'>,
  isBlamed: boolean,
  now: number,
) {
  const { channel } = attempt
  const { kind, code, status, verdict, blame } = failure
  const isCounted = isBlamed && isFirstOfBatch(attempt, 'failure')
  if (verdict === 'next') channel.lastFailure = { kind, code, status, at: now }
  settle(attempt, isCounted ? kind : 'neutral', now)
  if (isCounted) {
    channel.health.fail()
    const others = blame === 'provider' ? channel.provider.channels.filter((other) => other !== channel) : []
    for (const { breaker } of others) breaker.recordFailure(now, kind)
  }
  emitAttempt(flight, attempt, 'failure', duration, defined({ kind, blamed: isBlamed, code, status }))
}

/** The attempt was overtaken: that counts as a timeout, so the breaker of a channel that only ever loses opens. */
export function settleLost(flight: Flight, attempt: Attempt, now: number) {
  const isCounted = isFirstOfBatch(attempt, 'failure')
  if (isCounted) attempt.channel.health.lose(attempt.need.traits.group, now - attempt.leftAt, now)
  settle(attempt, isCounted ? 'timeout' : 'neutral', now)
  settleAborted(flight, attempt, now)
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

// Asking one candidate: in its turn, beside a slow one, or as the probe of those that wait. Who is next is ahead.ts, what
// becomes of it is given as `landing`.

import type { Permit } from '../provider/breaker'
import type { ChannelState } from '../provider/provider'
import { noteLead, takeOut } from './ahead'
import type { Attempt, AttemptRole } from './attempt'
import { abandon, release } from './attempt'
import { emitAttempt, emitFailover } from './emit'
import type { Flight } from './flight'
import { canHedge, hedgeCandidate, hedgeDelayOf, hedgeDueAt } from './hedge'
import { landError } from './landing'
import type { Landing } from './launch'
import { launch } from './launch'
import { LEAST, leadLimitOf, limitOf, setAlarm } from './timing'
import { dueFirst } from './waiting'

/** Asks a candidate whose turn it is. */
export function askInTurn(flight: Flight, channel: ChannelState, now: number, landing: Landing) {
  flight.position++
  const permit = flight.plan.need.traits.kind === 'wallet' ? undefined : channel.breaker.admit()
  ask(flight, channel, permit, 'turn', now, landing)
}

/** Asks the same candidate once more, out of its turn. */
export function askAgain(flight: Flight, channel: ChannelState, now: number, landing: Landing) {
  flight.phase = 'asking'
  flight.resumeAt = Infinity
  ask(flight, channel, channel.breaker.admit(), 'turn', now, landing)
}

function ask(
  flight: Flight,
  channel: ChannelState,
  permit: Permit | undefined,
  role: AttemptRole,
  now: number,
  landing: Landing,
) {
  flight.attempts++
  const attempt = launch(flight, channel, permit, role, now, landing)
  // A transport of the user's may have given up the request.
  if (flight.phase === 'done') return giveBack(flight, attempt, now)
  flight.inFlight.push(attempt)
  const waiting = flight.plan.need.isRepeatable
    ? flight.ahead.length - flight.position + Math.min(1, flight.route.open.length)
    : 0
  attempt.limitAt = role === 'lead' ? leadLimitOf(flight, now) : limitOf(flight, waiting, now)
  flight.hedgeAt =
    flight.plan.hedge && flight.position < flight.ahead.length && role !== 'lead'
      ? now + hedgeDelayOf(flight, attempt)
      : Infinity
  setAlarm(flight, now)
  if (flight.failures.length > 0 && role !== 'hedge') emitFailover(flight, channel)
}

function giveBack(flight: Flight, attempt: Attempt, now: number) {
  release(attempt, now)
  abandon(attempt)
  emitAttempt(flight, attempt, 'aborted', 0)
}

/** The request leads those that wait: its next attempt is the probe. */
export function lead(flight: Flight, now: number, landing: Landing) {
  const { waiter } = flight
  if (flight.deadline - now < LEAST) return landError(flight, now)
  const channel = waiter && dueFirst(waiter.wants)
  const permit = channel?.breaker.admitProbe(now, true)
  flight.resumeAt = Infinity
  if (channel && permit) {
    // A listener may have given up the request.
    if (flight.phase === 'done') return channel.breaker.settle(permit, 'neutral', now)
    noteLead(flight, channel)
    channel.provider.upkeep.probes++
    return ask(flight, channel, permit, 'lead', now, landing)
  }
  // Another probe is on its way to it; its end wakes the room.
  flight.phase = 'waiting'
  setAlarm(flight, now)
}

/** Asks one more candidate beside those that are slow, if the budget has it. */
export function hedge(flight: Flight, now: number, landing: Landing) {
  const newest = flight.inFlight.at(-1)
  const dueAt = newest?.travel ? hedgeDueAt(flight, newest, now) : now
  flight.hedgeAt = dueAt > now ? dueAt : Infinity
  if (dueAt > now || !canHedge(flight) || flight.deadline - now < LEAST) return
  const channel = hedgeCandidate(flight, now)
  const permit = channel?.breaker.admit()
  if (!channel || !permit || !flight.parts.hedgeBudget.spend()) return
  takeOut(flight, channel)
  flight.parts.counts.hedged++
  channel.provider.upkeep.hedges++
  ask(flight, channel, permit, 'hedge', now, landing)
}

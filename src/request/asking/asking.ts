// Asking one candidate: in its turn, as a hedge beside a slow one, or as the probe for all that wait. ahead.ts says who is
// next; the pilot is told what becomes of the attempt.

import type { Permit } from '../../provider/breaker'
import type { ChannelState } from '../../provider/provider'
import type { Attempt, AttemptRole } from '../attempt/attempt'
import { isFirstOfBatch } from '../attempt/attempt'
import { hedgeBudgetOf, hedgeCandidate, hedgeDelayOf, hedgeDueAt, MOST_IN_FLIGHT, SHORTEST } from '../attempt/hedge'
import { settleAborted } from '../attempt/settle'
import type { Flight } from '../flight'
import { hasLanded } from '../flight'
import { emitFailover } from '../landing/emit'
import { landError } from '../landing/landing'
import { askableOf, hasOthers, openOf, removeFromAhead } from '../route/ahead'
import { clearResume, LEAST, leadLimitOf, limitOf, setAlarm } from '../waiting/timing'
import { dueFirst, stopWaiting, wantedOf } from '../waiting/waiting'
import { launch } from './launch'

/** Asks a candidate whose turn it is, or the provider of a held answer once more. */
export function askInTurn(flight: Flight, channel: ChannelState, now: number) {
  removeFromAhead(flight, channel)
  const permit = flight.plan.need.traits.kind === 'wallet' ? undefined : channel.breaker.admit()
  ask(flight, channel, permit, 'turn', now)
  // If this request was leading, that wakes others: only now, as they would take the room that it was to have.
  stopWaiting(flight)
}

function ask(flight: Flight, channel: ChannelState, permit: Permit | undefined, role: AttemptRole, now: number) {
  clearResume(flight)
  flight.attempts++
  const { held, pilot, plan } = flight
  const request = (held?.pauses && held.doubt.instead) || flight.request
  const attempt = launch(flight, { channel, permit, role, request, need: plan.need, sink: pilot }, now)
  // A transport of the user's may have aborted the request while it was sent.
  if (hasLanded(flight)) return settleAborted(flight, attempt, now)
  flight.inFlight.push(attempt)
  const left = askableOf(flight).length
  // While none was down at the start of the round and none has failed since, this is not looked up.
  const isSound = role !== 'lead' && flight.route.open.length + flight.failures.length === 0
  const down = isSound ? 0 : openOf(flight).length
  const waiting = plan.need.isRepeatable ? left + Math.min(1, down) : 0
  attempt.limitAt =
    role === 'lead' ? leadLimitOf(flight, down > 1 || hasOthers(flight), now) : limitOf(flight, waiting, now)
  flight.hedgeAt = flight.plan.hedge && left > 0 && role !== 'lead' ? now + hedgeDelayOf(flight, attempt) : Infinity
  setAlarm(flight, now)
  if (flight.failures.length > 0 && role !== 'hedge') emitFailover(flight, channel)
}

/** The request leads: it sends a probe to the channel that is due first, for itself and for all others that wait for it. */
export function lead(flight: Flight, now: number) {
  if (flight.deadline - now < LEAST) return landError(flight, now)
  clearResume(flight)
  const channel = dueFirst(flight, wantedOf(flight), now)
  const permit = channel?.breaker.admitProbe(now, true)
  if (channel && permit) {
    // A listener may have aborted the request when the breaker changed.
    if (hasLanded(flight)) return channel.breaker.settle(permit, 'neutral', now)
    channel.provider.upkeep.probes++
    return ask(flight, channel, permit, 'lead', now)
  }
  // Probes are already on their way to all of these channels. Their ends wake the requests that wait.
  flight.isLeading = false
  flight.pilot.goOn(flight, now)
}

/** Asks one more candidate beside the slow ones, if one has room and the budget allows it; else looks again later. */
export function hedge(flight: Flight, now: number) {
  const newest = flight.inFlight.at(-1) as Attempt
  const dueAt = hedgeDueAt(flight, newest, now)
  const areDown = isAllDown(flight)
  // If the attempt is in a batch, other members may soon show that the batch is lost. Then the next look is soon, and so it is
  // if nothing is hoped for from those in flight.
  const delay = newest.batch || areDown ? SHORTEST : Math.max(SHORTEST, hedgeDelayOf(flight, newest))
  flight.hedgeAt = dueAt > now ? dueAt : now + delay
  if (dueAt > now || flight.inFlight.length >= MOST_IN_FLIGHT || flight.deadline - now < LEAST) return
  if (areDown) return flight.pilot.goOn(flight, now)
  const channel = hedgeCandidate(flight, now)
  const permit = channel?.breaker.admit()
  if (!channel || !permit || !isPaidFor(flight, newest)) return
  removeFromAhead(flight, channel)
  flight.parts.counts.hedged++
  channel.provider.upkeep.hedges++
  ask(flight, channel, permit, 'hedge', now)
}

/**
 * Whether every attempt in flight is as good as failed: the breaker of its channel has opened, or its batch counts as failed.
 * Then the request goes on as after a failure, and the next attempt is no hedge.
 */
function isAllDown({ inFlight }: Flight): boolean {
  return inFlight.every(({ channel, batch }) => !channel.breaker.isClosed() || batch?.noted.has('failure'))
}

/**
 * Whether the budget pays for a hedge. The further members of one slow batch leave half of it to other requests: a channel that
 * hangs takes three such batches before its breaker opens.
 */
function isPaidFor(flight: Flight, newest: Attempt): boolean {
  const budget = hedgeBudgetOf(flight)
  return budget.spend(!isFirstOfBatch(newest, 'hedge') ? budget.size / 2 : 0)
}

// The waiting room: requests that can ask nobody now, first come first served, each within its deadline. Some wait for channels
// behind open breakers: for each channel one of them leads, which probes it after the delay of a round, and the others go on when
// its probe succeeds. Some wait for room at a provider (queue.ts).

import { sortedBy } from '../../base/lists'
import { PROBE_LIMIT } from '../../provider/breaker'
import type { ChannelState } from '../../provider/provider'
import type { FailedAttempt, Flight, Parts, Step } from '../flight'
import { askableOf, hasOthers, openOf } from '../route/ahead'
import { idle, LEAST, noteSleep } from './timing'

/** Most requests that wait at a time. */
const MOST_WAITING = 1_000

/** Whether the request may wait here: it does so already, or there is a place left. */
export function hasPlace(flight: Flight): boolean {
  const { waiting } = flight.parts
  return waiting.has(flight) || waiting.size < MOST_WAITING
}

/**
 * The channels behind open breakers for which a request waits. If others can be asked again in a further round, each is waited
 * for once a round: until this request has led to it, or, while this one waits, it has opened again or failed another's probe.
 */
export function wantedOf(flight: Flight): ChannelState[] {
  const open = openOf(flight)
  if (!hasOthers(flight)) return open
  return open.filter((channel) => channel.breaker.openedAt() <= flight.waitsSince && ledAt(flight, channel) < 0)
}

export function stopWaiting(flight: Flight) {
  flight.parts.waiting.delete(flight)
  stopLeading(flight)
}

/** The request waits for no channel behind an open breaker any more. If it was leading, another one may. */
export function stopLeading(flight: Flight) {
  const { isLeading, parts } = flight
  flight.waitsSince = Infinity
  flight.isLeading = false
  if (isLeading) wake(parts)
}

/** The request waits for nothing but a time (in ms of the clock), so it gives up its place in the waiting room. */
export function pause(flight: Flight, next: Step, until: number, now: number) {
  idle(flight, next, until, now)
  stopWaiting(flight)
}

/**
 * A channel is back, a provider has room, or a request stopped leading: all that wait look again, first come first served. One
 * that leads goes on with that, unless there is somebody to ask.
 */
export function wake({ waiting, clock }: Parts) {
  const now = clock.now()
  for (const flight of [...waiting]) {
    if (!waiting.has(flight) || !flight.resume) continue
    noteSleep(flight, now)
    if (!flight.isLeading || askableOf(flight).length > 0) flight.pilot.goOn(flight, now)
  }
}

/** Whether the request is to lead: a channel that it wants is not being probed, and no other request leads to one of them. */
export function mayLead(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  return dueFirst(flight, wants, now) !== undefined && !isLed(flight, wants, now)
}

/** When a request that does not lead looks again (in ms of the clock), unless it is woken before: a probe may hang. */
export function lookAt(wants: readonly ChannelState[], now: number): number {
  const probed = wants.filter(({ breaker }) => breaker.isProbing(now))
  return Math.min(now + PROBE_LIMIT, ...probed.map(({ breaker }) => breaker.dueAt()))
}

/** Whether another request leads to one of these channels: its probe is in flight and not overdue, or is to leave soon. */
function isLed(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  const hangs = ({ inFlight }: Flight) => inFlight.some(({ channel }) => !channel.breaker.isProbing(now))
  for (const other of flight.parts.waiting)
    if (
      other !== flight &&
      other.isLeading &&
      !hangs(other) &&
      wantedOf(other).some((channel) => wants.includes(channel))
    )
      return true
  return false
}

/** Whether a probe of one of these channels is in flight and not overdue, or another request is to send one soon. */
export function isBusy(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  return wants.some(({ breaker }) => breaker.isProbing(now)) || isLed(flight, wants, now)
}

/**
 * Whether the request may wait for one of these channels. With `waitForProvider: false` it may only for one whose probe is due,
 * and for that probe: without it, the breaker would stay open for ever.
 */
export function isWaitable(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  const { parts, plan, deadline, isLeading } = flight
  if (plan.isOneShot || deadline - now < LEAST || !hasPlace(flight)) return false
  const mayWait = parts.waitForProvider || (parts.waiting.has(flight) && !isLeading)
  return wants.some(({ breaker }) => mayWait || now >= breaker.dueAt())
}

/**
 * The channel to probe next: the one that is due first. A channel that was led to in this round comes after the others: a probe
 * that said nothing about it has left it due.
 */
export function dueFirst(flight: Flight, wants: readonly ChannelState[], now: number): ChannelState | undefined {
  const free = wants.filter(({ breaker }) => !breaker.isProbing(now))
  const inTurn = sortedBy(free, ({ breaker }) => breaker.dueAt())
  return sortedBy(inTurn, (channel) => ledAt(flight, channel))[0]
}

/** How many probes the request has led in vain. */
export function leadsOf({ failures }: Flight): number {
  return failures.filter(isLead).length
}

/** When the request last led to the channel in vain in this round (in ms of the clock); -1 if it did not. */
function ledAt({ failures, roundStart }: Flight, channel: ChannelState): number {
  const leads = failures.slice(roundStart).filter((failed) => isLead(failed) && failed.attempt.channel === channel)
  return leads.at(-1)?.attempt.startedAt ?? -1
}

function isLead({ attempt }: FailedAttempt) {
  return attempt.role === 'lead'
}

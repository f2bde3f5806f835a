// The waiting room: requests that can ask nobody now, first come first served, each within its deadline. Requests with a seat
// wait for channels behind open breakers. For each channel one of them leads: it probes after the delay of a round, and the
// others go on when its probe succeeds. Requests without a seat wait for room at a provider (queue.ts).

import { sortedBy } from '../../base/lists'
import { PROBE_LIMIT } from '../../provider/breaker'
import type { ChannelState } from '../../provider/provider'
import type { Flight, Parts, Seat, Step } from '../flight'
import { noteOpened, openOf } from '../route/ahead'
import { idle, LEAST } from './timing'

/** Most requests that wait at a time. */
const MOST_WAITING = 1_000

/** Whether the request may wait here: it does so already, or there is a place left. */
export function hasPlace(flight: Flight): boolean {
  const { waiting } = flight.parts
  return waiting.has(flight) || waiting.size < MOST_WAITING
}

/** The channels behind open breakers for which a request may wait: each once a round, or without end if it is stuck. */
export function wantedOf(flight: Flight, isStuck: boolean): ChannelState[] {
  const { led } = flight
  const open = openOf(flight)
  return led && !isStuck ? open.filter((channel) => !led.has(channel)) : open
}

/** The request waits for the channels `wants`; if it waits already, it keeps its place in the order. */
export function takeSeat(flight: Flight, wants: readonly ChannelState[], isStuck: boolean, now: number) {
  flight.seat = { wants, isStuck, failures: wants.map((channel) => failuresOf(channel, now)), isLeading: false }
  flight.parts.waiting.add(flight)
  noteOpened(flight)
}

export function stopWaiting(flight: Flight) {
  const { seat, parts } = flight
  flight.seat = undefined
  parts.waiting.delete(flight)
  if (seat?.isLeading) wake(parts)
}

/** The request waits for nothing but a time (in ms of the clock), so it gives up its place in the waiting room. */
export function pause(flight: Flight, next: Step, until: number, now: number) {
  idle(flight, next, until, now)
  stopWaiting(flight)
}

/** Counted failures of the channel in a row; failed probes are among them. */
function failuresOf({ breaker }: ChannelState, now: number): number {
  return breaker.snapshot(now).failures
}

/** The channels of which a probe has failed since the seat was taken. */
export function failedSince({ wants, failures }: Seat, now: number): ChannelState[] {
  return wants.filter((channel, index) => failuresOf(channel, now) > (failures[index] ?? 0))
}

/** A channel is back, a provider has room, or a request stopped leading: all that wait look again, first come first served. */
export function wake({ waiting, clock }: Parts) {
  const now = clock.now()
  for (const flight of [...waiting]) if (waiting.has(flight) && flight.resume) flight.pilot.look(flight, now)
}

/** Whether the request is to lead: a channel that it wants is not being probed, and no other request leads to one of them. */
export function mayLead(flight: Flight, { wants }: Seat, now: number): boolean {
  return dueFirst(flight, wants, now) !== undefined && !isLed(flight, wants, now)
}

/** Whether to keep the seat: a request that can ask others again leaves it if a probe has failed and no other is in flight. */
export function mayStay(seat: Seat, now: number): boolean {
  return seat.isStuck || seat.wants.some((channel) => isProbed(channel, now)) || failedSince(seat, now).length === 0
}

/** When a request that does not lead looks again (in ms of the clock), unless it is woken before: a probe may hang. */
export function lookAt({ wants }: Seat, now: number): number {
  const probed = wants.filter((channel) => isProbed(channel, now))
  return Math.min(now + PROBE_LIMIT, ...probed.map(({ breaker }) => breaker.dueAt()))
}

/** Whether another request leads to one of these channels: its probe is in flight and not overdue, or is to leave soon. */
function isLed(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  for (const other of flight.parts.waiting) {
    const { seat } = other
    if (other === flight || !seat?.isLeading || !seat.wants.some((channel) => wants.includes(channel))) continue
    const hangs = other.inFlight.some(({ channel }) => !isProbed(channel, now))
    if (!hangs) return true
  }
  return false
}

/** Whether a probe of the channel is in flight and not overdue. */
function isProbed({ breaker }: ChannelState, now: number): boolean {
  return breaker.isProbing() && now < breaker.dueAt()
}

/** Whether a probe of one of these channels is in flight and not overdue, or another request is to send one soon. */
export function isBusy(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  return wants.some((channel) => isProbed(channel, now)) || isLed(flight, wants, now)
}

/**
 * Whether the request may wait for one of these channels. With `waitForProvider: false` it may only for one whose probe is due:
 * without that probe, the breaker would stay open for ever.
 */
export function isWaitable(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  const { parts, plan, deadline } = flight
  if (plan.isOneShot || deadline - now < LEAST || !hasPlace(flight)) return false
  return wants.some(({ breaker }) => parts.waitForProvider || now >= breaker.dueAt())
}

/**
 * The channel to probe next: the one that is due first. A channel that was led to in this round comes after the others: a probe
 * that said nothing about it has left it due.
 */
export function dueFirst({ led }: Flight, wants: readonly ChannelState[], now: number): ChannelState | undefined {
  const free = wants.filter((channel) => !isProbed(channel, now))
  const inTurn = sortedBy(free, ({ breaker }) => breaker.dueAt())
  return sortedBy(inTurn, (channel) => (led?.has(channel) ? channel.ledAt : -Infinity))[0]
}

/** How many probes the request has led in vain. */
export function leadsOf({ failures }: Flight): number {
  return failures.filter(({ attempt }) => attempt.role === 'lead').length
}

/** A probe was led to the channel in this round. */
export function noteLead(flight: Flight, channel: ChannelState) {
  flight.led = (flight.led ?? new Set()).add(channel)
}

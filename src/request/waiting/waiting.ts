// The waiting room: requests that can ask nobody now, first come first served, each within its deadline. Who has a seat waits
// for channels behind open breakers: the first for each leads, as it probes after the delay of a round, and the others go on when
// a probe succeeds. Who has none waits for room (queue.ts).

import { sortedBy } from '../../base/sorted-by'
import { PROBE_LIMIT } from '../../provider/breaker'
import type { ChannelState } from '../../provider/provider'
import type { Flight, Parts, Seat, Step } from '../flight'
import { noteOpened, openOf } from '../route/ahead'
import { idle, LEAST } from './timing'

const MOST_WAITING = 1_000

/** Whether it may wait here: it does so already, or there is a place left. */
export function hasPlace(flight: Flight): boolean {
  const { waiters } = flight.parts
  return waiters.has(flight) || waiters.size < MOST_WAITING
}

/** Channels behind an open breaker that it may wait for: each is led to once a round, or again and again if it is stuck. */
export function wantedOf(flight: Flight, isStuck: boolean): ChannelState[] {
  const { led } = flight
  const open = openOf(flight)
  return led && !isStuck ? open.filter((channel) => !led.has(channel)) : open
}

/** Takes a seat among those that wait for `wants`, or keeps its place there. */
export function takeSeat(flight: Flight, wants: readonly ChannelState[], isStuck: boolean, now: number) {
  flight.seat = { wants, isStuck, failures: wants.map((channel) => failuresOf(channel, now)), isLeading: false }
  flight.parts.waiters.add(flight)
  noteOpened(flight)
}

export function stopWaiting(flight: Flight) {
  const { seat, parts } = flight
  flight.seat = undefined
  parts.waiters.delete(flight)
  if (seat?.isLeading) wake(parts)
}

/** It waits for nothing but the time (in ms of the clock). */
export function pause(flight: Flight, next: Step, until: number, now: number) {
  idle(flight, next, until, now)
  stopWaiting(flight)
}

/** Counted failures, those of probes among them; an answer that says nothing of the channel is none. */
function failuresOf({ breaker }: ChannelState, now: number): number {
  return breaker.snapshot(now).failures
}

/** Those at which somebody's probe has failed since it sat down. */
export function failedSince({ wants, failures }: Seat, now: number): ChannelState[] {
  return wants.filter((channel, index) => failuresOf(channel, now) > (failures[index] ?? 0))
}

/** A channel has come back, there is room again, or another one stopped leading: everybody looks again, first come first served. */
export function wake({ waiters, clock }: Parts) {
  const now = clock.now()
  for (const flight of [...waiters]) if (waiters.has(flight) && flight.resume) flight.pilot.look(flight, now)
}

/** Whether it is to lead: somebody must, and nobody else leads to a channel it wants. */
export function mayLead(flight: Flight, { wants }: Seat, now: number): boolean {
  return dueFirst(flight, wants, now) !== undefined && !isLed(flight, wants, now)
}

/** Whether there is anything to wait for: who can ask others again does not wait once a probe has failed. */
export function mayStay(seat: Seat, now: number): boolean {
  return seat.isStuck || seat.wants.some((channel) => isProbed(channel, now)) || failedSince(seat, now).length === 0
}

/** When to look again (in ms of the clock), if nothing happens before: a probe may hang. */
export function lookAt({ wants }: Seat, now: number): number {
  const probed = wants.filter((channel) => isProbed(channel, now))
  return Math.min(now + PROBE_LIMIT, ...probed.map(({ breaker }) => breaker.dueAt()))
}

/** Whether anybody else leads to one of these channels, and does not hang. */
function isLed(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  for (const other of flight.parts.waiters) {
    const { seat } = other
    if (other === flight || !seat?.isLeading || !seat.wants.some((channel) => wants.includes(channel))) continue
    const hangs = other.inFlight.some(({ channel }) => !isProbed(channel, now))
    if (!hangs) return true
  }
  return false
}

/** Whether a probe is on its way to it that is worth waiting for. */
function isProbed({ breaker }: ChannelState, now: number): boolean {
  return breaker.isProbing() && now < breaker.dueAt()
}

/** Whether a probe is on its way to one of these, or somebody else is about to send one. */
export function isBusy(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  return wants.some((channel) => isProbed(channel, now)) || isLed(flight, wants, now)
}

/** Whether there is a seat to wait for one of these. One that is due is led to even by those that do not wait, or it would stay open. */
export function isWaitable(flight: Flight, wants: readonly ChannelState[], now: number): boolean {
  const { parts, plan, deadline } = flight
  if (plan.isOneShot || deadline - now < LEAST || !hasPlace(flight)) return false
  return wants.some(({ breaker }) => parts.waitForProvider || now >= breaker.dueAt())
}

/**
 * The channel to lead to: the one that is due first. One that was led to before has its turn after the others: it may have kept
 * its place, as an end that says nothing does not put it off.
 */
export function dueFirst({ led }: Flight, wants: readonly ChannelState[], now: number): ChannelState | undefined {
  const free = wants.filter((channel) => !isProbed(channel, now))
  const inTurn = sortedBy(free, ({ breaker }) => breaker.dueAt())
  return sortedBy(inTurn, (channel) => (led?.has(channel) ? channel.ledAt : -Infinity))[0]
}

/** How many probes it has led in vain. */
export function leadsOf({ failures }: Flight): number {
  return failures.filter(({ attempt }) => attempt.role === 'lead').length
}

/** It has been led to in this round. */
export function noteLead(flight: Flight, channel: ChannelState) {
  flight.led = (flight.led ?? new Set()).add(channel)
}

// A request whose remaining candidates are all behind open breakers, or full: it waits within its deadline. The first of
// those that wait for a channel leads: it probes, after the delay of a round; the others go on when a probe succeeds.

import { sortedBy } from '../base/sorted-by'
import type { ChannelState } from '../provider/provider'
import { restOf } from './ahead'
import type { Flight, Parts, Seat } from './flight'
import { delayBefore, idle, LEAST } from './timing'

/** In the room, and in the queue. */
const MOST_WAITING = 1_000
/** A cooldown is waited for only if it ends within this share of what is left, */
const WORTH_WAITING = 0.6
/** and within this (in ms). */
const LONGEST_WAIT = 60_000

/** Takes a seat among those that wait for `wants`, or keeps the one it has. Returns whether there was one. */
export function waitFor(flight: Flight, wants: readonly ChannelState[], isStuck: boolean, now: number): boolean {
  const { room } = flight.parts
  if (!flight.seat && room.size >= MOST_WAITING) return false
  flight.seat = { wants, isStuck, hasSeenProbe: false, isLeading: flight.seat?.isLeading ?? false }
  room.add(flight)
  idle(flight, 'waiting', Infinity, now)
  flight.pilot.look(flight, now)
  return true
}

export function leaveRoom(flight: Flight, now: number) {
  const { seat, parts } = flight
  flight.seat = undefined
  parts.room.delete(flight)
  if (seat?.isLeading) wake(parts, now)
}

/** A channel has come back, or another one stopped leading: everybody looks again. */
export function wake({ room }: Parts, now: number) {
  for (const flight of [...room]) if (flight.seat) flight.pilot.look(flight, now)
}

/** Makes it lead, unless somebody already leads to a channel it wants. */
export function takeLead(flight: Flight, seat: Seat, now: number) {
  if (!dueFirst(seat.wants) || isLed(flight, seat.wants)) return
  seat.isLeading = true
  idle(flight, 'leading', now + delayBefore(flight.round + flight.leads, flight.parts), now)
}

/** Whether anybody else leads to one of these channels. */
function isLed(flight: Flight, wants: readonly ChannelState[]): boolean {
  for (const { seat } of flight.parts.room)
    if (seat?.isLeading && seat !== flight.seat && seat.wants.some((channel) => wants.includes(channel))) return true
  return false
}

/** Whether a probe is on its way to one of these, or somebody else is about to send one. */
export function isBusy(flight: Flight, wants: readonly ChannelState[]): boolean {
  return wants.some(({ breaker }) => breaker.isProbing()) || isLed(flight, wants)
}

/** Whether to wait for one of these. One that is due is led to even by those that do not wait, or it would stay open. */
export function isWaitable({ parts, plan, deadline }: Flight, wants: readonly ChannelState[], now: number): boolean {
  if (plan.isOneShot || deadline - now < LEAST) return false
  return wants.some(({ breaker }) => parts.waitForProvider || (!breaker.isProbing() && now >= breaker.dueAt()))
}

/** The channel to lead to: the one that is due first. */
export function dueFirst(wants: readonly ChannelState[]): ChannelState | undefined {
  const free = wants.filter(({ breaker }) => !breaker.isProbing())
  return sortedBy(free, ({ breaker }) => breaker.dueAt())[0]
}

/** Whether a full or cooling provider that is next is to be waited for: nobody else has room, and it will soon enough. */
export function isWorthWaiting(flight: Flight, { provider }: ChannelState, now: number): boolean {
  const others = restOf(flight)
  if (provider.quota.cooldownUntil(now) === undefined) return true
  if (others.some((other) => other.provider.quota.hasRoom(now))) return false
  return roomAtOf(others, now) - now <= Math.min((flight.deadline - now) * WORTH_WAITING, LONGEST_WAIT)
}

/** Waits for room at those that are left. Returns whether there was a place in the queue. */
export function enterQueue(flight: Flight, now: number): boolean {
  const { queue } = flight.parts
  if (queue.size >= MOST_WAITING) return false
  queue.add(flight)
  idle(flight, 'queueing', roomAtOf(restOf(flight), now), now)
  return true
}

/** A full provider has room again: those that wait for it go on, first come first served. */
export function serve({ queue, clock }: Parts) {
  const now = clock.now()
  for (const flight of [...queue]) {
    if (flight.phase !== 'queueing') continue
    const others = restOf(flight)
    const [next] = others
    const roomAt = roomAtOf(others, now)
    // Its cooldown may have grown since.
    if (next && roomAt > now && isWorthWaiting(flight, next, now)) {
      idle(flight, 'queueing', roomAt, now)
      continue
    }
    queue.delete(flight)
    flight.pilot.goOn(flight, now)
  }
}

function roomAtOf(channels: readonly ChannelState[], now: number): number {
  return Math.min(...channels.map(({ provider }) => provider.quota.roomAt(now)))
}

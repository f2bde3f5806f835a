// A request whose remaining candidates are all behind open breakers, or full: it waits within its deadline. The first of
// those that wait for a channel leads: it probes, after the delay of a round; the others go on when a probe succeeds.

import type { ChannelState } from '../provider/provider'
import { delayBefore } from './delay'
import type { Flight } from './flight'
import type { Waiter } from './waiting-room'

const MOST_QUEUED = 1_000
/** A cooldown is waited for only if it ends within this share of what is left. */
const WORTH_WAITING = 0.6

export type WaitingMoves = {
  /** A channel it wants is closed again. */
  goOn(flight: Flight): void
  /** There is room again at a candidate of the present round. */
  askOn(flight: Flight, now: number): void
  setAlarm(flight: Flight, now: number): void
}

/** Takes a seat among those that wait for `wants`, or keeps the one it has. Returns whether there was one. */
export function waitFor(flight: Flight, wants: readonly ChannelState[], moves: WaitingMoves, now: number): boolean {
  if (flight.waiter) flight.waiter.wants = wants
  else {
    const waiter: Waiter = { wants, look: () => look(flight, moves) }
    if (!flight.parts.room.enter(waiter)) return false
    flight.waiter = waiter
  }
  flight.phase = 'waiting'
  flight.resumeAt = Infinity
  moves.setAlarm(flight, now)
  look(flight, moves)
  return true
}

export function leaveRoom(flight: Flight) {
  const { waiter } = flight
  flight.waiter = undefined
  if (waiter) flight.parts.room.leave(waiter)
}

/** The channel to lead to: the one that is due first. */
export function dueFirst(wants: readonly ChannelState[]): ChannelState | undefined {
  let first: ChannelState | undefined
  for (const channel of wants)
    if (!channel.breaker.isProbing() && (!first || channel.breaker.dueAt() < first.breaker.dueAt())) first = channel
  return first
}

function look(flight: Flight, moves: WaitingMoves) {
  const { waiter, parts } = flight
  if (!waiter || flight.phase !== 'waiting') return
  if (waiter.wants.some(({ breaker }) => breaker.isClosed())) {
    leaveRoom(flight)
    moves.goOn(flight)
    return
  }
  if (!dueFirst(waiter.wants) || !parts.room.lead(waiter)) return
  const now = parts.clock.now()
  flight.phase = 'leading'
  flight.resumeAt = now + delayBefore(flight.round + flight.leads, parts)
  moves.setAlarm(flight, now)
}

/**
 * Waits for room at a full or cooling channel that is next. Returns whether it waits; a cooldown that ends too late is
 * not waited for.
 */
export function queueFor(flight: Flight, channel: ChannelState, moves: WaitingMoves, now: number): boolean {
  const { queue } = flight.parts
  if (queue.size >= MOST_QUEUED) return false
  const { quota } = channel.provider
  const roomAt = quota.roomAt(now)
  const isCooling = quota.cooldownUntil(now) !== undefined
  if (isCooling && roomAt - now > (flight.deadline - now) * WORTH_WAITING) return false
  if (isCooling && flight.deadline === Infinity && roomAt - now > 60_000) return false
  queue.add(flight)
  flight.phase = 'queueing'
  flight.resumeAt = roomAt
  moves.setAlarm(flight, now)
  return true
}

/** Those that wait for room look again, first come first served. */
export function serveQueue(queue: Set<Flight>, moves: WaitingMoves, now: number) {
  for (const flight of [...queue]) {
    if (flight.phase !== 'queueing') continue
    const rest = flight.ahead.slice(flight.position)
    const roomAt = Math.min(...rest.map(({ provider }) => provider.quota.roomAt(now)))
    if (roomAt <= now || now >= flight.deadline) {
      queue.delete(flight)
      moves.askOn(flight, now)
    } else {
      flight.resumeAt = roomAt
      moves.setAlarm(flight, now)
    }
  }
}

// A request whose remaining candidates are all behind open breakers, or full: it waits within its deadline. The first of
// those that wait for a channel leads: it probes, after the delay of a round; the others go on when a probe succeeds.

import type { ChannelState } from '../provider/provider'
import { noteLead, restOf } from './ahead'
import { delayBefore } from './delay'
import type { Flight } from './flight'
import { LEAST } from './timing'
import type { Waiter } from './waiting-room'

const MOST_QUEUED = 1_000
/** A cooldown is waited for only if it ends within this share of what is left, */
const WORTH_WAITING = 0.6
/** and within this (in ms). */
const LONGEST_WAIT = 60_000

export type WaitingMoves = {
  /** Channels it wants are closed again. */
  rejoin(flight: Flight, back: readonly ChannelState[], now: number): void
  /** The probe of another one has failed, and there are others to ask again. */
  endRound(flight: Flight, now: number): void
  /** There may be room again at a candidate of the present round. */
  askOn(flight: Flight, now: number): void
  setAlarm(flight: Flight, now: number): void
}

/** Takes a seat among those that wait for `wants`, or keeps the one it has. Returns whether there was one. */
export function waitFor(
  flight: Flight,
  wants: readonly ChannelState[],
  isStuck: boolean,
  moves: WaitingMoves,
  now: number,
): boolean {
  if (flight.waiter) Object.assign(flight.waiter, { wants, isStuck, hasSeenProbe: false })
  else {
    const look = () => lookAgain(flight, moves, flight.parts.clock.now())
    const waiter: Waiter = { wants, isStuck, hasSeenProbe: false, look }
    if (!flight.parts.room.enter(waiter)) return false
    flight.waiter = waiter
  }
  flight.phase = 'waiting'
  flight.resumeAt = Infinity
  moves.setAlarm(flight, now)
  lookAgain(flight, moves, now)
  return true
}

export function leaveRoom(flight: Flight) {
  const { waiter } = flight
  flight.waiter = undefined
  if (waiter) flight.parts.room.leave(waiter)
}

/** Whether a probe is on its way to one of these, or somebody else is about to send one. */
export function isBusy({ parts, waiter }: Flight, wants: readonly ChannelState[]): boolean {
  return wants.some(({ breaker }) => breaker.isProbing()) || parts.room.isLed(wants, waiter)
}

/** Whether to wait for one of these. One that is due is led to even by those that do not wait, or it would stay open. */
export function isWaitable({ parts, plan, deadline }: Flight, wants: readonly ChannelState[], now: number): boolean {
  if (plan.isOneShot || deadline - now < LEAST) return false
  return wants.some(({ breaker }) => parts.waitForProvider || (!breaker.isProbing() && now >= breaker.dueAt()))
}

/** The channel to lead to: the one that is due first. */
export function dueFirst(wants: readonly ChannelState[]): ChannelState | undefined {
  let first: ChannelState | undefined
  for (const channel of wants)
    if (!channel.breaker.isProbing() && (!first || channel.breaker.dueAt() < first.breaker.dueAt())) first = channel
  return first
}

function lookAgain(flight: Flight, moves: WaitingMoves, now: number) {
  const { waiter, parts, phase } = flight
  if (!waiter || (phase !== 'waiting' && phase !== 'leading') || flight.inFlight.length > 0) return
  const { wants } = waiter
  const back = wants.filter(({ breaker }) => breaker.isClosed())
  if (back.length > 0) {
    leaveRoom(flight)
    return moves.rejoin(flight, back, now)
  }
  if (phase === 'leading') return
  if (wants.some(({ breaker }) => breaker.isProbing())) waiter.hasSeenProbe = true
  else if (waiter.hasSeenProbe && !waiter.isStuck) {
    for (const channel of wants) noteLead(flight, channel)
    return moves.endRound(flight, now)
  }
  if (!dueFirst(wants) || !parts.room.lead(waiter)) return
  flight.phase = 'leading'
  flight.resumeAt = now + delayBefore(flight.round + flight.leads, parts)
  moves.setAlarm(flight, now)
}

/** Whether a full or cooling provider that is next is to be waited for: nobody else has room, and it will soon enough. */
export function isWorthWaiting(flight: Flight, { provider }: ChannelState, now: number): boolean {
  const rest = restOf(flight)
  if (provider.quota.cooldownUntil(now) === undefined) return true
  if (rest.some((other) => other.provider.quota.hasRoom(now))) return false
  return roomAtOf(rest, now) - now <= Math.min((flight.deadline - now) * WORTH_WAITING, LONGEST_WAIT)
}

/** Waits for room at those that are left. Returns whether there was a place in the queue. */
export function enterQueue(flight: Flight, moves: WaitingMoves, now: number): boolean {
  const { queue } = flight.parts
  if (queue.size >= MOST_QUEUED) return false
  queue.add(flight)
  flight.phase = 'queueing'
  flight.resumeAt = roomAtOf(restOf(flight), now)
  moves.setAlarm(flight, now)
  return true
}

/** Those that wait for room look again, first come first served. */
export function serveQueue(queue: Set<Flight>, moves: WaitingMoves, now: number) {
  for (const flight of [...queue]) {
    if (flight.phase !== 'queueing') continue
    const rest = restOf(flight)
    const [next] = rest
    const roomAt = roomAtOf(rest, now)
    // Its cooldown may have grown since.
    if (next && roomAt > now && isWorthWaiting(flight, next, now)) {
      flight.resumeAt = roomAt
      moves.setAlarm(flight, now)
      continue
    }
    queue.delete(flight)
    moves.askOn(flight, now)
  }
}

function roomAtOf(channels: readonly ChannelState[], now: number): number {
  let first = Infinity
  for (const { provider } of channels) first = Math.min(first, provider.quota.roomAt(now))
  return first
}

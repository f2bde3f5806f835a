// The queue for room: a request whose remaining candidates are all full or cooling waits within its deadline, first come first
// served. Meanwhile a channel behind an open breaker is probed when that is due, and asked when it is back.

import { PROBE_LIMIT } from '../provider/breaker'
import type { ChannelState } from '../provider/provider'
import { sendProbe } from './asking/probe'
import type { Flight } from './flight'
import { hasLanded } from './flight'
import { askableOf, noteOpened, openOf } from './route/ahead'
import { isDue } from './route/route'
import { idle } from './waiting/timing'
import { hasPlace, stopLeading, wake } from './waiting/waiting'

/** A cooldown is waited for only if it ends within this share of the time left. */
const WORTH_WAITING = 0.6
/** A cooldown is waited for only if it ends within this time (in ms). */
const LONGEST_WAIT = 60_000

/** Whether to wait for the next candidate: always if it is full; if it cools, where nobody has room, but somebody soon will. */
export function isWorthWaiting(flight: Flight, { provider }: ChannelState, now: number): boolean {
  const others = askableOf(flight)
  if (provider.quota.cooldownUntil(now) === undefined) return true
  if (others.some((other) => other.provider.quota.hasRoom(now))) return false
  return roomAtOf(others, now) - now <= Math.min((flight.deadline - now) * WORTH_WAITING, LONGEST_WAIT)
}

/** Waits until a remaining candidate has room, or a probe is due. Returns whether there was a place in the queue. */
export function enterQueue(flight: Flight, now: number): boolean {
  if (!hasPlace(flight)) return false
  flight.parts.waiting.add(flight)
  stopLeading(flight)
  // What others did that were woken may have ended this one.
  if (hasLanded(flight)) return true
  noteOpened(flight)
  const open = openOf(flight)
  const due = open.find((channel) => isDue(channel, now) && now >= turnOf(channel))
  if (due && !flight.probes?.size) {
    due.ledAt = now
    sendProbe(flight, due, now)
  }
  if (hasLanded(flight)) return true
  const turns = open.map(turnOf).filter((at) => at > now)
  // Room that comes about is for the request that came first, so all that wait are woken in order.
  idle(flight, ({ parts }) => wake(parts), Math.min(roomAtOf(askableOf(flight), now), ...turns), now)
  return true
}

/** Lets the requests that wait go before a new one, if one of its limited candidates has room: that room is theirs. */
export function serveWaitingFirst(flight: Flight, now: number) {
  const { parts } = flight
  if (
    parts.waiting.size > 0 &&
    askableOf(flight).some(({ provider: { quota } }) => !quota.isUnlimited() && quota.hasRoom(now))
  )
    wake(parts)
}

/**
 * When a request in the queue may probe the channel (in ms of the clock). The time of the last such probe counts too: a probe
 * that says nothing of the channel leaves its breaker due.
 */
function turnOf({ breaker, ledAt }: ChannelState): number {
  return Math.max(breaker.dueAt(), ledAt + PROBE_LIMIT)
}

function roomAtOf(channels: readonly ChannelState[], now: number): number {
  return Math.min(...channels.map(({ provider }) => provider.quota.roomAt(now)))
}

// A request whose remaining candidates are all full or cool: it queues for room within its deadline, first come first served.
// Meanwhile those behind open breakers are not forgotten: one that is due is probed, one that is back is asked.

import { PROBE_LIMIT } from '../provider/breaker'
import type { ChannelState } from '../provider/provider'
import { sendProbe } from './asking/probe'
import type { Flight } from './flight'
import { hasLanded } from './flight'
import { askableOf, noteOpened, openOf } from './route/ahead'
import { isDue } from './route/route'
import { idle } from './waiting/timing'
import { hasPlace, wake } from './waiting/waiting'

/** A cooldown is waited for only if it ends within this share of what is left, */
const WORTH_WAITING = 0.6
/** and within this (in ms). */
const LONGEST_WAIT = 60_000

/** Whether a full or cooling provider that is next is to be waited for: nobody else has room, and it will soon enough. */
export function isWorthWaiting(flight: Flight, { provider }: ChannelState, now: number): boolean {
  const others = askableOf(flight)
  if (provider.quota.cooldownUntil(now) === undefined) return true
  if (others.some((other) => other.provider.quota.hasRoom(now))) return false
  return roomAtOf(others, now) - now <= Math.min((flight.deadline - now) * WORTH_WAITING, LONGEST_WAIT)
}

/** Waits until there is room at those that are left, or one more is due. Returns whether there was a place in the queue. */
export function enterQueue(flight: Flight, now: number): boolean {
  if (!hasPlace(flight)) return false
  flight.parts.waiters.add(flight)
  noteOpened(flight)
  const open = openOf(flight)
  const due = open.find((channel) => isDue(channel, now) && now >= turnOf(channel))
  if (due && !flight.probes?.size) {
    due.ledAt = now
    sendProbe(flight, due, now)
  }
  if (hasLanded(flight)) return true
  const turns = open.map(turnOf).filter((at) => at > now)
  // The room that comes about is for whoever came first.
  idle(flight, ({ parts }) => wake(parts), Math.min(roomAtOf(askableOf(flight), now), ...turns), now)
  return true
}

/** Room that has just come about belongs to those that wait for it. */
export function serveWaitingFirst({ parts, ahead }: Flight, now: number) {
  if (parts.waiters.size > 0 && ahead.some(({ provider: { quota } }) => !quota.isUnlimited() && quota.hasRoom(now)))
    wake(parts)
}

/** When those that wait here may ask it (in ms of the clock). An end that says nothing of it does not put off its breaker. */
function turnOf({ breaker, ledAt }: ChannelState): number {
  return Math.max(breaker.dueAt(), ledAt + PROBE_LIMIT)
}

function roomAtOf(channels: readonly ChannelState[], now: number): number {
  return Math.min(...channels.map(({ provider }) => provider.quota.roomAt(now)))
}

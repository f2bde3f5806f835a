// When a request is to be woken, how long an attempt may take, and what a timer that fired far too late means.

import { ASLEEP } from '../../base/clock'
import { PROBE_LIMIT } from '../../provider/breaker'
import type { Flight, Parts, Step } from '../flight'

/** Nothing starts with less than this left (in ms). */
export const LEAST = 25
/** An attempt may use this share of what is left while others wait. */
const SHARE = 0.6
/** Ten that hang must not use it all up before the eleventh is asked (in ms). */
const LEFT_FOR_EACH = 100
/** Without a deadline, one that hangs is left for the next one after this long (in ms). */
const LONGEST_TURN = 30_000
/** No probe may hold up those that wait for longer (in ms). */
const LONGEST_LEAD = 30_000
/** A timer late by its own length, if that is at least this (in ms), says so too. */
const SHORTEST_SLEEP = 50
/** What a request gets more after such a sleep (in ms). */
export const GRACE = 250
/** The longest pause before a round or a led probe (in ms). */
const LONGEST_PAUSE = 2_000
/** Any delay is longer than that when it has doubled this often; without an end, one of 0 would become no number. */
const MOST_DOUBLED = 100

/** When an attempt is given up (in ms of the clock): it leaves something for each of those that wait behind it. */
export function limitOf({ deadline }: Flight, waiting: number, now: number): number {
  if (waiting === 0) return deadline
  if (deadline === Infinity) return now + LONGEST_TURN
  const left = deadline - now
  return now + Math.min(left * SHARE, left - waiting * Math.min(LEFT_FOR_EACH, left / (waiting + 1)))
}

/** When a led probe is given up (in ms of the clock): others wait for its end, and maybe another channel is back. */
export function leadLimitOf({ plan, deadline, seat }: Flight, now: number): number {
  const { isRepeatable, isHeavy } = plan.need
  if (!isRepeatable) return deadline
  const othersWait = seat !== undefined && (seat.wants.length > 1 || !seat.isStuck)
  const share = othersWait ? (deadline - now) * SHARE : deadline - now
  return now + Math.min(share, othersWait && !isHeavy ? PROBE_LIMIT : LONGEST_LEAD)
}

/**
 * The pause before a round or a led probe: full jitter, doubling, so that an outage is not met by a chorus.
 * @param round the round that is about to start, from 1. @returns a time up to `retryDelay` x 2^(round - 1), at most 2 s (in ms).
 */
export function delayBefore(round: number, { random, retryDelay }: Parts): number {
  return random() * Math.min(LONGEST_PAUSE, retryDelay * 2 ** Math.min(MOST_DOUBLED, round - 1))
}

/** It asks nobody until then (in ms of the clock), unless something happens before. */
export function idle(flight: Flight, next: Step, until: number, now: number) {
  flight.resume = next
  flight.resumeAt = until
  setAlarm(flight, now)
}

/** It does something, or waits for those in flight. */
export function clearResume(flight: Flight) {
  flight.resume = undefined
  flight.resumeAt = Infinity
}

/** Sets the alarm to whatever comes first. */
export function setAlarm(flight: Flight, now: number) {
  let at = Math.min(flight.deadline, flight.hedgeAt, flight.resumeAt)
  for (const { limitAt } of flight.inFlight) if (limitAt < at) at = limitAt
  flight.setAt = now
  flight.ringAt = at
  flight.parts.alarms.set(flight, at)
}

/** Whether a timer of this length (in ms) was late by more than the platform's own unpunctuality. */
export function isLate(late: number, length: number): boolean {
  return late > Math.min(ASLEEP, Math.max(SHORTEST_SLEEP, length))
}

/**
 * If the alarm is so late that we must have slept (the laptop, the tab, or a loop that was blocked), that says nothing about
 * those that were asked: they get some time more, and nobody is blamed. Looked at whatever wakes us, the alarm or what has
 * arrived. Returns whether we did.
 */
export function noteSleep(flight: Flight, now: number): boolean {
  const { ringAt, setAt } = flight
  // One that was due when it was set is not late for that.
  if (!isLate(now - Math.max(ringAt, setAt), ringAt - setAt)) return false
  for (const attempt of flight.inFlight) {
    attempt.isLate = true
    attempt.limitAt = Math.max(attempt.limitAt, now + GRACE)
  }
  if (flight.hasGrace) flight.deadline = Math.max(flight.deadline, now + GRACE)
  flight.hasGrace = false
  flight.hedgeAt = flight.hedgeAt === Infinity ? Infinity : Math.max(flight.hedgeAt, now + GRACE)
  setAlarm(flight, now)
  return true
}

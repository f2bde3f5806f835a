// When a request is to be woken, how long an attempt may take, and what a timer that fired far too late means.

import type { Flight } from './flight'

/** Nothing starts with less than this left (in ms). */
export const LEAST = 25
/** An attempt may use this share of what is left while others wait. */
const SHARE = 0.6
/** A timer this late (in ms), or late by its own length, says that we slept. */
const ASLEEP = 1_000
const SHORTEST_SLEEP = 50
/** What a request gets more after such a sleep (in ms). */
const GRACE = 250

/** When an attempt is given up (in ms of the clock): it leaves something for those that wait behind it. */
export function limitOf({ deadline }: Flight, othersWait: boolean, now: number): number {
  return othersWait ? now + (deadline - now) * SHARE : deadline
}

/** Sets the alarm to whatever comes first. */
export function setAlarm(flight: Flight, now: number) {
  let at = Math.min(flight.deadline, flight.hedgeAt, flight.resumeAt)
  for (const { limitAt } of flight.inFlight) if (limitAt < at) at = limitAt
  flight.setAt = now
  flight.ringAt = at
  flight.parts.alarms.set(flight, at)
}

/** Whether the ring was so late that we must have slept: the laptop, the tab, or a loop that was blocked. */
export function hasSlept(flight: Flight, late: number): boolean {
  return flight.inFlight.length > 0 && late > Math.min(ASLEEP, Math.max(SHORTEST_SLEEP, flight.ringAt - flight.setAt))
}

/** We slept: that says nothing about those that were asked. They get some time more, and nobody is blamed. */
export function oversleep(flight: Flight, now: number) {
  for (const attempt of flight.inFlight) {
    attempt.isLate = true
    attempt.limitAt = Math.max(attempt.limitAt, now + GRACE)
  }
  if (flight.hasGrace) flight.deadline = Math.max(flight.deadline, now + GRACE)
  flight.hasGrace = false
  flight.hedgeAt = flight.hedgeAt === Infinity ? Infinity : Math.max(flight.hedgeAt, now + GRACE)
  setAlarm(flight, now)
}

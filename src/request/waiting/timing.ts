// When the alarm of a request is due, how long an attempt may take, and what it means if a timer fires far too late.

import { ASLEEP } from '../../base/clock'
import { PROBE_LIMIT } from '../../provider/breaker'
import type { Flight, Parts, Step } from '../flight'

/** No attempt starts, and no pause ends, with less time than this before the deadline (in ms). */
export const LEAST = 25
/** While other candidates wait for their turn, an attempt may use this share of the time left. */
const SHARE = 0.6
/** Time that an attempt leaves for each candidate that waits for its turn (in ms), so that many that hang do not use up all. */
const LEFT_FOR_EACH = 100
/** The limit of an attempt if the request has no deadline and other candidates wait for their turn (in ms). */
const LONGEST_TURN = 30_000
/** The longest limit of a led probe (in ms): the requests that wait are held up for no longer. */
const LONGEST_LEAD = 30_000
/** A timer late by its own length shows that the process slept; if the timer is shorter than this, one late by this (in ms). */
const SHORTEST_SLEEP = 50
/** Time that requests and attempts get after the process slept, so that answers that lie unread are read first (in ms). */
export const GRACE = 250
/** The longest pause before a round or a led probe (in ms). */
const LONGEST_PAUSE = 2_000
/** A delay doubles this often at most, which is enough for any. Without a bound, one of 0 would end as 0 x Infinity: a NaN. */
const MOST_DOUBLED = 100

/** When an attempt is given up (in ms of the clock). @param waiting candidates for which it leaves time */
export function limitOf({ deadline }: Flight, waiting: number, now: number): number {
  if (waiting === 0) return deadline
  if (deadline === Infinity) return now + LONGEST_TURN
  const left = deadline - now
  return now + Math.min(left * SHARE, left - waiting * Math.min(LEFT_FOR_EACH, left / (waiting + 1)))
}

/** When a led probe is given up (in ms of the clock): soon, if others can be asked or probed in place of its channel. */
export function leadLimitOf({ plan, deadline }: Flight, othersWait: boolean, now: number): number {
  const { isRepeatable, isHeavy } = plan.need
  if (!isRepeatable) return deadline
  const share = othersWait ? (deadline - now) * SHARE : deadline - now
  return now + Math.min(share, othersWait && !isHeavy ? PROBE_LIMIT : LONGEST_LEAD)
}

/**
 * The pause before a round or a led probe (in ms): a random time up to `retryDelay` x 2^(round - 1), at most 2 s. Full jitter
 * keeps requests that failed together from coming back together. @param round the round that is about to start, from 1
 */
export function delayBefore(round: number, { random, retryDelay }: Parts): number {
  return random() * Math.min(LONGEST_PAUSE, retryDelay * 2 ** Math.min(MOST_DOUBLED, round - 1))
}

/** The flight makes no attempt until `until` (in ms of the clock), or until it is woken before; `next` is its next step. */
export function idle(flight: Flight, next: Step, until: number, now: number) {
  flight.resume = next
  flight.resumeAt = until
  setAlarm(flight, now)
}

/** The flight is no longer idle: it makes an attempt, or waits for those in flight. */
export function clearResume(flight: Flight) {
  flight.resume = undefined
  flight.resumeAt = Infinity
}

/** Sets the alarm to what is due first: the deadline, a hedge, the next step, or the limit of an attempt. */
export function setAlarm(flight: Flight, now: number) {
  let at = Math.min(flight.deadline, flight.hedgeAt, flight.resumeAt)
  for (const { limitAt } of flight.inFlight) if (limitAt < at) at = limitAt
  flight.setAt = now
  flight.ringAt = at
  flight.parts.alarms.set(flight, at)
}

/** Whether a timer of this length was late (both in ms) by more than platforms usually are: then the process slept. */
export function isLate(late: number, length: number): boolean {
  return late > Math.min(ASLEEP, Math.max(SHORTEST_SLEEP, length))
}

/**
 * Notes whether the process slept (a suspended laptop or tab, a blocked event loop), which the alarm shows by being far too
 * late. Then attempts in flight get some more time, and their channels are not blamed. To be called at whatever happens first,
 * the alarm or an answer. Returns whether the process slept.
 */
export function noteSleep(flight: Flight, now: number): boolean {
  const { ringAt, setAt } = flight
  // An alarm that was due already when it was set counts from then.
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

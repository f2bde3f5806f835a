// Hedging: when a slow attempt gets a second candidate beside it, and which one. Its budget keeps it a small share of the traffic.

import { sortedBy } from '../../base/sorted-by'
import type { ChannelState } from '../../provider/provider'
import type { Flight } from '../flight'
import { askableOf, hasRoom } from '../route/ahead'
import { isLower } from '../route/head-order'
import { lacksOld } from '../route/route'
import type { Attempt } from './attempt'
import { sampleGroupOf } from './attempt'

export const HEDGE_SHARE = 0.1
const MEDIANS = 3
/** In ms. */
export const SHORTEST = 50
const WHILE_UNKNOWN = 500
/** Attempts at a time, hedges included. */
export const MOST_IN_FLIGHT = 3
/** Waiting for a slot of our own (in ms) says nothing about the channel, up to here. */
const LONGEST_QUEUE = 500

/** How long an attempt may take, once it has left, before another candidate is asked (in ms); `Infinity` if none is to be. */
export function hedgeDelayOf({ plan }: Flight, attempt: Attempt): number {
  if (!plan.hedge) return Infinity
  if (plan.hedge.delay !== undefined) return plan.hedge.delay
  const median = attempt.channel.health.samples(sampleGroupOf(attempt, plan.need))?.median()
  return median === undefined ? WHILE_UNKNOWN : Math.max(SHORTEST, MEDIANS * median)
}

/** When to look whether another candidate is to be asked beside a traveller (in ms of the clock): if not later, it is. */
export function hedgeDueAt(flight: Flight, attempt: Attempt, now: number): number {
  const { startedAt, leftAt } = attempt
  const delay = hedgeDelayOf(flight, attempt)
  const dueAt = Math.min(leftAt, startedAt + LONGEST_QUEUE) + delay
  // It may leave at any time.
  return leftAt === Infinity ? Math.min(dueAt, now + Math.max(SHORTEST, delay)) : dueAt
}

/**
 * The candidate for a hedge: a free one that is no backup and keeps what is read, of another provider if possible; never a
 * dearer one while a cheaper one is left. `undefined` if there is none.
 */
export function hedgeCandidate(flight: Flight, now: number): ChannelState | undefined {
  const { need } = flight.plan
  const head = flight.parts.heads.best(now)
  const busy = new Set(flight.inFlight.map(({ channel }) => channel.provider))
  const able = askableOf(flight).filter(
    (channel) =>
      !channel.provider.setup.isBackup &&
      !lacksOld(channel, need, head, now) &&
      hasRoom(flight, channel, now) &&
      !isLower(flight, channel.provider, now),
  )
  const byCost = sortedBy(able, ({ provider }) => provider.setup.cost)
  return sortedBy(byCost, ({ provider }) => busy.has(provider))[0]
}

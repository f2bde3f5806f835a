// Hedging: when a second candidate is asked beside a slow attempt, and which one. A budget keeps hedges a small share of the
// traffic.

import type { Budget } from '../../base/budget'
import { createBudget } from '../../base/budget'
import { sortedBy } from '../../base/lists'
import type { ChannelState } from '../../provider/provider'
import type { Flight } from '../flight'
import { askableOf, hasRoom } from '../route/ahead'
import { isLower } from '../route/head-order'
import { lacksOld } from '../route/route'
import type { Attempt } from './attempt'
import { sampleGroupOf } from './attempt'

/** Hedges that each request adds to the budget. */
export const HEDGE_SHARE = 0.1
/** A hedge goes out after this many times the median latency of the channel. */
const MEDIANS = 3
/** The shortest measured hedge delay, and the shortest time between two looks (in ms). */
export const SHORTEST = 50
/** The hedge delay while nothing is known of the channel (in ms). */
const WHILE_UNKNOWN = 500
/** Most attempts of one request in flight at a time, hedges included. */
export const MOST_IN_FLIGHT = 3
/** A wait for a slot counts as the channel's own time only beyond this (in ms). */
const LONGEST_QUEUE = 500

/** How long an attempt may take, once it has left, until another candidate is asked (in ms); `Infinity` without hedging. */
export function hedgeDelayOf({ plan }: Flight, attempt: Attempt): number {
  if (!plan.hedge) return Infinity
  if (plan.hedge.delay !== undefined) return plan.hedge.delay
  const median = attempt.channel.health.samples(sampleGroupOf(attempt))?.median()
  return median === undefined ? WHILE_UNKNOWN : Math.max(SHORTEST, MEDIANS * median)
}

/** When a hedge is due, or the next look for one, beside an attempt that may wait for a slot (in ms of the clock). */
export function hedgeDueAt(flight: Flight, attempt: Attempt, now: number): number {
  const { startedAt, leftAt } = attempt
  const delay = hedgeDelayOf(flight, attempt)
  const dueAt = Math.min(leftAt, startedAt + LONGEST_QUEUE) + delay
  // The call may leave its channel at any time, and its delay counts from then: so the next look comes early enough.
  return leftAt === Infinity ? Math.min(dueAt, now + Math.max(SHORTEST, delay)) : dueAt
}

/** The budget that pays for hedges of the request, and to which it adds. */
export function hedgeBudgetOf({ plan, parts: { hedgeBudget, ownHedgeBudgets } }: Flight): Budget {
  const payer = plan.hedge?.payer
  if (payer?.budget === undefined) return hedgeBudget
  const budget = ownHedgeBudgets.get(payer) ?? createBudget(payer.budget, HEDGE_SHARE)
  ownHedgeBudgets.set(payer, budget)
  return budget
}

/**
 * The candidate for a hedge: it has room, is no backup, keeps what is read and is not behind. One of another provider is
 * preferred, then the cheapest. `undefined` if there is none.
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

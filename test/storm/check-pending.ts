// The rule of pending transactions: none is told twice, or without having been pending anywhere; and once the filter is kept by
// somebody who can be asked, each is told that becomes pending everywhere.

import type { Pending } from './gossip'
import type { Storm } from './storm'
import type { StormWorld } from './world'
import { timeout } from './world'

/** What a poller has heard of its filter. */
export type Polled = {
  readonly given: readonly unknown[]
  /** When it was made (in ms), */
  readonly madeAt: number
  /** and when the last poll began that was answered. */
  readonly askedAt: number
}

/** So many show that it is kept. */
const ENOUGH = 3

export function judgePending({ storm, gossip }: StormWorld, { given, madeAt, askedAt }: Polled): string[] {
  const told = new Set(given)
  const twice = given.length - told.size
  const ghosts = [...told].filter((hash) => gossip.find(hash) === undefined)
  const since = isCalm(storm) ? madeAt : Math.max(madeAt, echoOf(storm))
  const due = gossip.all.filter(({ from, heardAt }) => from > since && heardAt < askedAt)
  return [
    ...(twice > 0 ? [`${twice} were told once more`] : []),
    ...ghosts.map((hash) => `${hash} was told, and nowhere pending`),
    ...lost(storm, due, told),
  ]
}

/** What became pending while nobody could be asked cannot be told; nobody knows when that is over but by what is told. */
function lost(storm: Storm, due: readonly Pending[], told: ReadonlySet<unknown>): string[] {
  const isTold = ({ hash }: Pending) => told.has(hash)
  const keptFrom = isCalm(storm) ? 0 : (due.find(isTold)?.heardAt ?? Infinity)
  const kept = due.filter(({ from }) => from > keptFrom)
  const missed = kept.filter((one) => !isTold(one))
  const count = kept.length - missed.length
  if (count < ENOUGH) return [`${count} of ${due.length} were told since all was well`]
  // Who takes so many requests a second and no more may refuse a poll at any time.
  if (storm.providers.some(({ rate }) => rate !== undefined)) return []
  return missed.map(({ hash, from }) => `${hash} was lost, pending since ${from}`)
}

/** What was on its way when all was healed may still fail, and be held against whoever keeps the filter. */
function echoOf({ duration, calls }: Storm): number {
  return Math.max(duration + timeout, ...calls.map((call) => call.at + (call.timeout ?? timeout)))
}

/** Nothing ever keeps anybody from being asked. */
function isCalm({ faults, sleeps, providers }: Storm): boolean {
  return (
    sleeps.length === 0 &&
    faults.every(({ type }) => type === 'reorg') &&
    providers.every(({ rate, isForeign }) => rate === undefined && !isForeign)
  )
}

// The rule of pending transactions: none is told twice, or without having been pending at some provider. And once a provider
// that can be asked keeps the filter, each transaction that becomes pending everywhere is told.

import type { Pending } from './gossip'
import type { Storm } from './storm'
import type { StormWorld } from './world'
import { timeout } from './world'

/** What a poller was given by its filter. */
export type Polled = {
  readonly given: readonly unknown[]
  /** When the filter was made (in ms). */
  readonly madeAt: number
  /** When the last poll began that was answered (in ms). */
  readonly askedAt: number
}

/** Transactions that must have been told, so that the filter is known to be kept. */
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

/**
 * Transactions that became pending while no provider could be asked are lost; only the first told one shows that this is
 * over.
 */
function lost(storm: Storm, due: readonly Pending[], told: ReadonlySet<unknown>): string[] {
  const isTold = ({ hash }: Pending) => told.has(hash)
  const keptFrom = isCalm(storm) ? 0 : (due.find(isTold)?.heardAt ?? Infinity)
  const kept = due.filter(({ from }) => from > keptFrom)
  const missed = kept.filter((one) => !isTold(one))
  const count = kept.length - missed.length
  if (count < ENOUGH) return [`${count} of ${due.length} were told since all was well`]
  // A provider with a rate limit may refuse a poll at any time.
  if (storm.providers.some(({ rate }) => rate !== undefined)) return []
  return missed.map(({ hash, from }) => `${hash} was lost, pending since ${from}`)
}

/**
 * The time until which calls from before everything was healed may still fail, and count against the provider with the
 * filter.
 */
function echoOf({ duration, calls }: Storm): number {
  return Math.max(duration + timeout, ...calls.map((call) => call.at + (call.timeout ?? timeout)))
}

/** Whether nothing in the storm ever keeps a provider from being asked. */
function isCalm({ faults, sleeps, providers }: Storm): boolean {
  return (
    sleeps.length === 0 &&
    faults.every(({ type }) => type === 'reorg') &&
    // A poll that has waited long for its turn may be given up, and what the provider answers it is lost.
    providers.every(({ rate, concurrency, isForeign }) => rate === undefined && concurrency === undefined && !isForeign)
  )
}

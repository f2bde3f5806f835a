// The ledger of head probes: when each provider was last asked for its head, and a budget that keeps probes a small share of
// the requests. Asks nobody.

import type { Budget } from '../../base/budget'
import { createBudget } from '../../base/budget'
import type { Provider } from '../../provider/provider'

export type HeadLedger = {
  readonly budget: Budget
  /** When each provider, by `index`, was last asked (in ms of the clock). */
  readonly askedAt: number[]
  /** When to look next which heads are wanted (in ms of the clock); `-Infinity` before the first look. */
  lookAt: number
  /** Waits a short time for the very first probes to end; `undefined` if there are none, or once that wait is over. */
  first: (() => Promise<void>) | undefined
}

/** Probes that each request adds to the budget. */
const SHARE = 0.05
/** Most probes that are saved up. */
const MOST_SAVED = 20
/** A provider that was not asked within this time (in ms) is asked free of charge. */
const FREE_EVERY = 60_000
/** No provider is asked twice within this time (in ms). */
export const ASK_EVERY = 2_000

export function createHeadLedger(): HeadLedger {
  return { budget: createBudget(MOST_SAVED, SHARE, 0), askedAt: [], lookAt: -Infinity, first: undefined }
}

/** Whether the provider may be asked now; if so, it counts as asked. */
export function isAffordable({ index }: Provider, { budget, askedAt }: HeadLedger, now: number): boolean {
  const since = now - (askedAt[index] ?? -Infinity)
  if (since < ASK_EVERY || (since < FREE_EVERY && !budget.spend())) return false
  askedAt[index] = now
  return true
}

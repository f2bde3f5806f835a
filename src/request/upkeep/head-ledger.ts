// What questions for heads may cost: a small share of the requests, and when each provider was last asked. Asks nobody.

import type { Budget } from '../../base/budget'
import { createBudget } from '../../base/budget'
import type { Provider } from '../../provider/provider'

/** When each provider (by `index`) was last asked, and last asked beyond the budget (in ms of the clock). */
export type HeadLedger = {
  readonly budget: Budget
  readonly askedAt: number[]
  readonly grantedAt: number[]
  /** No look before. */
  lookAt: number
  /** Waits for the end of the first probes, but not for long; `undefined` once that is over. */
  first: (() => Promise<void>) | undefined
}

/** Of each request this much of a probe is saved up, */
const SHARE = 0.05
const MOST_SAVED = 20
/** and each provider in use is asked once in this time (in ms) in any case, */
const GRANT_EVERY = 60_000
/** but never twice within this. */
export const ASK_EVERY = 2_000

export function createHeadLedger(): HeadLedger {
  return { budget: createBudget(MOST_SAVED, SHARE, 0), askedAt: [], grantedAt: [], lookAt: -Infinity, first: undefined }
}

/** Whether the provider may be asked now; if so, it counts as asked. */
export function isAffordable({ index }: Provider, { budget, askedAt, grantedAt }: HeadLedger, now: number): boolean {
  if (now - (askedAt[index] ?? -Infinity) < ASK_EVERY) return false
  const isGranted = now - (grantedAt[index] ?? -Infinity) >= GRANT_EVERY
  if (!isGranted && !budget.spend()) return false
  if (isGranted) grantedAt[index] = now
  askedAt[index] = now
  return true
}

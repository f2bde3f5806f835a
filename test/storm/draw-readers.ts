// The plan of a program that reads logs with an iterator from some block on, leaves, and goes on where it was. Plain data.
// Pure.

import type { LogMatch } from '../support/chain-block'
import type { Draw } from './draw'
import { filters } from './storm'

export type ReaderPlan = {
  readonly filter: LogMatch
  /** When it begins (in ms). */
  readonly from: number
  /** How many blocks below the head it begins; below 0 for a block that is yet to come; `undefined` if it names no block. */
  readonly back: number | undefined
  readonly confirmations: number
  /** Longest time it takes for one item while the storm lasts (in ms). */
  readonly pace: number
  /**
   * After how many items it leaves, and how long after that (in ms) it goes on with the next block. After the last one it
   * stays.
   */
  readonly leaves: readonly { readonly items: number; readonly after: number }[]
}

export function drawReader({ chance, between, pick, times }: Draw, duration: number): ReaderPlan {
  return {
    filter: pick(filters),
    from: chance(0.4) ? 0 : between(0, duration),
    back: pick([undefined, between(-3, 3), between(0, 40), between(0, 300), between(200, 2_600)]),
    confirmations: pick([0, 0, 1, 2, 3]),
    pace: pick([0, 0, 300, 3_000]),
    leaves: chance(0.35) ? times(between(1, 3), () => ({ items: between(1, 12), after: between(0, 6_000) })) : [],
  }
}

// Who reads logs with an iterator from some block on, and goes on where he left. Plain data. Pure.

import type { LogMatch } from '../support/chain-block'
import type { Draw } from './draw'
import { filters } from './storm'

export type ReaderPlan = {
  readonly filter: LogMatch
  /** When (in ms), */
  readonly from: number
  /** and so many blocks below the head it begins; a number below 0 is a block yet to come; `undefined`: it names none. */
  readonly back: number | undefined
  readonly confirmations: number
  /** Longest time it takes for one item (in ms), as long as the storm lasts. */
  readonly pace: number
  /** Leaves after so many items, and goes on with the next block after a while (in ms); the last time it stays. */
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

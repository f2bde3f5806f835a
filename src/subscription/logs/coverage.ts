// Which place pushes the logs of a stream, and from which block on all of them. Asks nobody.

import type { Block } from '../block'
import type { Place } from '../source/place'

export type Coverage = {
  place(): Place | undefined
  /** The place pushes from now on. @param above all blocks above this; what follows the next head if that is not known */
  begin(place: Place, above: number | undefined): void
  end(): void
  /** Whether all logs of this block are pushed, as far as is known. */
  has(block: Block): boolean
  /** A log of this block was pushed. */
  note(number: number): void
  /** What was pushed so far is forgotten: later blocks only. */
  restart(): void
}

export function createCoverage(): Coverage {
  let place: Place | undefined
  let above = Infinity
  let highest = -1

  return {
    place: () => place,
    begin(next, known = Infinity) {
      place = next
      above = known
    },
    end() {
      place = undefined
      above = Infinity
    },
    has({ number, isPushed }) {
      // A head that had to be asked for says nothing about when its logs were pushed.
      if (!place || !isPushed) return false
      if (above === Infinity) above = number
      return number > above
    },
    note(number) {
      highest = Math.max(highest, number)
    },
    restart() {
      if (above !== Infinity) above = Math.max(above, highest)
    },
  }
}

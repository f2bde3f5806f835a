// A bucket that fills with use, not with time: it bounds extra calls to a share of the requests made.

export type Budget = {
  /** Units when full. */
  readonly size: number
  /** A request was made: the bucket fills by its share. */
  earn(): void
  /** Takes one unit, if there is one. */
  spend(): boolean
}

/**
 * @param size units when full.
 * @param share units a request brings.
 * @param start units at the start.
 */
export function createBudget(size: number, share: number, start: number = size): Budget {
  let units = start
  return {
    size,
    earn() {
      if (units < size) units = Math.min(size, units + share)
    },
    spend() {
      if (units < 1) return false
      units -= 1
      return true
    },
  }
}

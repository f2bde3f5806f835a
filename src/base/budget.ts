// A bucket that fills with use, not with time: it bounds extra calls to a share of the requests made.

export type Budget = {
  /** Units when full. */
  readonly size: number
  /** A request was made: the bucket fills by its share. */
  earn(): void
  /** Takes one unit, if there is one. @param reserve units that are to be left. @default 0 */
  spend(reserve?: number): boolean
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
    spend(reserve = 0) {
      if (units < 1 + reserve) return false
      units -= 1
      return true
    },
  }
}

// A bucket that fills with each request, not with time. It bounds extra calls to a share of the requests made.

export type Budget = {
  /** Units when full. */
  readonly size: number
  /** A request was made: adds its share to the bucket. */
  earn(): void
  /** Takes one unit. Returns `false`, and takes none, unless at least `reserve` (by default 0) units are left after it. */
  spend(reserve?: number): boolean
}

/**
 * @param size units when full.
 * @param share units that each request adds.
 * @param start units at the start. @default `size`
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

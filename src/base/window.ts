// Counts the attempts and failures within a sliding window of time. What is older than the window never counts, even if
// nothing was recorded since.

/** The window moves in steps of a tenth of its length. */
const SLOTS = 10

type Counts = { attempts: number; failures: number }

export type RatioWindow = {
  record(isFailure: boolean, now: number): void
  read(now: number): Counts
  reset(): void
}

/** @param length of the window: how long an attempt counts (in ms). */
export function createRatioWindow(length: number): RatioWindow {
  const width = length / SLOTS
  let slots = emptySlots()
  let current = 0

  /** The slot of `now`. Empties the slots between the last call and `now` first: what they hold is too old. */
  function slotAt(now: number): Counts {
    const last = current
    current = Math.floor(now / width)
    for (let index = Math.max(last + 1, current - SLOTS + 1); index <= current; index++)
      slots[index % SLOTS] = { attempts: 0, failures: 0 }
    return slots[current % SLOTS] as Counts
  }

  return {
    record(isFailure, now) {
      const slot = slotAt(now)
      slot.attempts++
      if (isFailure) slot.failures++
    },
    read(now) {
      slotAt(now)
      const sum = (name: keyof Counts) => slots.reduce((total, slot) => total + slot[name], 0)
      return { attempts: sum('attempts'), failures: sum('failures') }
    },
    reset() {
      slots = emptySlots()
    },
  }
}

function emptySlots(): Counts[] {
  return Array.from({ length: SLOTS }, () => ({ attempts: 0, failures: 0 }))
}

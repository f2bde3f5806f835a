// A Clock that stands still until a test moves it. Between two timers it lets promise chains run to their end. It does not
// fake the platform's timers: only code that is handed this clock follows it.

import type { Clock, Timer } from '../../src/base/clock'

export type ManualClock = Clock & {
  /** Moves the time on by `ms`, and fires each timer at its own time, in order. */
  advance(ms: number): Promise<void>
  /** Moves the time on to a time of this clock (in ms), as `advance` does. */
  advanceTo(time: number): Promise<void>
  /** Lets pending promise chains run. The time stands still, and timers that are due do not fire. */
  settle(): Promise<void>
  /** A sleep: moves the time on by `ms` at once. Timers that became due fire late, in order, at the new time. */
  jump(ms: number): Promise<void>
  /** Number of running timers: those that keep the process alive (`after`), and those that do not (`background`). */
  readonly pending: { readonly after: number; readonly background: number; readonly total: number }
  /** When the next timer is due (in ms of this clock). */
  readonly nextAt: number | undefined
}

type ManualTimer = { at: number; fn: () => void; isHeld: boolean }

/** The longest delay that a platform's timer takes (in ms), as for the real clock. */
const maxDelay = 2 ** 31 - 1

/** More timers than this in one move are taken for a loop that never ends. */
const maxFired = 1_000_000

export function createManualClock(start = 0): ManualClock {
  const timers: ManualTimer[] = [] // in the order in which they fire
  let time = start
  let isMoving = false

  function startTimer(ms: number, fn: () => void, isHeld: boolean): Timer {
    if (Number.isNaN(ms)) throw new Error('A timer was started with NaN.')
    const timer = { at: time + Math.min(Math.max(ms, 0), maxDelay), fn, isHeld }
    insert(timers, timer)
    return {
      cancel() {
        const index = timers.indexOf(timer)
        if (index >= 0) timers.splice(index, 1)
      },
      hold(isHeldNow) {
        timer.isHeld = isHeldNow
      },
    }
  }

  /** Fires all timers that are due by `target`. Late ones do not turn the time back. */
  async function fireUntil(target: number) {
    for (let fired = 0; ; fired++) {
      await settle()
      const timer = timers[0]
      if (!timer || timer.at > target) return
      if (fired === maxFired) throw new Error(`${maxFired} timers fired in one move of the manual clock.`)
      timers.shift()
      time = Math.max(time, timer.at)
      timer.fn()
    }
  }

  async function move(leap: number, target: number) {
    if (isMoving) throw new Error('The manual clock is being moved already: await the first move.')
    if (!(target >= time)) throw new Error(`The manual clock cannot go from ${time} to ${target}.`)
    isMoving = true
    try {
      await settle()
      time += leap
      await fireUntil(target)
      time = target
    } finally {
      isMoving = false
    }
  }

  return {
    now: () => time,
    after: (ms, fn) => startTimer(ms, fn, true),
    background: (ms, fn) => startTimer(ms, fn, false),
    advance: (ms) => move(0, time + ms),
    advanceTo: (target) => move(0, target),
    settle,
    jump: (ms) => move(ms, time + ms),
    get pending() {
      const after = timers.filter((timer) => timer.isHeld).length
      return { after, background: timers.length - after, total: timers.length }
    },
    get nextAt() {
      return timers[0]?.at
    },
  }
}

/** Inserts a timer behind all timers of the same time, so that those fire in the order in which they were started. */
function insert(timers: ManualTimer[], timer: ManualTimer) {
  let low = 0
  let high = timers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((timers[middle] as ManualTimer).at <= timer.at) low = middle + 1
    else high = middle
  }
  timers.splice(low, 0, timer)
}

// The platform empties its microtask queue before each turn. The second turn is for promise chains that waited for a turn.
async function settle() {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

// A Clock that stands still until a test moves it. Between timers it lets promise chains run to their end.
// It does not fake the platform's timers: only what is handed this clock follows it.

import type { Clock, Timer } from '../../src/base/clock'

export type ManualClock = Clock & {
  /** Moves on by `ms`, firing each timer at its own time, in order. */
  advance(ms: number): Promise<void>
  /** Moves on to a time of this clock (in ms), as `advance` does. */
  advanceTo(time: number): Promise<void>
  /** Lets pending promise chains run; time stands still, and timers that are due stay unfired. */
  settle(): Promise<void>
  /** Sleep: time leaps by `ms` at once, then all that became due fires late, in order, at the new time. */
  jump(ms: number): Promise<void>
  /** Live timers: those that keep the process alive, and those that do not. */
  readonly pending: { readonly after: number; readonly background: number; readonly total: number }
  /** When the next timer is due (in ms of this clock). */
  readonly nextAt: number | undefined
}

type ManualTimer = { at: number; fn: () => void; isHeld: boolean }

/** As the real clock: the longest wait a platform's timer can hold (in ms). */
const maxDelay = 2 ** 31 - 1

/** More timers than this in one move is a loop that never ends. */
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

  /** Fires all timers due by `target`, the late ones without turning time back. */
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

/** Behind all timers of the same time: equal times fire in the order they were started. */
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

// The platform empties its microtask queue before each turn; the second turn is for chains that took one themselves.
async function settle() {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

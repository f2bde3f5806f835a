// Time: now and timers. The only file that touches the platform's timers; everything else is handed a Clock.

/** A running timer; `cancel` is idempotent and does nothing once it has fired. */
export type Timer = {
  cancel(): void
  /** Sets whether the running timer keeps the process alive. Does nothing on platforms without that notion (browsers). */
  hold(isHeld: boolean): void
}

export type Clock = {
  /** Monotonic time (in ms). */
  now(): number
  /** Calls `fn` once after `ms`. The timer keeps the process alive: use it where a caller waits. */
  after(ms: number, fn: () => void): Timer
  /** Calls `fn` once after `ms`. The timer does not keep the process alive: use it for upkeep. */
  background(ms: number, fn: () => void): Timer
  /** Identifies whatever runs the timers. If that changes (fake timers are installed or removed), older timers may never fire. */
  era?(): unknown
}

/** The longest delay that a platform's timer takes (in ms, almost 25 days). A longer one would fire at once. */
const maxDelay = 2 ** 31 - 1

/** The platform's time. Its functions are looked up at each call, so that fake timers installed later are seen. */
export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, fn) => startTimer(ms, fn, true),
  background: (ms, fn) => startTimer(ms, fn, false),
  era: () => setTimeout,
}

function startTimer(ms: number, fn: () => void, isHeld: boolean): Timer {
  const handle = setTimeout(fn, Math.min(ms, maxDelay))
  if (!isHeld) holdHandle(handle, false)
  return {
    cancel: () => clearTimeout(handle),
    hold: (isHeldNow) => holdHandle(handle, isHeldNow),
  }
}

// Node and Bun give an object with ref and unref; browsers and Workers a plain number.
function holdHandle(handle: unknown, isHeld: boolean) {
  const { ref, unref } = handle as { ref?: () => void; unref?: () => void }
  const change = isHeld ? ref : unref
  change?.call(handle)
}

/** Waits for a promise, but no longer than `ms`: then it resolves with `undefined`. Keeps the process alive. */
export function within<value>(clock: Clock, ms: number, promise: Promise<value>): Promise<value | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => resolve(undefined))
    promise.then(resolve, reject).finally(timer.cancel)
  })
}

/** A timer that fires more than this late (in ms) shows that the process slept: a suspended machine, tab or event loop. */
export const ASLEEP = 1_000

/**
 * Calls `fn` after `ms`, by a background timer. If the process slept meanwhile, `fn` is called `more` (in ms) later, so that
 * answers that lie unread can be read first.
 */
export function startLimit(clock: Clock, ms: number, more: number, fn: () => void): Timer {
  const dueAt = clock.now() + ms
  let isHeld = false
  let timer = clock.background(ms, () => {
    if (clock.now() - dueAt <= ASLEEP) return fn()
    timer = clock.background(more, fn)
    timer.hold(isHeld)
  })
  return {
    cancel: () => timer.cancel(),
    hold(isHeldNow) {
      isHeld = isHeldNow
      timer.hold(isHeld)
    },
  }
}

/** Time of day (in ms since 1970), for dates that others send. */
export function wallTime(): number {
  return Date.now()
}

// A Clock with the time of another one, whose timers take whole milliseconds and at least one, as platforms' timers do.
// Records which timers are running.

import type { Clock } from '../../src/base/clock'

export type PlatformClock = Clock & {
  /** The running timers: where each was started, if names are wanted. */
  running(): string[]
}

export function createPlatformClock(clock: Clock, hasNames = false): PlatformClock {
  const running = new Map<object, string>()
  const start = (way: 'after' | 'background') => (ms: number, run: () => void) => {
    const name = hasNames ? String(new Error().stack?.split('\n').slice(2, 5).join(' <')) : way
    const timer = clock[way](Math.max(1, Math.floor(ms)), () => {
      running.delete(timer)
      run()
    })
    running.set(timer, name)
    return {
      cancel() {
        running.delete(timer)
        timer.cancel()
      },
      hold: timer.hold,
    }
  }
  return {
    now: clock.now,
    after: start('after'),
    background: start('background'),
    running: () => [...running.values()],
  }
}

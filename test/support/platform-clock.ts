// The time of another clock, with timers that take whole milliseconds and at least one, as platforms' do; keeps account of
// those that run.

import type { Clock } from '../../src/base/clock'

export type PlatformClock = Clock & {
  /** The timers that run: who started them, if names are wanted. */
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

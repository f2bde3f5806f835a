// The process in which the library and its callers run. While it sleeps, the world goes on. When it wakes, timers that were
// due fire late, and what arrived meanwhile is read, or is lost.

import type { Clock, Timer } from '../../src/base/clock'

export type Sleep = {
  /** When the sleep begins (in ms from the start). */
  readonly at: number
  /** How long the sleep lasts (in ms). */
  readonly lasts: number
  /** Whether the network was cut too (a lid was closed): calls in flight are lost, and sockets die without any event. */
  readonly isLid: boolean
  /** What runs first at the wake: the timers that are due, or what has arrived. */
  readonly wakesTo: 'timers' | 'arrivals'
}

export type Sleeper = {
  /** The clock of the process: its timers do not fire during a sleep. */
  readonly clock: Clock
  /** Calls `run` when the process reads what arrives now: at once, or after a sleep. */
  arrive(run: () => void): void
  sleep(sleep: Pick<Sleep, 'lasts' | 'isLid' | 'wakesTo'>): void
}

type Waiting = { run: () => void; isOff: boolean }

export function createSleeper(world: Clock): Sleeper {
  let isAsleep = false
  let isDeaf = false
  const due: Waiting[] = []
  const arrived: Waiting[] = []

  const start =
    (way: 'after' | 'background') =>
    (ms: number, run: () => void): Timer => {
      const own = { run, isOff: false }
      const timer = world[way](ms, () => (isAsleep ? void due.push(own) : run()))
      return {
        cancel() {
          own.isOff = true
          timer.cancel()
        },
        hold: timer.hold,
      }
    }

  /** Runs what has waited one by one, so that the consequences of each come before the next. */
  function wake([first, second]: readonly [Waiting[], Waiting[]]) {
    isDeaf = false
    const next = first.shift() ?? second.shift()
    if (!next) {
      isAsleep = false
      return
    }
    if (!next.isOff) next.run()
    world.after(0, () => wake([first, second]))
  }

  return {
    clock: { now: world.now, after: start('after'), background: start('background') },
    arrive(run) {
      if (!isAsleep) run()
      else if (!isDeaf) arrived.push({ run, isOff: false })
    },
    sleep({ lasts, isLid, wakesTo }) {
      isAsleep = true
      isDeaf = isLid
      world.after(lasts, () => wake(wakesTo === 'timers' ? [due, arrived] : [arrived, due]))
    },
  }
}

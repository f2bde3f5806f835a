// The process in which the library runs, and all who call it: while it sleeps the world goes on without it. Then what was due
// meanwhile fires late, and what arrived meanwhile is read, or was lost.

import type { Clock, Timer } from '../../src/base/clock'

export type Sleep = {
  /** In ms from the start. */
  readonly at: number
  readonly lasts: number
  /** A lid was closed, and the network went with it: what is under way is lost, and sockets die without a word. */
  readonly isLid: boolean
  /** Whether it wakes to its timers, or to what has arrived. */
  readonly wakesTo: 'timers' | 'arrivals'
}

export type Sleeper = {
  /** What its timers follow. */
  readonly clock: Clock
  /** Something reaches it from outside. */
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

  /** One after the other: what follows from each comes before the next. */
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

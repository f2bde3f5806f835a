// Many deadlines on one timer. Requests in flight set alarms; the timer is armed for the earliest of them.
// Setting and clearing an alarm costs a look at a set. Each firing of the timer costs one pass over all set alarms.

import type { Clock, Timer } from './clock'

/** A due time and what to do then. An alarm belongs to at most one `Alarms`, and may be set again when it rings. */
export type Alarm = {
  /** Called once per `set`, at or after `at` (in ms of the clock). */
  ring: (alarm: Alarm, now: number) => void
  at: number
}

export type Alarms = {
  /** Sets or moves an alarm to a time of the clock (in ms). With `Infinity` it never rings, but `all()` lists it. */
  set(alarm: Alarm, at: number): void
  clear(alarm: Alarm): void
  /** All alarms that are set. */
  all(): Alarm[]
  /** Clears all and stops the timer. */
  close(): void
}

export function createAlarms(clock: Clock): Alarms {
  const alarms = new Set<Alarm>()
  let timer: Timer | undefined
  let armedAt = Infinity
  let era = clock.era?.()
  let isHeld = false

  function arm(at: number) {
    const present = clock.era?.()
    // A timer of another era cannot be cancelled. If it fires after all, that costs one pass.
    if (era === present) timer?.cancel()
    era = present
    armedAt = at
    isHeld = true
    timer = clock.after(Math.max(0, at - clock.now()), fire)
  }

  function fire() {
    const now = clock.now()
    timer = undefined
    armedAt = Infinity
    const due: Alarm[] = []
    let earliest = Infinity
    for (const alarm of alarms) {
      if (alarm.at <= now) due.push(alarm)
      else if (alarm.at < earliest) earliest = alarm.at
    }
    if (earliest < Infinity) arm(earliest)
    ringAll(due, now)
  }

  function ringAll(due: Alarm[], now: number) {
    let rung = 0
    try {
      for (const alarm of due) {
        rung++
        // An alarm that rang earlier in this pass may have moved or cleared this one.
        if (alarm.at > now) continue
        drop(alarm)
        alarm.ring(alarm, now)
      }
    } finally {
      // A `ring` that throws is a bug of its owner. The timer fires again at once, so that the other alarms still ring.
      if (rung < due.length) arm(now)
    }
  }

  function drop(alarm: Alarm) {
    alarms.delete(alarm)
    alarm.at = Infinity
  }

  return {
    set(alarm, at) {
      alarm.at = at
      alarms.add(alarm)
      if (at < armedAt || era !== clock.era?.()) arm(at)
      else if (!isHeld && timer) {
        isHeld = true
        timer.hold(true)
      }
    },
    clear(alarm) {
      drop(alarm)
      // The timer is not cancelled: arming a new one for each call would cost more than the call.
      if (isHeld && alarms.size === 0) {
        isHeld = false
        timer?.hold(false)
      }
    },
    all: () => [...alarms],
    close() {
      for (const alarm of alarms) drop(alarm)
      timer?.cancel()
      timer = undefined
      armedAt = Infinity
      isHeld = false
    },
  }
}

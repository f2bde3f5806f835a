// Many deadlines on one timer: what is in flight sets alarms; the timer runs only while something is set.
// Setting and clearing cost a few pointer writes; a ring costs one pass over what is set.

import type { Clock, Timer } from './clock'

/** Something with a next moment. It belongs to at most one `Alarms` and may be set again when it rings. */
export type Alarm = {
  /** Called once, at or after `at`. */
  ring: (alarm: Alarm, now: number) => void
  at: number
  isSet: boolean
  previous: Alarm | undefined
  next: Alarm | undefined
}

export type Alarms = {
  /** Sets or moves an alarm to a time of the clock (in ms); `Infinity` only keeps it on the list. */
  set(alarm: Alarm, at: number): void
  clear(alarm: Alarm): void
  /** All that is set now. */
  all(): Alarm[]
  /** Clears all and stops the timer. */
  close(): void
}

export function createAlarms(clock: Clock): Alarms {
  let first: Alarm | undefined
  let timer: Timer | undefined
  let armedAt = Infinity
  let isHeld = false

  function arm(at: number) {
    timer?.cancel()
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
    for (let alarm = first; alarm; alarm = alarm.next) {
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
        // An earlier ring of this pass may have moved or cleared it.
        if (alarm.at > now) continue
        unlink(alarm)
        alarm.ring(alarm, now)
      }
    } finally {
      // A ring that throws is a bug of its owner: the others still ring.
      if (rung < due.length) arm(now)
    }
  }

  function unlink(alarm: Alarm) {
    alarm.isSet = false
    alarm.at = Infinity
    if (alarm.previous) alarm.previous.next = alarm.next
    else first = alarm.next
    if (alarm.next) alarm.next.previous = alarm.previous
    alarm.previous = undefined
    alarm.next = undefined
  }

  return {
    set(alarm, at) {
      alarm.at = at
      if (!alarm.isSet) {
        alarm.isSet = true
        alarm.next = first
        if (first) first.previous = alarm
        first = alarm
      }
      if (at < armedAt) arm(at)
      else if (!isHeld && timer) {
        isHeld = true
        timer.hold(true)
      }
    },
    clear(alarm) {
      if (!alarm.isSet) return
      unlink(alarm)
      // The timer is left to run out: arming one per call would cost more than the call.
      if (!first && isHeld) {
        isHeld = false
        timer?.hold(false)
      }
    },
    all() {
      const alarms: Alarm[] = []
      for (let alarm = first; alarm; alarm = alarm.next) alarms.push(alarm)
      return alarms
    },
    close() {
      while (first) unlink(first)
      timer?.cancel()
      timer = undefined
      armedAt = Infinity
      isHeld = false
    },
  }
}

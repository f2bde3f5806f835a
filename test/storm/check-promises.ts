// The rule of promises: each settles exactly once, and in time.

import type { Facts } from './facts'
import { nameOf } from './facts'
import type { Storm } from './storm'
import { timeout } from './world'

/** In ms. A timer takes whole milliseconds: one that fires a little too soon is set once more, and so is one of a look-up inside. */
const SLACK = 2 + 1e-6
const LONGEST_LOGS = 120_000

/** After a sleep in which a deadline was missed (in ms). */
const GRACE = 250

export function promiseProblems({ world: { storm }, calls, closedAt }: Facts): string[] {
  return calls.flatMap((call) => {
    const { plan, request, startedAt, times, endedAt } = call
    const own = plan.timeout ?? timeout
    const most = request.method === 'eth_getLogs' ? Math.max(own, LONGEST_LOGS) : own
    const aborted = plan.abortsAfter === undefined ? Infinity : startedAt + plan.abortsAfter
    const woken = Math.min(wakenBy(startedAt + most, GRACE, startedAt, storm), wakenBy(aborted, 0, startedAt, storm))
    const end = Math.min(woken, Math.max(startedAt, closedAt)) + SLACK
    if (times !== 1) return [`promises: ${nameOf(call)} settled ${times} times`]
    if (endedAt > end) return [`promises: ${nameOf(call)} ended at ${endedAt}, ${endedAt - end} ms late`]
    return []
  })
}

/** When a timer for that time rings at the latest, with so much grace after a sleep. */
function wakenBy(time: number, grace: number, startedAt: number, { sleeps }: Storm): number {
  const [sleep] = sleeps
  if (!sleep || time < sleep.at) return time
  const wakes = sleep.at + sleep.lasts
  return startedAt < wakes ? Math.max(time, wakes + grace) : time
}

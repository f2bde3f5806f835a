// The rule of promises: the promise of each call settles exactly once, and in time.

import type { Facts } from './facts'
import { nameOf } from './facts'
import type { Storm } from './storm'
import { timeout } from './world'

/**
 * A call may end this much late (in ms): a timer of whole milliseconds may fire too soon and be set again, for an inner call
 * too.
 */
const SLACK = 2 + 1e-6
/** The default limit for a whole `eth_getLogs` (in ms). */
const LONGEST_LOGS = 120_000

/** What a call has after a sleep in which its deadline passed (in ms). */
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

/** When a timer for `time` fires at the latest, if a sleep over it adds `grace` (all in ms). */
function wakenBy(time: number, grace: number, startedAt: number, { sleeps }: Storm): number {
  const [sleep] = sleeps
  if (!sleep || time < sleep.at) return time
  const wakes = sleep.at + sleep.lasts
  return startedAt < wakes ? Math.max(time, wakes + grace) : time
}

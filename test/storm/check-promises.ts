// The rule of promises: each settles exactly once, and in time.

import type { Facts } from './facts'
import { nameOf } from './facts'
import { timeout } from './world'

/** In ms. A timer takes whole milliseconds: one that fires a little too soon is set once more. */
const SLACK = 1 + 1e-6
const LONGEST_LOGS = 120_000

export function promiseProblems({ calls, closedAt }: Facts): string[] {
  return calls.flatMap((call) => {
    const { plan, request, startedAt, times, endedAt } = call
    const own = plan.timeout ?? timeout
    const most = request.method === 'eth_getLogs' ? Math.max(own, LONGEST_LOGS) : own
    const aborted = plan.abortsAfter === undefined ? Infinity : startedAt + plan.abortsAfter
    const end = Math.min(startedAt + most, aborted, Math.max(startedAt, closedAt)) + SLACK
    if (times !== 1) return [`promises: ${nameOf(call)} settled ${times} times`]
    if (endedAt > end) return [`promises: ${nameOf(call)} ended at ${endedAt}, ${endedAt - end} ms late`]
    return []
  })
}

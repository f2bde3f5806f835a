// Whether a provider had fallen back without having been noticed: then a `null` of it is excused (check-truth.ts).

import type { CallRecord } from './calls'
import type { Asked } from './provider'
import type { Storm } from './storm'
import type { View } from './views'
import type { StormWorld } from './world'

/** A call may share the answer of an equal one that started up to this much earlier (in ms). */
export const SHARED = 250

/**
 * Whether the answer may come from a provider that had fallen back without being noticed: it had what was asked for before it
 * fell back, and was not asked for its head since.
 */
export function isUnseenFall(
  { request: { method, params }, startedAt, endedAt }: CallRecord,
  world: StormWorld,
): boolean {
  const { asked, views, oracle, storm } = world
  const has = ({ head }: View) => oracle.answer(head, method, params)?.value != null
  return asked.some((one) => {
    const { provider, at } = one
    if (at < startedAt - SHARED || at > endedAt || !isEqual([one.method, one.params], [method, params])) return false
    const own = views.between(0, at).filter((view) => view.provider === provider)
    const fall = own.map(has).lastIndexOf(true) + 1
    const { from: fellAt } = own[fall] ?? {}
    if (fall === 0 || fellAt === undefined) return false
    const travel = 2 * slowestWayTo(provider, storm)
    const looks = asked.filter(
      (look) => look.provider === provider && look.method === 'eth_blockNumber' && !isGivenUp(look, world),
    )
    return !looks.some((look) => look.at >= fellAt && look.at < endedAt - travel)
  })
}

/** Whether the answer to a look came too late for its caller, so that nobody has read it. */
function isGivenUp({ provider, method, at }: Asked, { attempts, ids, storm }: StormWorld): boolean {
  const way = slowestWayTo(provider, storm)
  return attempts.some(
    (one) =>
      one.provider === ids[provider] &&
      one.method === method &&
      one.outcome !== 'success' &&
      one.at - one.duration <= at &&
      one.at + way >= at,
  )
}

/** The longest time (in ms) that a message may take to a provider. */
function slowestWayTo(provider: number, { providers, faults }: Storm): number {
  const slow = faults.map((fault) => (fault.type === 'ill' && fault.provider === provider && fault.trouble.slow) || 0)
  return (providers[provider]?.latency[1] ?? 0) + slow.reduce((sum, one) => sum + one, 0)
}

export function isEqual(one: unknown, other: unknown) {
  return JSON.stringify(one) === JSON.stringify(other)
}

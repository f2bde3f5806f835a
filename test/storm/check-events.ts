// The rule of events: each call has one terminal `request` event that says how it ended, and the counts of `status()` agree.

import type { Facts } from './facts'

/** Methods without `attempt` events: heartbeats of sockets that cannot ping, and `eth_subscribe`. */
const UNTOLD = /^(net_version|eth_subscribe)$/

export function eventProblems({ world, calls: all, made: opened, polls }: Facts): string[] {
  // Calls after close() are refused without an event.
  const calls = all.slice(0, opened)
  const { requests, attempts, engine } = world
  const { total, failed } = engine.status().requests
  const made = opened + polls
  const problems: string[] = []
  if (requests.length !== made) problems.push(`events: ${requests.length} request events for ${made} calls`)
  if (total !== made) problems.push(`events: status counts ${total} requests, ${made} were made`)
  const ids = new Set(requests.map(({ id }) => id))
  if (ids.size !== requests.length) problems.push(`events: ${requests.length - ids.size} requests were told of twice`)
  const errors = requests.filter(({ outcome }) => outcome === 'error').length
  if (failed !== errors) problems.push(`events: status counts ${failed} failures, events tell of ${errors}`)
  const succeeded = calls.filter(({ times, error }) => times > 0 && error === undefined).length
  const told = requests.filter(({ outcome, method }) => outcome === 'success' && !/ilter/.test(method)).length
  if (told !== succeeded) problems.push(`events: ${succeeded} calls were answered, events tell of ${told}`)
  for (const { id, method, attempts: count, outcome } of requests) {
    const own = attempts.filter((attempt) => attempt.id === id).length
    if (outcome === 'success' && own < count)
      problems.push(`events: ${method} says ${count} attempts, ${own} were told of`)
  }
  return [...problems, ...untold(world)]
}

/**
 * Each request to a provider has an `attempt` event or is counted as upkeep. Only members of a refused batch are sent again
 * untold.
 */
function untold({ asked, attempts, engine, storm }: Facts['world']): string[] {
  const isHalved = storm.faults.some((fault) => fault.type === 'ill' && fault.trouble.says === 'half of it')
  if (isHalved || storm.providers.some(({ canBatch }) => !canBatch)) return []
  const upkeep = engine.status().providers.reduce((sum, one) => sum + one.upkeep.chain + one.upkeep.heads, 0)
  const seen = asked.filter(({ method }) => !UNTOLD.test(method)).length
  return seen > attempts.length + upkeep
    ? [`events: ${seen} requests came, ${attempts.length} attempts were told of, and ${upkeep} were upkeep`]
    : []
}

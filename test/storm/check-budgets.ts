// The rule of budgets: what is asked beside the calls stays a small share of them, and no call is repeated without end.

import type { Facts } from './facts'

/** A request brings so much of a hedge, of a repeated attempt, of a look at a head. */
const HEDGE_SHARE = 0.1
const RETRY_SHARE = 0.2
const HEAD_SHARE = 0.05
/** Each provider's head may be looked at once in this time (in ms) in any case. */
const GRANT_EVERY = 60_000
/** These are free while no other request is repeated. */
const FREE_ROUNDS = 4
/** An answer in doubt is asked for so often again. */
const DOUBTS = 3
/** Answered by more than one request, or looked for until the deadline. */
const COMPOSED = /eth_(getLogs|sendRaw|newFilter|newBlockFilter|getFilter)/

export function budgetProblems({ world }: Facts): string[] {
  const { storm, engine, requests, attempts, clock, providers } = world
  const { hedgeBudget, retryBudget, rounds } = storm.settings
  const upkeep = engine.status().providers.map((provider) => provider.upkeep)
  const sum = (what: 'hedges' | 'heads' | 'probes') => upkeep.reduce((all, one) => all + one[what], 0)
  // More than there were: each request was told of, or attempted.
  const made = requests.length + attempts.length
  const channels = providers.reduce((all, { plan }) => all + (plan.ways === 'both' ? 2 : 1), 0)
  const problems: string[] = []
  const limit = (what: string, count: number, most: number) => {
    if (count > most) problems.push(`budgets: ${count} ${what}, ${most} are the most`)
  }
  limit('hedges', sum('hedges'), hedgeBudget + HEDGE_SHARE * made)
  for (const [index, { plan }] of providers.entries())
    if (plan.isBackup) limit(`hedges to a backup, ${index}`, upkeep[index]?.hedges ?? 0, 0)
  let repeated = 0
  let doubted = 0
  for (const { id, method } of requests) {
    const own = attempts.filter((attempt) => attempt.id === id && !attempt.hedged).length
    // Of one in pieces, each piece may be.
    doubted += COMPOSED.test(method) ? own : Math.min(DOUBTS, Math.max(0, own - 1))
    if (COMPOSED.test(method)) continue
    repeated += Math.max(0, own - FREE_ROUNDS * channels - DOUBTS)
    if (rounds !== undefined) limit(`attempts of one ${method}`, own, rounds * (channels + 1) + DOUBTS)
  }
  limit('attempts of later rounds', repeated, retryBudget + RETRY_SHARE * made + sum('probes'))
  // Streams without sockets live by looking at heads.
  const granted = providers.length * (1 + clock.now() / GRANT_EVERY)
  if (storm.watchers.length + storm.readers.length === 0)
    limit('looks at heads', sum('heads'), HEAD_SHARE * made + granted + doubted)
  return problems
}

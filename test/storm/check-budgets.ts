// The rule of budgets: hedges, repeated attempts and head probes stay a small share of the calls, and no call is repeated for
// ever.

import type { Facts } from './facts'

/** Hedges that each request pays for. */
const HEDGE_SHARE = 0.1
/** Attempts of later rounds that each request pays for. */
const RETRY_SHARE = 0.2
/** Head probes that each request pays for. */
const HEAD_SHARE = 0.05
/** The head of each provider may be probed once in this time (in ms) in any case. */
const GRANT_EVERY = 60_000
/** This many rounds cost nothing while no other request is in a later round. */
const FREE_ROUNDS = 4
/** An answer in doubt is asked for at most this many times more. */
const DOUBTS = 3
/** Methods that take more than one request, or are tried until the deadline. */
const COMPOSED = /eth_(getLogs|sendRaw|newFilter|newBlockFilter|getFilter)/

export function budgetProblems({ world }: Facts): string[] {
  const { storm, engine, requests, attempts, clock, providers } = world
  const { hedgeBudget, retryBudget, rounds } = storm.settings
  const upkeep = engine.status().providers.map((provider) => provider.upkeep)
  const sum = (what: 'hedges' | 'heads' | 'probes') => upkeep.reduce((all, one) => all + one[what], 0)
  // An upper bound for the requests that were made: each has a `request` event or an attempt.
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
    // Of a call in pieces, the answer to each piece may be in doubt.
    doubted += COMPOSED.test(method) ? own : Math.min(DOUBTS, Math.max(0, own - 1))
    if (COMPOSED.test(method)) continue
    repeated += Math.max(0, own - FREE_ROUNDS * channels - DOUBTS)
    if (rounds !== undefined) limit(`attempts of one ${method}`, own, rounds * (channels + 1) + DOUBTS)
  }
  limit('attempts of later rounds', repeated, retryBudget + RETRY_SHARE * made + sum('probes'))
  // Streams without sockets ask for heads all the time, so the limit holds only without streams.
  const granted = providers.length * (1 + clock.now() / GRANT_EVERY)
  if (storm.watchers.length + storm.readers.length === 0)
    limit('looks at heads', sum('heads'), HEAD_SHARE * made + granted + doubted)
  return problems
}

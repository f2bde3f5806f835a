// The rule of retries: attempts of later rounds are paid for from a budget. Free are four rounds while no other request is in
// a later round, and attempts at a channel that has answered since. Events do not tell the round, nor which requests wait
// because the budget is empty. So only what is certain is counted: a reported problem is a real one.

import type { Facts } from './facts'

/** Attempts of later rounds that each request pays for. */
const SHARE = 0.2
/** This many rounds cost nothing while no other request is in a later round. */
const FREE_ROUNDS = 4
/** Methods that take several requests, whose attempts share one id. */
const COMPOSED = /eth_(getLogs|sendRaw|newFilter|newBlockFilter|getFilter)/
/** Methods that take several requests if there are private providers. */
const BY_HASH = /eth_getTransaction/

type Attempts = Facts['world']['attempts']
type Repeated = { readonly id: number; readonly startedAt: number; readonly endedAt: number; readonly round: number }

export function retryProblems({ world }: Facts): string[] {
  const { storm, requests, attempts, breakers } = world
  const isPrivate = storm.providers.some((provider) => provider.isPrivate)
  const whole = requests.filter(({ method }) => !COMPOSED.test(method) && !(isPrivate && BY_HASH.test(method)))
  const repeated = whole.flatMap(({ id }) => repeatedOf(id, attempts, breakers))
  const isAlone = ({ id, startedAt }: Repeated) =>
    !repeated.some((other) => other.id !== id && other.startedAt < startedAt && other.endedAt > startedAt)
  const isFree = (one: Repeated) => one.round <= FREE_ROUNDS && isAlone(one)
  const paid = repeated.filter((one) => !isFree(one)).map(({ startedAt }) => startedAt)
  // An upper bound for the requests that pay: of a call with several requests, each attempt may be a request.
  const earned = [...requests.map(({ at, duration }) => at - duration), ...attempts.map(startOf)]
  return overspent(
    paid.sort((a, b) => a - b),
    earned,
    storm.settings.retryBudget,
  )
}

/** In no span of time may more be paid than a full bucket and what was earned meanwhile. */
function overspent(paid: readonly number[], earned: readonly number[], size: number): string[] {
  for (const [first, from] of paid.entries()) {
    for (let last = paid.length - 1; last >= first; last--) {
      const to = paid[last] as number
      const most = size === 0 ? 0 : size + SHARE * earned.filter((at) => at >= from && at <= to).length
      if (last - first + 1 > most)
        return [`retries: ${last - first + 1} attempts of later rounds from ${from} to ${to}, paid for are ${most}`]
    }
  }
  return []
}

/**
 * Attempts that are certainly of a later round: the same channel has failed the request before, and its breaker did not open.
 */
function repeatedOf(id: number, attempts: Attempts, breakers: Facts['world']['breakers']): Repeated[] {
  const rounds = new Map<string, { round: number; endedAt: number }>()
  const repeated: Repeated[] = []
  const own = attempts.filter((one) => one.id === id && isToldAtOnce(one))
  for (const attempt of own.sort((a, b) => startOf(a) - startOf(b))) {
    const { provider, channel, outcome, at, hedged } = attempt
    const startedAt = startOf(attempt)
    const before = rounds.get(`${provider} ${channel}`)
    const hasOpened = breakers.some(
      (one) =>
        one.provider === provider &&
        one.channel === channel &&
        before &&
        one.at >= before.endedAt &&
        one.at <= startedAt,
    )
    const hasAnswered = attempts.some(
      (one) =>
        one.provider === provider &&
        one.channel === channel &&
        one.outcome === 'success' &&
        before &&
        one.at >= before.endedAt &&
        one.at <= startedAt,
    )
    const round = before && !hasOpened ? before.round + 1 : 1
    if (round > 1 && !hedged && !hasAnswered) repeated.push({ id, startedAt, endedAt: at, round })
    // An answer that is in doubt is asked for again in the same round, so later attempts tell nothing.
    if (outcome === 'success') break
    if (hedged) continue
    rounds.set(`${provider} ${channel}`, { round, endedAt: at })
  }
  return repeated
}

/**
 * Whether the event of an attempt comes at its end. Failures that may be the request's own fault are told once that is
 * decided.
 */
function isToldAtOnce({ outcome, failure }: Attempts[number]): boolean {
  if (outcome !== 'failure' || !failure) return true
  const { kind, code, status = 200 } = failure
  const mayBeRpc = code !== undefined || status < 300
  return kind !== 'timeout' && !(mayBeRpc && /^(server-error|auth)$/.test(kind))
}

function startOf({ at, duration }: Attempts[number]): number {
  return at - duration
}

// The rule of truth: an answer is what an honest node said, asked exactly that, at some moment between call and answer; and
// what is given of the head never goes backwards.

import type { Hex } from 'viem'
import { keccak256 } from 'viem'
import type { CallRecord } from './calls'
import type { Facts } from './facts'
import { nameOf } from './facts'
import type { View } from './views'

/** An equal call that started so much earlier (in ms) may be shared. */
const SHARED = 250
const LONGEST_SHOWN = 100
const FIXED: Record<string, unknown> = { eth_chainId: '0x1', eth_gasPrice: '0x3b9aca00' }

export function truthProblems(facts: Facts): string[] {
  const answered = facts.calls.filter(({ times, error }) => times > 0 && error === undefined)
  const wrong = answered.flatMap((call) => {
    const what = wrongWith(call, facts)
    return what === undefined ? [] : [`truth: ${nameOf(call)} was answered ${shorten(call.value)}: ${what}`]
  })
  return [...wrong, ...backwards(facts)]
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
}

function wrongWith(call: CallRecord, facts: Facts): string | undefined {
  const { request, value, startedAt, endedAt } = call
  const { method, params } = request
  const { views, oracle } = facts.world
  if (method in FIXED) return value === FIXED[method] ? undefined : `it is ${FIXED[method]}`
  if (method === 'eth_sendRawTransaction')
    return value === keccak256(params[0] as Hex) ? undefined : 'that is not its hash'
  if (call.plan.ask.of === 'sent receipt') {
    const { transactionHash = params[0] } = (value ?? {}) as { transactionHash?: unknown }
    return transactionHash === params[0] ? undefined : 'that is of another transaction'
  }
  const seen = views.between(startedAt - SHARED, endedAt)
  if (method === 'eth_blockNumber') return numberProblem(call, facts, seen)
  if (method === 'eth_getLogs' && params[0].blockHash === undefined) return logsProblem(call, facts, seen)
  const heads = [...new Set(seen.map(({ head }) => head))]
  const text = JSON.stringify(value)
  const isSaid = heads.some((head) => {
    const answer = oracle.answer(head, method, params)
    return answer !== undefined && JSON.stringify(answer.value) === text
  })
  if (!isSaid && !isGivenBefore(call, facts)) return 'nobody could say that at that time'
  return value === null ? nullProblem(call, facts) : undefined
}

/** What was shown of a tag stays, while others are behind it. */
function isGivenBefore({ request, value, place }: CallRecord, { calls }: Facts): boolean {
  const text = JSON.stringify(request)
  return calls.some(
    (other) => other.place < place && JSON.stringify(other.request) === text && isEqual(other.value, value),
  )
}

function isEqual(one: unknown, other: unknown) {
  return JSON.stringify(one) === JSON.stringify(other)
}

function numberProblem({ value, endedAt }: CallRecord, { world }: Facts, seen: readonly View[]): string | undefined {
  const lowest = Math.min(...seen.map(({ head }) => head.number))
  const highest = Math.max(...world.views.between(0, endedAt).map(({ head }) => head.number))
  if (Number(value) < lowest) return `nobody was below ${lowest}`
  if (Number(value) > highest) return `nobody was past ${highest}`
  return undefined
}

/** Pieces may come from several: all but the newest blocks are the same everywhere. */
function logsProblem(call: CallRecord, { world }: Facts, seen: readonly View[]): string | undefined {
  const { fromBlock, toBlock, ...match } = call.request.params[0]
  const from = Number(fromBlock)
  const text = JSON.stringify(call.value)
  const heads = [...new Set(seen.map(({ head }) => head))]
  const numbers = new Set(heads.map(({ number }) => number))
  const ends = toBlock === 'latest' ? [...numbers] : [Number(toBlock)]
  const isSaid = heads.some((head) =>
    ends.some((end) => JSON.stringify(world.oracle.logs(head, match, from, end)) === text),
  )
  return isSaid ? undefined : 'nobody could say that at that time'
}

/** Nothing there: not while somebody well had it all the time, and it was shown before. */
function nullProblem(call: CallRecord, { world }: Facts): string | undefined {
  const { height, shown, startedAt, endedAt, request, plan } = call
  if (height === undefined || height > shown || plan.provider !== undefined || plan.timeout !== undefined)
    return undefined
  const knower = world.providers.findIndex((provider, index) => {
    const { plan: traits, troubles } = provider
    if (traits.isBackup || traits.isForeign || traits.ways === 'ws' || traits.rate !== undefined) return false
    if (plan.exclude === index || traits.lacks.includes(request.method)) return false
    if (!troubles.wereNone(0, endedAt) || traits.latency[1] > 80) return false
    return world.views
      .between(startedAt, endedAt)
      .filter((view) => view.provider === index)
      .every(({ head }) => world.oracle.answer(head, request.method, request.params)?.value)
  })
  return knower < 0 ? undefined : `${world.ids[knower]} had it all the time`
}

/** Of one tag after another, in the order in which they were given. */
function backwards({ calls, world }: Facts): string[] {
  const shownBy: Record<string, (call: CallRecord) => number | undefined> = {
    number: ({ request, value }) => (request.method === 'eth_blockNumber' ? Number(value) : undefined),
    safe: (call) => tagNumber(call, 'safe'),
    finalized: (call) => tagNumber(call, 'finalized'),
  }
  const inOrder = calls
    .filter(
      ({ times, error, plan }) =>
        times > 0 && error === undefined && (plan.provider === undefined || plan.allowFailover),
    )
    .sort((a, b) => a.place - b.place)
  return Object.values(shownBy).flatMap((numberOf) => {
    const problems: string[] = []
    let last: { number: number; endedAt: number } | undefined
    for (const call of inOrder) {
      const number = numberOf(call)
      if (number === undefined) continue
      const { endedAt } = call
      const isReset = world.resets.some((at) => at >= (last?.endedAt ?? 0) && at <= endedAt)
      if (last && number < last.number && !isReset)
        problems.push(`truth: ${nameOf(call)} went back from ${last.number} to ${number}`)
      last = { number, endedAt }
    }
    return problems
  })
}

function tagNumber({ request: { method, params }, value }: CallRecord, tag: string): number | undefined {
  if (method !== 'eth_getBlockByNumber' || params[0] !== tag || !value) return undefined
  return Number((value as { number: string }).number)
}

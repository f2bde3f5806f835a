// The rule of truth: an answer is what an honest node would have said to exactly this request at some moment between call and
// answer; and block numbers of the head never go backwards.

import type { Hex } from 'viem'
import { keccak256 } from 'viem'
import type { CallRecord } from './calls'
import type { Facts } from './facts'
import { nameOf } from './facts'
import type { Asked, StormProvider } from './provider'
import { isEqual, isUnseenFall, SHARED } from './unseen-fall'
import type { View } from './views'
import { isInside } from './walls'
import type { StormWorld } from './world'

const TAG = /^(latest|safe|finalized)$/
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
  if (isForeign(call, facts)) return undefined
  const seen = views.between(startedAt - SHARED, endedAt)
  if (method === 'eth_blockNumber') return numberProblem(call, facts, seen)
  if (method === 'eth_getLogs' && params[0].blockHash === undefined) return logsProblem(call, facts, seen)
  const heads = [...new Set(seen.map(({ head }) => head))]
  const text = JSON.stringify(value)
  const isSaid = heads.some((head) => {
    const answer = oracle.answer(head, method, params)
    return answer !== undefined && JSON.stringify(answer.value) === text
  })
  if (!isSaid && !isKept(call, facts, seen)) return 'nobody could say that at that time'
  return value === null ? nullProblem(call, facts) : undefined
}

/**
 * Whether an answer may be that of a provider on another chain: as long as all checks of its chain have failed, it may be
 * used.
 */
function isForeign({ plan, request, value, endedAt, unverified }: CallRecord, { world }: Facts): boolean {
  const isUsable = ({ plan: { isForeign, latency } }: StormProvider, index: number) => {
    if (!isForeign || !unverified.includes(world.ids[index] as string) || plan.exclude === index) return false
    if (plan.provider !== undefined && plan.provider !== index && !plan.allowFailover) return false
    const hasSaidSo = ({ provider, method, at }: Asked) =>
      provider === index && method === 'eth_chainId' && at < endedAt - latency[1]
    return !world.asked.some(hasSaidSo)
  }
  return world.providers.some(isUsable) && isEqual(world.foreign(request.method, request.params), value)
}

/**
 * Whether the answer to a tag may be an earlier one: it stays while the same tag is no higher at some provider. A provider must
 * have been asked for that tag before, and have said so then. The other form of the block (with or without its transactions)
 * may have been read by its number.
 */
function isKept({ request: { method, params }, value, endedAt }: CallRecord, { world }: Facts, seen: readonly View[]) {
  if (method !== 'eth_getBlockByNumber' || !TAG.test(params[0])) return false
  const { answer } = world.oracle
  const [tag, isFull] = params
  const heightIn = ({ head }: View) => heightOf(answer(head, method, params)?.value)
  const byNumber = [(value as { number?: string } | null)?.number, isFull]
  const isThere = seen.some(({ head }) => isEqual(answer(head, method, byNumber)?.value, value))
  const isItself = (one: Asked) =>
    viewOf(one.provider, one.at, world).some(
      (view) =>
        isEqual(answer(view.head, method, one.params)?.value, value) || (isThere && heightIn(view) === heightOf(value)),
    )
  const isBefore = world.asked.some(
    (one) => one.at <= endedAt && isEqual([one.method, one.params[0]], [method, tag]) && isItself(one),
  )
  return isBefore && seen.some((view) => heightIn(view) <= heightOf(value))
}

function viewOf(provider: number, at: number, { views }: StormWorld): readonly View[] {
  return views.between(at, at).filter((view) => view.provider === provider)
}

function heightOf(block: unknown): number {
  return Number((block as { number?: string } | null)?.number)
}

function numberProblem({ value, endedAt }: CallRecord, { world }: Facts, seen: readonly View[]): string | undefined {
  const lowest = Math.min(...seen.map(({ head }) => head.number))
  const highest = Math.max(...world.views.between(0, endedAt).map(({ head }) => head.number))
  // A head far ahead of all others is not believed before its provider has given that block: an event says so.
  const isDoubted = world.disputes.some((one) => one.method === 'eth_blockNumber' && one.at === endedAt)
  if (Number(value) < lowest && !isDoubted) return `nobody was below ${lowest}`
  if (Number(value) > highest) return `nobody was past ${highest}`
  return undefined
}

/** The pieces of an answer may come from several providers: all but the newest blocks are the same everywhere. */
function logsProblem(call: CallRecord, { world }: Facts, seen: readonly View[]): string | undefined {
  const { fromBlock, toBlock, ...match } = call.request.params[0]
  const from = Number(fromBlock)
  const { value } = call
  if (!Array.isArray(value)) return 'that is no list'
  const heads = [...new Set(seen.map(({ head }) => head))]
  const numbers = new Set([...heads.map(({ number }) => number), call.shown])
  // There are no logs past the head. So a range may end, as `latest` does, at a head that some provider showed, or at the one
  // that the caller was shown before, even if a provider has fallen back since.
  const end = toBlock === 'latest' ? Infinity : Number(toBlock)
  const ends = [...[...numbers].filter((number) => number >= from && number < end), end].filter(Number.isFinite)
  const isSaid = heads.some((head) => {
    // The logs are read once for all ends, as a long call has many heads and many ends.
    const all = world.oracle.logs(head, match, from, Math.max(...ends)) as readonly { blockNumber: Hex }[]
    const isEnd = (end: number) => all.filter(({ blockNumber }) => Number(blockNumber) <= end).length === value.length
    return isEqual(all.slice(0, value.length), value) && ends.some(isEnd)
  })
  return isSaid ? undefined : 'nobody could say that at that time'
}

/** `null` is wrong for a block that was shown before, if a provider that was well had it during the whole call. */
function nullProblem(call: CallRecord, { world }: Facts): string | undefined {
  const { height, shown, request, endedAt } = call
  if (height === undefined || height > shown) return undefined
  // After a sleep there may be no time left to ask another provider: an event says so.
  if (world.storm.sleeps.length > 0 && world.disputes.some(({ at }) => at === endedAt)) return undefined
  const knower = knowerOf(call, world, ({ head }) => world.oracle.answer(head, request.method, request.params)?.value)
  return knower === undefined || isUnseenFall(call, world) ? undefined : `${knower} had it all the time`
}

/** The id of a provider that may be asked, was well, and showed what is looked for during the whole call. */
function knowerOf(
  { plan, request, startedAt, endedAt }: CallRecord,
  { providers, views, ids, storm: { walls } }: StormWorld,
  shows: (view: View) => unknown,
): string | undefined {
  if (plan.provider !== undefined || plan.timeout !== undefined) return undefined
  return ids.find((_, index) => {
    const { plan: traits, troubles } = providers[index] as StormProvider
    if (traits.isBackup || traits.isForeign || traits.ways === 'ws' || traits.rate !== undefined) return false
    if (plan.exclude === index || !isInside(index, walls) || traits.lacks.includes(request.method)) return false
    if (!troubles.wereNone(0, endedAt) || traits.latency[1] > 80) return false
    return views
      .between(startedAt, endedAt)
      .filter((view) => view.provider === index)
      .every(shows)
  })
}

/** Answers that went backwards, of each tag by itself, in the order in which they were given. */
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
    let last: { number: number; startedAt: number; endedAt: number } | undefined
    for (const call of inOrder) {
      const number = numberOf(call)
      if (number === undefined) continue
      const { startedAt, endedAt } = call
      // Answers of the same moment have no order: a shared one settles later than another that came after it.
      if (last && number < last.number && endedAt === last.endedAt) continue
      // A call from before a reset (a lower head was taken by decision) may be answered by what was true then.
      const isReset = world.resets.some((at) => at >= (last?.startedAt ?? 0) && at <= endedAt)
      if (last && number < last.number && !isReset && !isLeft(call, last.number, calls, world))
        problems.push(`truth: ${nameOf(call)} went back from ${last.number} to ${number}`)
      last = { number, startedAt, endedAt }
    }
    return problems
  })
}

/**
 * Whether a lower block was all that was left to give, and a `dispute` event says so: no provider that was well had the
 * higher one, and it was not given in that form before.
 */
function isLeft(call: CallRecord, number: number, calls: readonly CallRecord[], world: StormWorld): boolean {
  const { request, place, endedAt } = call
  const { method, params } = request
  if (method !== 'eth_getBlockByNumber') return false
  const isTold = world.disputes.some((one) => one.method === method && one.at === endedAt && one.block === number)
  const isKnown = calls.some(
    (one) => one.place >= 0 && one.place < place && isEqual(one.request, request) && heightOf(one.value) >= number,
  )
  const knower = knowerOf(
    call,
    world,
    ({ head }) => heightOf(world.oracle.answer(head, method, params)?.value) >= number,
  )
  return isTold && !isKnown && knower === undefined
}

function tagNumber({ request: { method, params }, value }: CallRecord, tag: string): number | undefined {
  if (method !== 'eth_getBlockByNumber' || params[0] !== tag || !value) return undefined
  return Number((value as { number: string }).number)
}

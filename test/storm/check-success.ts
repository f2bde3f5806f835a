// The rule of success: a read or a send is answered if some provider was well and able to answer it during the whole call.

import type { CallRecord } from './calls'
import type { Facts } from './facts'
import { isRefused, nameOf } from './facts'
import type { StormProvider } from './provider'
import type { Sleep } from './sleeper'
import { isInside } from './walls'
import type { StormWorld } from './world'
import { timeout } from './world'

/** A provider with a greater latency than this (in ms, one way) may not answer in time. */
const SWIFT = 80
/** A provider with no higher concurrency than this may not answer in time. */
const BUSY = 2
/** The grace after a sleep is enough for a provider with at most this latency (in ms, one way): it takes two ways. */
const SOON = 70
/** How long after a refusal a provider may still have a lower pace (in ms): a cooldown, and ten seconds after it. */
const RECOVERS = 20_000
/** How long a dead socket may be trusted: the heartbeat's silence and the limit of its answer (in ms). */
const DOUBT = 25_000

export function successProblems({ world, calls, closedAt }: Facts): string[] {
  return calls.flatMap((call) => {
    const { plan, error, endedAt } = call
    if (error === undefined || endedAt >= closedAt) return []
    if (plan.abortsAfter !== undefined || (plan.timeout ?? timeout) < timeout || plan.ask.of === 'unknown') return []
    if (isRefused(call)) return []
    if (isOverslept(call, world)) return []
    const able = world.providers.findIndex((provider, index) => isAble(provider, index, call, world))
    return able < 0 ? [] : [`success: ${nameOf(call)} failed, while ${world.ids[able]} was well: ${sayOf(error)}`]
  })
}

function sayOf({ name, message, attempts = [] }: any): string {
  const asked = attempts.map(({ provider, channel, kind }: any) => `${provider} ${channel} ${kind}`)
  return `${name}: ${message.split('\n')[0]} [${asked.join(', ')}]`
}

function isAble(provider: StormProvider, index: number, call: CallRecord, world: StormWorld): boolean {
  const { plan, request, height, startedAt, endedAt } = call
  const { isForeign, isPrivate, lacks, rate, concurrency = Infinity, latency, archive, ways } = provider.plan
  const { settings, providers, faults } = world.storm
  if (plan.provider !== undefined && plan.provider !== index && !plan.allowFailover) return false
  if (plan.exclude === index || isForeign || rate !== undefined || lacks.includes(request.method)) return false
  if (latency[1] > SWIFT || concurrency <= BUSY || !isInside(index, world.storm.walls)) return false
  // With a private provider in the list, sends and the look-ups after them go to private ones.
  const isSecret = plan.ask.of === 'send' || plan.ask.of === 'sent receipt'
  if (isSecret && !isPrivate && providers.some((one) => one.isPrivate)) return false
  // "Nonce too low" is success only if a look-up finds the hash: behind a wall, whoever took it may not be asked for that.
  if (plan.ask.of === 'send' && world.storm.walls.some(({ of }) => of === 'eth_get*')) return false
  if (world.storm.sleeps.some((sleep) => isLostIn(sleep, call, ways))) return false
  if (height !== undefined && !hasState(index, archive, call, world)) return false
  const { waitForProvider, rounds, retryBudget } = settings
  // Calls end with their socket; with few rounds or no budget, they are not asked again.
  const isCut = faults.some(
    ({ type, at, ...fault }) =>
      (type === 'cut' || type === 'restart') &&
      'provider' in fault &&
      fault.provider === index &&
      at >= startedAt &&
      at <= endedAt,
  )
  if (isCut && ways === 'ws' && (rounds !== undefined || retryBudget <= 1)) return false
  // After a trouble, the breaker of the provider may be open or its socket wait to connect. With some settings, or without
  // budget for a second round, requests do not wait for that.
  if (hasRefused(index, startedAt, endedAt, world)) return false
  const isPatient = waitForProvider && rounds === undefined && retryBudget > 1 && ways !== 'ws'
  return provider.troubles.wereNone(isPatient ? startedAt : 0, endedAt)
}

/** Whether the provider has said "too much" not long before: its pace is low then, and recovers while requests queue. */
function hasRefused(index: number, from: number, to: number, { attempts, ids }: StormWorld): boolean {
  return attempts.some(
    ({ provider, failure, at }) =>
      provider === ids[index] && failure?.kind === 'rate-limit' && at > from - RECOVERS && at < to,
  )
}

/** Whether the provider showed the block, and had its state, during the whole call. */
function hasState(index: number, archive: number | undefined, call: CallRecord, { views }: StormWorld): boolean {
  const { height = 0, startedAt, endedAt } = call
  const heads = views
    .between(startedAt, endedAt)
    .flatMap(({ provider, head }) => (provider === index ? head.number : []))
  return heads.every((head) => height <= head && (archive === undefined || height >= head - archive))
}

/** Whether the network was cut by a sleep during the call; after it, a dead socket may be trusted for a while. */
function isLostIn({ at, lasts, isLid }: Sleep, { startedAt, endedAt }: CallRecord, ways: 'http' | 'ws' | 'both') {
  return isLid && endedAt >= at && startedAt <= at + lasts + (ways === 'ws' ? DOUBT : 0)
}

/**
 * Whether the deadline passed during a sleep, so that only an answer that lies unread, or comes soon after, can save the
 * call.
 */
function isOverslept({ plan, request, startedAt, endedAt }: CallRecord, { storm, providers }: StormWorld): boolean {
  const deadline = startedAt + (plan.timeout ?? timeout)
  const isSoon = ({ plan: { latency, rate, concurrency = Infinity }, troubles }: StormProvider) =>
    latency[1] <= SOON && rate === undefined && concurrency > BUSY && troubles.wereNone(startedAt, endedAt)
  const isMissed = storm.sleeps.some(
    ({ at, lasts }) => startedAt <= at + lasts && deadline >= at && deadline <= at + lasts,
  )
  // An `eth_getLogs` takes several requests, and the limit for all of them may have passed too.
  return isMissed && (request.method === 'eth_getLogs' || !providers.every(isSoon))
}

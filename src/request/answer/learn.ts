// What a failure teaches about its provider: cooldowns and pace, methods that it lacks, missing state, limits of logs and
// batches. All requests profit from it.

import type { CapabilityEvent, LimitEvent } from '../../events'
import type { LearnedLogs } from '../../provider/log-limits'
import type { Provider } from '../../provider/provider'
import type { LogQuery } from '../../rpc/block'
import { logQueryOf } from '../../rpc/block'
import type { Failure } from '../../rpc/failure'
import type { Need } from '../../rpc/need'
import { oldOf } from '../../rpc/need'
import type { RpcRequest } from '../../types'
import type { Sending } from '../attempt/attempt'
import type { Parts } from '../flight'

/** A cooldown that ends at most this much later than the one before (in ms) counts as the same: no event. */
const SAME = 500
/** The smallest log range that is learned by halving (in blocks): no provider is known to take less. */
const LEAST_RANGE = 10

/** @param asked the request that failed, and who was asked */
export function learnFrom(
  failure: Failure,
  { channel: { provider }, request, need }: Pick<Sending, 'channel' | 'request' | 'need'>,
  parts: Parts,
  now: number,
) {
  switch (failure.kind) {
    case 'rate-limit':
    case 'quota':
      // What a wallet refuses its user says nothing about other requests.
      if (need.traits.kind !== 'wallet') cool(failure, failure.kind, provider, parts, now)
      return
    case 'server-error':
      // With 503 and Retry-After, the provider says that it is down, and for how long.
      if (failure.status === 503 && failure.retryAfter) cool(failure, failure.kind, provider, parts, now)
      return
    case 'unsupported-method':
      return learnMethod(failure, provider, need, parts, now)
    case 'missing-state':
      return learnState(failure, provider, request, need, parts, now)
    case 'range-too-large':
    case 'result-too-large':
      return request.method === 'eth_getLogs' ? learnLogs(failure, provider, request, parts, now) : undefined
    case 'reverted':
      provider.quota.accept(now)
  }
}

/** The provider has refused a batch. @param most how many requests it takes at a time; 1 for no batches */
export function learnBatchSize(provider: Provider, most: number, parts: Parts, now: number) {
  const { capability } = provider
  const before = capability.batchSize(now)
  if (!capability.learnBatchSize(most, now)) return
  tell(parts, provider, 'batchSize', before, most, 'batch-refused')
}

/** The provider wants to be left alone: it cools down. Returns for how long (in ms). */
export function cool(failure: Failure, kind: LimitEvent['kind'], provider: Provider, parts: Parts, now: number) {
  const { quota, id } = provider
  const before = quota.cooldownUntil(now) ?? -Infinity
  const cooldown = quota.refuse(kind, failure.retryAfter, now)
  parts.version++
  // Requests that had left before the first refusal came back are refused for the same reason: that is no news.
  if (now + cooldown > before + SAME) parts.events.emit('limit', { provider: id, kind, cooldown: Math.ceil(cooldown) })
  return cooldown
}

function learnMethod(
  { kind, isMethodUnknown }: Failure,
  provider: Provider,
  { method }: Need,
  parts: Parts,
  now: number,
) {
  if (!isMethodUnknown || !provider.capability.learnUnsupported(method, now)) return
  parts.version++
  tell(parts, provider, 'method', method, 'unsupported', kind)
}

function learnState({ kind }: Failure, provider: Provider, request: RpcRequest, need: Need, parts: Parts, now: number) {
  const { capability } = provider
  const { what, block } = oldOf(request, need) ?? {}
  if (what !== 'state' || block === undefined || !capability.learnMissingState(block, parts.heads.best(now), now))
    return
  tell(parts, provider, 'state', 'unknown', `from block ${capability.learned(now).stateFrom}`, kind)
}

/** Learns a limit for logs: the number that the message names, if that fits, else half of what was asked for. */
function learnLogs(failure: Failure, provider: Provider, request: RpcRequest, parts: Parts, now: number) {
  const query = logQueryOf(request.params)
  const found = query && learnedFrom(failure, query)
  const [limit = '', value] = Object.entries(found ?? {})[0] ?? []
  if (!found || value === undefined) return
  const before = provider.capability.logLimits(now)[limit as keyof LearnedLogs]
  if (!provider.capability.learnLogs(found, now)) return
  const known = before === Infinity ? 'unknown' : `${limit} ${before}`
  tell(parts, provider, 'logs', known, `${limit} ${value}`, failure.kind)
}

function learnedFrom(failure: Failure, { from, to, addresses }: LogQuery): LearnedLogs {
  const { kind, excess, maxBlockRange, maxResults, suggestedRange } = failure
  // How many blocks bring too many results differs from one part of the chain to another, so no range is learned.
  if (kind === 'result-too-large') return maxResults === undefined ? {} : { maxResults }
  if (excess === 'addresses') return addresses.length > 1 ? { maxAddresses: Math.floor(addresses.length / 2) } : {}
  if (excess) return {}
  const asked = typeof from === 'number' && typeof to === 'number' ? to - from + 1 : undefined
  const offered = suggestedRange && Number(suggestedRange.toBlock - suggestedRange.fromBlock) + 1
  const named = [offered, maxBlockRange].find((blocks) => blocks && blocks < (asked ?? Infinity))
  if (named) return { maxBlockRange: named }
  // No provider takes less than `LEAST_RANGE`: one that refuses so few blocks has another reason.
  return asked !== undefined && asked > LEAST_RANGE
    ? { maxBlockRange: Math.max(LEAST_RANGE, Math.floor(asked / 2)) }
    : {}
}

/** Emits a `capability` event: something was learned about what the provider can do. */
export function tell(
  { events }: Parts,
  { id }: Provider,
  what: CapabilityEvent['what'],
  from: unknown,
  to: unknown,
  why: string,
) {
  events.emit('capability', { provider: id, what, from: String(from), to: String(to), why })
}

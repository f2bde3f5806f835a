// What a failure teaches about its provider, whoever's request it was: cooldowns, refused methods, state and ranges.

import type { CapabilityEvent } from '../events'
import type { ChannelState, Provider } from '../provider/provider'
import { logQueryOf } from '../rpc/block'
import type { Failure } from '../rpc/failure'
import type { Need } from '../rpc/need'
import { stateHeightOf } from '../rpc/need'
import type { RpcRequest } from '../types'
import type { Parts } from './flight'

export function learnFrom(
  failure: Failure,
  { provider }: ChannelState,
  request: RpcRequest,
  need: Need,
  parts: Parts,
  now: number,
) {
  switch (failure.kind) {
    case 'rate-limit':
    case 'quota':
      // Between a wallet and its user it is nobody else's business.
      return need.traits.kind === 'wallet' ? undefined : cool(failure, failure.kind, provider, parts, now)
    case 'unsupported-method':
      return learnMethod(failure, provider, need, parts, now)
    case 'missing-state':
      return learnState(failure, provider, request, need, parts, now)
    case 'range-too-large':
    case 'result-too-large':
      return request.method === 'eth_getLogs' ? learnLogs(failure, provider, request, parts, now) : undefined
  }
}

function cool(failure: Failure, kind: 'rate-limit' | 'quota', provider: Provider, parts: Parts, now: number) {
  const cooldown = provider.quota.refuse(kind, failure.retryAfter, now)
  parts.version++
  if (parts.events.has('limit'))
    parts.events.emit('limit', { provider: provider.id, kind, cooldown: Math.ceil(cooldown) })
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
  tell(parts, { provider: provider.id, what: 'method', from: method, to: 'unsupported', why: kind })
}

function learnState({ kind }: Failure, provider: Provider, request: RpcRequest, need: Need, parts: Parts, now: number) {
  const { capability, id } = provider
  const block = stateHeightOf(request, need)
  if (block === undefined || !capability.learnMissingState(block, parts.heads.best(now), now)) return
  tell(parts, { provider: id, what: 'state', from: 'unknown', to: `after block ${block}`, why: kind })
}

/** What was refused is too much: what the message allows, if it names a number that fits, else half of what was asked for. */
function learnLogs(failure: Failure, provider: Provider, request: RpcRequest, parts: Parts, now: number) {
  const { kind, maxBlockRange, maxResults, suggestedRange, isOfAddresses } = failure
  const query = logQueryOf(request.params)
  if (!query) return
  if (kind === 'result-too-large') {
    // How many blocks bring too many results is another number in each part of the chain.
    if (maxResults !== undefined) learn({ maxResults })
    return
  }
  if (isOfAddresses) {
    if (query.addresses.length > 1) learn({ maxAddresses: Math.floor(query.addresses.length / 2) })
    return
  }
  const from = heightIn(query.from)
  const to = heightIn(query.to)
  const asked = from === undefined || to === undefined || to < from ? undefined : to - from + 1
  const offered = suggestedRange && Number(suggestedRange.toBlock - suggestedRange.fromBlock) + 1
  const named = [offered, maxBlockRange].find(
    (blocks) => blocks !== undefined && (asked === undefined || blocks < asked),
  )
  const blocks = named ?? (asked === undefined ? undefined : Math.floor(asked / 2))
  if (blocks !== undefined && blocks > 0) learn({ maxBlockRange: blocks })

  function learn(found: Parameters<Provider['capability']['learnLogs']>[0]) {
    const [limit = '', value] = Object.entries(found)[0] ?? []
    const before = provider.capability.logLimits(now)?.[limit as 'maxResults'] ?? Infinity
    if (!provider.capability.learnLogs(found, now)) return
    const known = before === Infinity ? 'unknown' : `${limit} ${before}`
    tell(parts, { provider: provider.id, what: 'logs', from: known, to: `${limit} ${value}`, why: kind })
  }

  function heightIn(bound: number | string) {
    return typeof bound === 'number' ? bound : (parts.heads.headOf(provider, now) ?? parts.heads.best(now))
  }
}

function tell(parts: Parts, event: CapabilityEvent) {
  if (parts.events.has('capability')) parts.events.emit('capability', event)
}

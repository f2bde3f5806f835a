// What a failure teaches about its provider, whoever's request it was: cooldowns and refused methods.

import type { ChannelState } from '../provider/provider'
import type { Failure } from '../rpc/failure'
import type { Need } from '../rpc/need'
import type { Parts } from './flight'

export function learnFrom(
  failure: Failure,
  channel: ChannelState,
  { method, traits }: Need,
  parts: Parts,
  now: number,
) {
  const { provider } = channel
  const { kind } = failure
  if (kind === 'rate-limit' || kind === 'quota') {
    if (traits.kind === 'wallet') return // between a wallet and its user
    const cooldown = provider.quota.refuse(kind, failure.retryAfter, now)
    parts.version++
    if (parts.events.has('limit'))
      parts.events.emit('limit', { provider: provider.id, kind, cooldown: Math.ceil(cooldown) })
    return
  }
  if (kind !== 'unsupported-method' || !failure.isMethodUnknown) return
  if (!provider.capability.learnUnsupported(method, now)) return
  parts.version++
  if (parts.events.has('capability'))
    parts.events.emit('capability', {
      provider: provider.id,
      what: 'method',
      from: method,
      to: 'unsupported',
      why: kind,
    })
}

// Whom a request has still to ask in this round: small changes to the order as it goes. The order itself is route.ts.

import { sortedBy } from '../base/sorted-by'
import type { ChannelState } from '../provider/provider'
import type { Flight } from './flight'

/** Those not yet asked that may be asked now, with room or without. */
export function restOf({ ahead, plan, ruledOut }: Flight): ChannelState[] {
  const isWallet = plan.need.traits.kind === 'wallet'
  return ahead.filter(({ breaker, provider }) => (isWallet || breaker.isClosed()) && !ruledOut?.has(provider))
}

/** A provider at its limit lets one with room go first; a cooling one only if that is no backup. */
export function putBehind(flight: Flight, { provider }: ChannelState, now: number): boolean {
  const isCooling = provider.quota.cooldownUntil(now) !== undefined
  const mayBeBackup = !isCooling || provider.setup.isBackup
  const free = restOf(flight).find(
    (other) => other.provider.quota.hasRoom(now) && (mayBeBackup || !other.provider.setup.isBackup),
  )
  if (free) putFirst(flight, free)
  return free !== undefined
}

/** Where all are full: the one that gathers what waits, and has the least to do, goes first. Returns whether there is one. */
export function putWhereItWaits(flight: Flight, now: number): boolean {
  const { channels } = flight
  const loadOf = ({ slot, provider }: ChannelState) =>
    (channels[slot]?.load?.() ?? Infinity) / (provider.setup.limits.concurrency ?? 1)
  const gathering = restOf(flight).filter((channel) => gathers(channel, flight, now))
  const [best] = sortedBy(sortedBy(gathering, loadOf), ({ provider }) => provider.setup.isBackup)
  if (best) putFirst(flight, best)
  return best !== undefined
}

function putFirst(flight: Flight, channel: ChannelState) {
  takeOut(flight, channel)
  flight.ahead = [channel, ...flight.ahead]
}

/** Whether it would wait in the channel for nothing but a slot of that channel. */
function gathers(channel: ChannelState, { channels }: Flight, now: number) {
  const { provider, slot } = channel
  const isOnlyUser = provider.channels.every((other) => other === channel || other.inFlight === 0)
  return channels[slot]?.load !== undefined && isOnlyUser && provider.quota.lacksOnlySlots(now)
}

/** The other channel of a provider that could not be reached goes behind the other providers. */
export function postpone(flight: Flight, { provider }: ChannelState) {
  flight.ahead = sortedBy(flight.ahead, (other) => other.provider === provider)
}

/** Channels behind an open breaker, those that opened during the round included. */
export function openOf({ route, ruledOut }: Flight): ChannelState[] {
  const all = [...route.open, ...route.candidates]
  return all.filter(({ breaker, provider }) => !breaker.isClosed() && !ruledOut?.has(provider))
}

/** Those that have failed in this round, but for `back`, who have been behind an open breaker since. */
export function failedOf({ failures, roundStart }: Flight, back: readonly ChannelState[]): Set<ChannelState> {
  const failed = failures.slice(roundStart).map(({ attempt }) => attempt.channel)
  return new Set(failed.filter((channel) => !back.includes(channel)))
}

/** It is asked, in its turn or out of it, or skipped. */
export function takeOut(flight: Flight, channel: ChannelState) {
  const { ahead } = flight
  flight.ahead = ahead[0] === channel ? ahead.slice(1) : ahead.filter((other) => other !== channel)
}

/** Its provider is not asked again for this request. */
export function ruleOut(flight: Flight, { provider }: ChannelState) {
  flight.ruledOut = (flight.ruledOut ?? new Set()).add(provider)
}

/** It has been led to in this round. */
export function noteLead(flight: Flight, channel: ChannelState) {
  flight.led = (flight.led ?? new Set()).add(channel)
}

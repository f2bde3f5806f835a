// Whom a request has still to ask in this round: small changes to the order as it goes. The order itself is route.ts.

import type { ChannelState } from '../provider/provider'
import type { Flight } from './flight'

/** Those not yet asked that may be asked now, with room or without. */
export function restOf({ ahead, position, plan, ruledOut }: Flight): ChannelState[] {
  const isWallet = plan.need.traits.kind === 'wallet'
  return ahead
    .slice(position)
    .filter(({ breaker, provider }) => (isWallet || breaker.isClosed()) && !ruledOut?.has(provider))
}

/** A provider at its limit lets one with room go first; a cooling one only if that is no backup. */
export function putBehind(flight: Flight, { provider }: ChannelState, now: number): boolean {
  const isCooling = provider.quota.cooldownUntil(now) !== undefined
  const mayBeBackup = !isCooling || provider.setup.isBackup
  const free = restOf(flight).find(
    (other) => other.provider.quota.hasRoom(now) && (mayBeBackup || !other.provider.setup.isBackup),
  )
  if (!free) return false
  flight.ahead = [free, ...flight.ahead.slice(flight.position).filter((other) => other !== free)]
  flight.position = 0
  return true
}

/** Where all are full: the one that gathers what waits, and has the least to do, goes first. Returns whether there is one. */
export function putWhereItWaits(flight: Flight, now: number): boolean {
  const { channels } = flight
  const loadOf = ({ slot, provider }: ChannelState) =>
    (channels[slot]?.load?.() ?? Infinity) / (provider.setup.limits.concurrency ?? 1)
  const [best] = restOf(flight)
    .filter((channel) => gathers(channel, flight, now))
    .sort((a, b) => Number(a.provider.setup.isBackup) - Number(b.provider.setup.isBackup) || loadOf(a) - loadOf(b))
  if (!best) return false
  flight.ahead = [best, ...flight.ahead.slice(flight.position).filter((other) => other !== best)]
  flight.position = 0
  return true
}

/** Whether it would wait in the channel for nothing but a slot of that channel. */
function gathers(channel: ChannelState, { channels }: Flight, now: number) {
  const { provider, slot } = channel
  const isOnlyUser = provider.channels.every((other) => other === channel || other.inFlight === 0)
  return channels[slot]?.load !== undefined && isOnlyUser && provider.quota.lacksOnlySlots(now)
}

/** The other channel of a provider that could not be reached goes behind the other providers. */
export function postpone(flight: Flight, { provider }: ChannelState) {
  const rest = flight.ahead.slice(flight.position)
  if (!rest.some((other) => other.provider === provider)) return
  flight.ahead = [
    ...rest.filter((other) => other.provider !== provider),
    ...rest.filter((other) => other.provider === provider),
  ]
  flight.position = 0
}

/** Channels behind an open breaker, those that opened during the round included. */
export function openOf({ route, ruledOut }: Flight): ChannelState[] {
  const all = [...route.open, ...route.candidates]
  return all.filter(({ breaker, provider }) => !breaker.isClosed() && !ruledOut?.has(provider))
}

/** Those that have failed in this round, but for `back`, who have been behind an open breaker since. */
export function failedOf({ failures, roundStart }: Flight, back: readonly ChannelState[]): Set<ChannelState> {
  const failed = new Set<ChannelState>()
  for (let index = roundStart; index < failures.length; index++) {
    const { channelState } = failures[index] as Flight['failures'][number]
    if (!back.includes(channelState)) failed.add(channelState)
  }
  return failed
}

/** Takes one out of its turn. */
export function takeOut(flight: Flight, channel: ChannelState) {
  flight.ahead = flight.ahead.slice(flight.position).filter((other) => other !== channel)
  flight.position = 0
}

/** Its provider is not asked again for this request. */
export function ruleOut(flight: Flight, { provider }: ChannelState) {
  flight.ruledOut ??= new Set()
  flight.ruledOut.add(provider)
}

/** It has been led to in this round. */
export function noteLead(flight: Flight, channel: ChannelState) {
  flight.led ??= new Set()
  flight.led.add(channel)
}

// Whom a request has still to ask in this round: small changes to the order as it goes. The order itself is route.ts.

import type { ChannelState } from '../provider/provider'
import type { Flight } from './flight'

/** A provider at its declared limit lets one with room go first. */
export function putBehind(flight: Flight, channel: ChannelState, now: number): boolean {
  if (channel.provider.quota.cooldownUntil(now) !== undefined) return false
  const rest = flight.ahead.slice(flight.position)
  const free = rest.find(
    (other) => other.breaker.isClosed() && other.provider.quota.hasRoom(now) && !flight.ruledOut?.has(other.provider),
  )
  if (!free) return false
  flight.ahead = [free, ...rest.filter((other) => other !== free)]
  flight.position = 0
  return true
}

/** A cooling provider is waited for only if nobody else is left; one at its limit always. */
export function isLastHope(flight: Flight, { provider }: ChannelState, now: number): boolean {
  if (provider.quota.cooldownUntil(now) === undefined) return true
  return flight.ahead.slice(flight.position).every((other) => !other.provider.quota.hasRoom(now))
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

// Whom a request has still to ask in this round: small changes to the order as it goes. The order itself is route.ts.

import { sortedBy } from '../../base/sorted-by'
import type { ChannelState } from '../../provider/provider'
import type { Flight } from '../flight'
import { isServedBy } from './route'

/** Its load (channel.ts) from which others with room go first. */
const FULL_LOAD = { http: 10_000, ws: 1 }

/** Those that may be asked now, with room or without. @param of by default those not yet asked */
export function askableOf({ ahead, plan, ruledOut }: Flight, of: readonly ChannelState[] = ahead): ChannelState[] {
  const isWallet = plan.need.traits.kind === 'wallet'
  return of.filter(({ breaker, provider }) => (isWallet || breaker.isClosed()) && !ruledOut?.has(provider))
}

/** A provider at its limit lets one with room go first; a cooling one only if that is no backup, or an answer is held back. */
export function firstWithRoom(flight: Flight, now: number): ChannelState | undefined {
  const all = askableOf(flight)
  const [first] = all
  const isCooling = first?.provider.quota.cooldownUntil(now) !== undefined
  const mayBeBackup = !isCooling || first?.provider.setup.isBackup || flight.held
  return all.find((channel) => hasRoom(flight, channel, now) && (mayBeBackup || !channel.provider.setup.isBackup))
}

/** Whether one more may leave at once: a socket has its own slots, whatever its provider allows. For a wallet's there is always room. */
export function hasRoom(flight: Flight, channel: ChannelState, now: number): boolean {
  if (flight.plan.need.traits.kind === 'wallet') return true
  const { quota } = channel.provider
  return quota.hasRoom(now) && loadOf(flight, channel) < FULL_LOAD[channel.type]
}

/** Whether one more may wait in there: where batches are gathered, and at a socket of which all slots are taken. */
export function letsWait(flight: Flight, channel: ChannelState): boolean {
  return loadOf(flight, channel) >= (channel.type === 'ws' ? FULL_LOAD.ws : 0)
}

function loadOf({ channels }: Flight, { slot }: ChannelState): number {
  return channels[slot]?.load?.() ?? -1
}

/** Where all are full: the one that lets them wait, and has the least to do. */
export function gathererOf(flight: Flight, now: number): ChannelState | undefined {
  const shareOf = (channel: ChannelState) => loadOf(flight, channel) / (channel.provider.setup.limits.concurrency ?? 1)
  const gathering = askableOf(flight).filter((channel) => gathers(channel, flight, now))
  return sortedBy(sortedBy(gathering, shareOf), ({ provider }) => provider.setup.isBackup)[0]
}

/** Whether it would wait in the channel for nothing but a slot of that channel. */
function gathers(channel: ChannelState, flight: Flight, now: number) {
  const { channels, quota } = channel.provider
  const isOnlyUser = channels.every((other) => other === channel || other.inFlight === 0)
  const mayWait = quota.hasRoom(now) || (channel.type === 'http' && isOnlyUser && quota.lacksOnlySlots(now))
  return mayWait && letsWait(flight, channel)
}

/** The other channel of a provider that could not be reached goes behind the other providers. */
export function postpone(flight: Flight, { provider }: ChannelState) {
  flight.ahead = sortedBy(flight.ahead, (other) => other.provider === provider)
}

/** Those that said they lack the method, if there is no answer and nobody who is known to serve it can be asked any more. */
function lastResortsOf({ plan, route, ruledOut, held }: Flight): readonly ChannelState[] {
  if (held || route.leftOut.length === 0) return []
  const able = route.able.filter(({ provider }) => !ruledOut?.has(provider))
  return isServedBy(able, plan.need) ? [] : route.leftOut
}

/** Those that were no candidates of the round and may be asked now: they are back, or nobody else is left to ask. */
export function backOf(flight: Flight): ChannelState[] {
  return askableOf(flight, [...flight.route.open, ...lastResortsOf(flight)])
}

/** From now on these are candidates of the round like the others. */
export function addCandidates(flight: Flight, back: readonly ChannelState[]) {
  const { route } = flight
  const isOut = (channel: ChannelState) => !back.includes(channel)
  const candidates = [...route.candidates, ...back]
  flight.route = { ...route, candidates, open: route.open.filter(isOut), leftOut: route.leftOut.filter(isOut) }
}

/** Channels behind an open breaker, those that opened during the round included. */
export function openOf(flight: Flight): ChannelState[] {
  const { route, ruledOut } = flight
  const all = [...route.open, ...route.candidates, ...lastResortsOf(flight)]
  return all.filter(({ breaker, provider }) => !breaker.isClosed() && !ruledOut?.has(provider))
}

/** Those that have opened during the round are from now on behind an open breaker like those that were before it. */
export function noteOpened(flight: Flight) {
  const { route } = flight
  const open = new Set([...route.open, ...openOf(flight)])
  if (open.size === route.open.length) return
  const isUp = (channel: ChannelState) => !open.has(channel)
  const [candidates, leftOut] = [route.candidates.filter(isUp), route.leftOut.filter(isUp)]
  flight.route = { ...route, candidates, leftOut, open: [...open] }
  flight.ahead = flight.ahead.filter(isUp)
}

/** It is asked, in its turn or out of it, or skipped. */
export function removeFromAhead(flight: Flight, channel: ChannelState) {
  const { ahead } = flight
  flight.ahead = ahead[0] === channel ? ahead.slice(1) : ahead.filter((other) => other !== channel)
}

/** Its provider is not asked again for this request. */
export function ruleOut(flight: Flight, { provider }: ChannelState) {
  flight.ruledOut = (flight.ruledOut ?? new Set()).add(provider)
}

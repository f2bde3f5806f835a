// The channels that a request has still to ask in this round: candidates in order, then those that may become some, as they are
// behind an open breaker or left out for a method. Which of them may be asked is looked up each time. route.ts makes the order.

import { sortedBy } from '../../base/lists'
import type { ChannelState } from '../../provider/provider'
import type { Flight } from '../flight'
import { inHeadOrder } from './head-order'
import { isServedBy } from './route'

/** A channel with this load counts as full, so others with room go first. By http: calls; by ws: a share of the slots. */
const FULL_LOAD = { http: 10_000, ws: 1 }

/** Channels that may be asked now, with room or without. */
export function askableOf(flight: Flight): ChannelState[] {
  const isWallet = flight.plan.need.traits.kind === 'wallet'
  const may = allowedBy(flight)
  return flight.ahead.filter((channel) => (isWallet || channel.breaker.isClosed()) && may(channel))
}

/** Whether a channel may be asked: its provider is not ruled out, nor lacks the method while others are known to serve it. */
function allowedBy({ plan, route: { leftOut, able }, ruledOut, held }: Flight) {
  if (!ruledOut && leftOut.length === 0) return anybody
  const isOut = ({ provider }: ChannelState) => ruledOut?.has(provider) === true
  const areLeftOut =
    leftOut.length > 0 &&
    (held !== undefined ||
      isServedBy(
        able.filter((one) => !isOut(one)),
        plan.need,
      ))
  return (channel: ChannelState) => !isOut(channel) && !(areLeftOut && leftOut.includes(channel))
}

/** While nobody is ruled out or left out, as for a healthy request, nothing need be looked up. */
const anybody = () => true

/** Sets the channels to ask in a round. */
export function setAhead(flight: Flight, now: number) {
  const { candidates, open, leftOut } = flight.route
  const inOrder = inHeadOrder(flight, candidates, now)
  flight.ahead = open.length + leftOut.length === 0 ? inOrder : [...inOrder, ...open, ...leftOut]
}

/**
 * The first candidate with room: a provider at its limit lets others go first. If the provider whose turn it is cools, backups
 * are passed over, unless it is a backup itself or an answer is held back.
 */
export function firstWithRoom(flight: Flight, now: number): ChannelState | undefined {
  const all = askableOf(flight)
  const [first] = all
  const isCooling = first?.provider.quota.cooldownUntil(now) !== undefined
  const mayBeBackup = !isCooling || first?.provider.setup.isBackup || flight.held
  return all.find((channel) => hasRoom(flight, channel, now) && (mayBeBackup || !channel.provider.setup.isBackup))
}

/** Whether one more request may leave at once, by the provider's quota and the channel's slots. To a wallet it always may. */
export function hasRoom(flight: Flight, channel: ChannelState, now: number): boolean {
  if (flight.plan.need.traits.kind === 'wallet') return true
  const { quota } = channel.provider
  return quota.hasRoom(now) && loadOf(flight, channel) < FULL_LOAD[channel.type]
}

/** Whether a request may wait inside the channel for a slot: by http if batches are gathered, by ws if all slots are taken. */
export function letsWait(flight: Flight, channel: ChannelState): boolean {
  return loadOf(flight, channel) >= (channel.type === 'ws' ? FULL_LOAD.ws : 0)
}

function loadOf({ channels }: Flight, { slot }: ChannelState): number {
  return channels[slot]?.load?.() ?? -1
}

/** If all candidates are full: the least loaded channel inside of which the request may wait for a slot, backups last. */
export function gathererOf(flight: Flight, now: number): ChannelState | undefined {
  const shareOf = (channel: ChannelState) => loadOf(flight, channel) / (channel.provider.setup.limits.concurrency ?? 1)
  const gathering = askableOf(flight).filter((channel) => gathers(channel, flight, now))
  return sortedBy(sortedBy(gathering, shareOf), ({ provider }) => provider.setup.isBackup)[0]
}

/** Whether a request may wait inside the channel, and then for nothing but a slot of that channel. */
function gathers(channel: ChannelState, flight: Flight, now: number) {
  const { channels, quota } = channel.provider
  const isOnlyUser = channels.every((other) => other === channel || other.inFlight === 0)
  const mayWait = quota.hasRoom(now) || (channel.type === 'http' && isOnlyUser && quota.lacksOnlySlots(now))
  return mayWait && letsWait(flight, channel)
}

/** The provider could not be reached: its other channel goes behind the other providers. */
export function postpone(flight: Flight, { provider }: ChannelState) {
  flight.ahead = sortedBy(flight.ahead, (other) => other.provider === provider)
}

/** Channels behind an open breaker, including those whose breaker has opened during the round. */
export function openOf(flight: Flight): ChannelState[] {
  const { candidates, open, leftOut } = flight.route
  const may = allowedBy(flight)
  return [...open, ...candidates, ...leftOut].filter((channel) => !channel.breaker.isClosed() && may(channel))
}

/** Channels whose breaker has opened during the round are asked again in it once they are back. */
export function noteOpened(flight: Flight) {
  flight.ahead = [...new Set([...flight.ahead, ...openOf(flight)])]
}

/** The channel is asked now, so it is not ahead any more. */
export function removeFromAhead(flight: Flight, channel: ChannelState) {
  const { ahead } = flight
  flight.ahead = ahead[0] === channel ? ahead.slice(1) : ahead.filter((other) => other !== channel)
}

/** The provider of the channel is not asked again for this request. */
export function ruleOut(flight: Flight, { provider }: ChannelState) {
  flight.ruledOut = (flight.ruledOut ?? new Set()).add(provider)
}

/** Whether any candidate is up, if only for other requests. One that failed this one by `quota` or `auth` counts as down. */
export function hasOthers({ route, failures }: Flight): boolean {
  const isOut = ({ provider }: ChannelState) =>
    failures.some(({ kind, attempt }) => /^(quota|auth)$/.test(kind) && attempt.channel.provider === provider)
  return [...route.candidates, ...route.open].some((channel) => channel.breaker.isClosed() && !isOut(channel))
}

// A place: one provider's socket, as somewhere to subscribe. Knows how it has fared and when it may be tried again.
// Which place a stream takes is decided in upstream.ts.

import type { Outage } from '../../base/backoff'
import { delayIn } from '../../base/backoff'
import type { Gate } from '../../base/gate'
import { createGate } from '../../base/gate'
import type { Random } from '../../base/random'
import type { Channel } from '../../channel/channel'
import type { ChannelState } from '../../provider/provider'
import type { Quota } from '../../provider/quota'
import { createQuota } from '../../provider/quota'

/** A channel that can subscribe. That of a viem transport has no `socket()`: what its socket is doing is not known. */
export type SubscribingChannel = Channel & Required<Pick<Channel, 'subscribe'>>

export type Place = {
  /** Id of the provider. */
  readonly id: string
  readonly isBackup: boolean
  readonly state: ChannelState
  readonly channel: SubscribingChannel
  /** When it last failed (in ms of the clock). */
  failedAt: number
  outage: Outage
  /** It is not tried again before this (in ms of the clock). */
  retryAt: number
  /** When its socket last changed its state or something failed there, whichever came later (in ms of the clock). */
  wellSince: number
  /** Its frames are not to be relied on up to this block. */
  suspectUntil: number
  /** Returns to it since the last one that lasted: the more there were, the longer the next one waits. */
  returns: number
  /** Lets a few subscriptions through at a time: a burst of them would be taken for an attack. */
  readonly gate: Gate
  /** When the last subscription had its turn (in ms of the clock). */
  turnAt: number
  /** Its limit of subscriptions. A refusal for having too many of them cools down this place, not its provider. */
  readonly room: Quota
}

/** Most `eth_subscribe` requests under way at a time. */
const AT_A_TIME = 32
/** A place without a failure for this long (in ms) is well. More than the longest retry delay, which thus ends no outage. */
const WELL_FOR = 60_000
/** The time that a place must be well before a return doubles with each return that did not last, at most this often. */
const MOST_DOUBLED = 5
/** Blocks for which a source is suspect after a sign of lost, doubled or swapped frames. */
const SUSPECT_BLOCKS = 1_000

export function createPlace(state: ChannelState, channel: SubscribingChannel): Place {
  return {
    id: state.provider.id,
    isBackup: state.provider.setup.isBackup,
    state,
    channel,
    failedAt: -Infinity,
    outage: { since: 0, level: 0 },
    retryAt: -Infinity,
    wellSince: -Infinity,
    suspectUntil: -1,
    returns: 0,
    gate: createGate(AT_A_TIME),
    turnAt: -Infinity,
    room: createQuota({}),
  }
}

/** Whether it may be tried now. A place whose link waits to reconnect may not: the link reports when it is back. */
export function isReady({ retryAt, channel }: Place, now: number): boolean {
  const socket = channel.socket?.()
  return now >= retryAt && socket !== 'waiting' && socket !== 'closed'
}

export function hasFailedOfLate({ failedAt }: Place, now: number): boolean {
  return now - failedAt < WELL_FOR
}

/** Whether a stream may return to it. */
export function isWell(place: Place, now: number): boolean {
  const { state, wellSince, returns } = place
  const isProven = now - wellSince >= WELL_FOR * 2 ** Math.min(returns, MOST_DOUBLED)
  return isProven && isReady(place, now) && state.breaker.isClosed()
}

/** A subscription there failed or was lost. @param wasUp whether it had stayed up for a while */
export function noteFailure(place: Place, wasUp: boolean, now: number, random: Random) {
  if (wasUp || !hasFailedOfLate(place, now)) place.outage = { since: now, level: 0 }
  place.retryAt = now + (wasUp ? 0 : delayIn(place.outage, now, random))
  place.failedAt = place.wellSince = now
}

export function suspect(place: Place, height: number) {
  place.suspectUntil = Math.max(place.suspectUntil, height + SUSPECT_BLOCKS)
}

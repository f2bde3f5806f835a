// A place: one provider's socket, as somewhere to subscribe. Knows how it has fared and when it may be tried again.
// Which one a stream takes is upstream.ts.

import type { Outage } from '../../base/backoff'
import { delayIn } from '../../base/backoff'
import type { Gate } from '../../base/gate'
import { createGate } from '../../base/gate'
import type { Random } from '../../base/random'
import type { Channel } from '../../channel/channel'
import type { ChannelState } from '../../provider/provider'
import type { Quota } from '../../provider/quota'
import { createQuota } from '../../provider/quota'

/** One of a viem transport has a socket of its own, of which it tells nothing. */
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
  /** Not before this (in ms of the clock). */
  retryAt: number
  /** Since when its socket has been as it is and nothing has failed there (in ms of the clock). */
  wellSince: number
  /** Its frames are not to be relied on up to this block. */
  suspectUntil: number
  /** Returns that came to nothing: the next one waits longer. */
  returns: number
  /** Subscriptions that wait for their turn: one burst of them would be taken for an attack. */
  readonly gate: Gate
  /** When the last one had its turn (in ms of the clock). */
  turnAt: number
  /** How many subscriptions it takes is nobody else's business: its provider goes on. */
  readonly room: Quota
}

/** Subscribes on their way at a time. */
const AT_A_TIME = 32
/** In ms; more than the longest delay: an outage ends with it. */
const WELL_FOR = 60_000
/** The time to be well doubles with each return that came to nothing, so often at most. */
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

/** Whether it may be tried now. A link that waits to connect again says itself when it is back. */
export function isReady({ retryAt, channel }: Place, now: number): boolean {
  const socket = channel.socket?.()
  return now >= retryAt && socket !== 'waiting' && socket !== 'closed'
}

export function hasFailedOfLate({ failedAt }: Place, now: number): boolean {
  return now - failedAt < WELL_FOR
}

/** Whether it may be returned to. */
export function isWell(place: Place, now: number): boolean {
  const { state, wellSince, returns } = place
  const isProven = now - wellSince >= WELL_FOR * 2 ** Math.min(returns, MOST_DOUBLED)
  return isProven && isReady(place, now) && state.breaker.isClosed()
}

/** It could not be had, or was lost. @param wasUp whether it had stayed up for a while */
export function noteFailure(place: Place, wasUp: boolean, now: number, random: Random) {
  if (wasUp || !hasFailedOfLate(place, now)) place.outage = { since: now, level: 0 }
  place.retryAt = now + (wasUp ? 0 : delayIn(place.outage, now, random))
  place.failedAt = place.wellSince = now
}

export function suspect(place: Place, height: number) {
  place.suspectUntil = Math.max(place.suspectUntil, height + SUSPECT_BLOCKS)
}

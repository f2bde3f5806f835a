// A place: one provider's socket, as somewhere to subscribe. Knows how it has fared and when it may be tried again.
// Which one a stream takes is upstream.ts.

import type { Gate } from '../../base/gate'
import { createGate } from '../../base/gate'
import type { Channel, ChannelRequestOptions, SubscriptionSink, UpstreamSubscription } from '../../channel/channel'
import type { ChannelState } from '../../provider/provider'
import type { Quota } from '../../provider/quota'
import { createQuota } from '../../provider/quota'

export type SubscribingChannel = Channel & Required<Pick<Channel, 'subscribe'>>

export type Place = {
  /** Id of the provider. */
  readonly id: string
  readonly state: ChannelState
  readonly channel: SubscribingChannel
  /** Failures since it last stayed up, when they began, and how often the pause has doubled. */
  failures: number
  outageAt: number
  level: number
  /** Not before this (in ms of the clock). */
  retryAt: number
  /** Since when nothing has failed there (in ms of the clock). */
  wellSince: number
  /** Its frames are not to be relied on up to this block. */
  suspectUntil: number
  /** Returns that came to nothing: the next one waits longer. */
  returns: number
  /** Subscriptions that wait for their turn: one burst of them would be taken for an attack. */
  readonly gate: Gate
  /** How many subscriptions it takes is nobody else's business: its provider goes on. */
  readonly room: Quota
}

/** Subscribes on their way at a time. */
const AT_A_TIME = 32
/** All in ms. */
const JITTER = 500
const SHORT_OUTAGE = 30_000
const LONGEST_DELAY = 30_000
/** Blocks for which a source is suspect after a sign of lost, doubled or swapped frames. */
const SUSPECT_BLOCKS = 1_000

export function createPlace(state: ChannelState, channel: SubscribingChannel): Place {
  return {
    id: state.provider.id,
    state,
    channel,
    failures: 0,
    outageAt: 0,
    level: 0,
    retryAt: -Infinity,
    wellSince: -Infinity,
    suspectUntil: -1,
    returns: 0,
    gate: createGate(AT_A_TIME),
    room: createQuota({}),
  }
}

/** Whether it may be tried now. A link that waits to connect again says itself when it is back. */
export function isReady({ retryAt, channel }: Place, now: number): boolean {
  const socket = channel.socket?.()
  return now >= retryAt && socket !== 'waiting' && socket !== 'closed'
}

/** It could not be had, or was lost. @param wasUp whether it had stayed up for a while */
export function noteFailure(place: Place, wasUp: boolean, now: number, random: () => number) {
  if (wasUp) place.failures = 0
  if (place.failures === 0) {
    place.outageAt = now
    place.level = 0
  }
  const isShort = now - place.outageAt < SHORT_OUTAGE
  const longest = isShort ? JITTER : Math.min(LONGEST_DELAY, JITTER * 2 ** ++place.level)
  place.retryAt = now + (place.failures === 0 && wasUp ? 0 : random() * longest)
  place.wellSince = now
  place.failures++
}

export function suspect(place: Place, height: number) {
  place.suspectUntil = Math.max(place.suspectUntil, height + SUSPECT_BLOCKS)
}

export function subscribeAt(
  { channel, gate }: Place,
  params: readonly unknown[],
  sink: SubscriptionSink,
  options: ChannelRequestOptions,
): Promise<UpstreamSubscription> {
  return gate.run(() => {
    options.signal?.throwIfAborted()
    return channel.subscribe(params, sink, options)
  })
}

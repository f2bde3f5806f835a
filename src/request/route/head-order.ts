// The order of candidates for reads near the head. Within each group of the route, providers that are known to have what
// callers were shown come first, then those of unknown height, then those known to be lower. Laggards come last of all.

import { sortedBy } from '../../base/lists'
import type { ChannelState, Provider } from '../../provider/provider'
import { reachOf } from '../../rpc/reach'
import type { Flight, Parts } from '../flight'
import { groupOf } from './route'

/** Notes how far up the chain the request reads, and the height of the block that it needs if that is near the head. */
export function noteReach(flight: Flight, now: number) {
  const { parts, plan, request } = flight
  const { block } = plan.need.traits
  if (!block) return
  const reach = reachOf(request.params, block)
  flight.reach = reach
  flight.height = -1
  if (reach === 'newest') {
    // For `eth_blockNumber` no height is needed: the answer itself is the head of the provider, and is judged when it comes.
    flight.height = block.shows === 'head' ? -1 : shownIn(parts)
  } else if (reach !== undefined) {
    const best = highestIn(parts, now)
    // All providers are assumed to have older blocks. While no head is known, any block may be a new one.
    if (reach > best - parts.heads.maxLag()) flight.height = best < 0 ? reach : Math.min(reach, best)
  }
}

/** The same channels; those that know the block that the request needs are in front of their group. */
export function inHeadOrder(flight: Flight, channels: readonly ChannelState[], now: number): readonly ChannelState[] {
  if ((flight.reach !== 'newest' && flight.height < 0) || flight.plan.provider !== undefined) return channels
  // Most often the channels are in order already: then nothing is copied.
  let last = -1
  for (const channel of channels) {
    const place = placeOf(flight, channel, now)
    if (place < last) return sortedBy(channels, (other) => placeOf(flight, other, now))
    last = place
  }
  return channels
}

/** Whether the provider must not get a hedge, as its answer may be older than that of the first candidate. */
export function isLower({ parts, reach, height }: Flight, provider: Provider, now: number): boolean {
  if (reach !== 'newest') return height >= 0 && (parts.heads.headOf(provider, now) ?? height) < height
  return (parts.heads.lagOf(provider, now) ?? 0) > 0
}

/** The place behind all groups of the route. */
const BEHIND = 15

function placeOf({ parts, reach, height }: Flight, channel: ChannelState, now: number): number {
  const { heads } = parts
  const { provider } = channel
  if (reach === 'newest' && heads.isBehind(provider, now)) return BEHIND
  const group = 3 * groupOf(channel, now)
  // Without a needed height, a provider that lags goes behind once callers were shown a block; before, the strategy decides.
  if (height < 0) return group + (shownIn(parts) >= 0 && (heads.lagOf(provider, now) ?? 0) > 0 ? 2 : 0)
  const head = heads.lastOf(provider)?.height
  if (head !== undefined && head >= height) return group
  return group + (heads.headOf(provider, now) === undefined ? 1 : 2)
}

/** Height of the highest block that a caller was shown; -1 if none was, or if that is not looked at. */
export function shownIn({ truth }: Parts): number {
  return truth?.shown ?? -1
}

/** Height of the highest block that is known of, by what providers or callers were shown; -1 if none is. */
export function highestIn(parts: Parts, now: number): number {
  return Math.max(parts.heads.best(now) ?? -1, shownIn(parts))
}

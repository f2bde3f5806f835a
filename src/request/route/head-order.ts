// Who is asked first for the newest blocks: those that are known to have what callers were shown, then those of whom nothing
// is known, then those known to be lower; laggards only when nobody else is left. Moves channels only within the route's groups.

import { sortedBy } from '../../base/sorted-by'
import type { ChannelState, Provider } from '../../provider/provider'
import { reachOf } from '../../rpc/reach'
import type { Flight } from '../flight'
import { groupOf } from './route'

/** Notes how far up the request reads, and which block it needs, if that is one near the head. */
export function noteReach(flight: Flight, now: number) {
  const { parts, plan, request } = flight
  const { block } = plan.need.traits
  if (!block) return
  const reach = reachOf(request.params, block)
  const shown = parts.truth?.shown ?? -1
  flight.reach = reach
  flight.height = -1
  if (reach === 'newest') {
    // Who answers with a head is judged by it: whoever is asked shows his head anew.
    flight.height = block.shows === 'head' ? -1 : shown
  } else if (reach !== undefined) {
    const best = Math.max(parts.heads.best(now) ?? -1, shown)
    // Older blocks are assumed everywhere; while no head is known, it may be a new one.
    if (reach > best - parts.heads.maxLag()) flight.height = best < 0 ? reach : Math.min(reach, best)
  }
}

/** The same channels, those that know the block the flight needs in front of their group. */
export function inHeadOrder(flight: Flight, channels: readonly ChannelState[], now: number): readonly ChannelState[] {
  if ((flight.reach !== 'newest' && flight.height < 0) || flight.plan.provider !== undefined) return channels
  // Most often they stand in order: then nothing is copied.
  let last = -1
  for (const channel of channels) {
    const place = placeOf(flight, channel, now)
    if (place < last) return sortedBy(channels, (other) => placeOf(flight, other, now))
    last = place
  }
  return channels
}

/** Whether a second candidate must not be this one: what it says of the newest state may be older. */
export function isLower({ parts, reach, height }: Flight, provider: Provider, now: number): boolean {
  if (reach !== 'newest') return height >= 0 && (parts.heads.headOf(provider, now) ?? height) < height
  return (parts.heads.lagOf(provider, now) ?? 0) > 0
}

/** Behind every group of the route. */
const BEHIND = 15

function placeOf({ parts, reach, height }: Flight, channel: ChannelState, now: number): number {
  const { heads } = parts
  const { provider } = channel
  if (reach === 'newest' && heads.isBehind(provider, now)) return BEHIND
  const group = 3 * groupOf(channel, now)
  // A head's number is judged when it is there: only who was behind when last seen goes behind.
  if (height < 0) return group + ((heads.lagOf(provider, now) ?? 0) > 0 ? 2 : 0)
  const head = heads.lastOf(provider)?.height
  if (head !== undefined && head >= height) return group
  return group + (heads.headOf(provider, now) === undefined ? 1 : 2)
}

// What a stream of logs is doing, in the words of its status. Pure.

import type { Place } from '../source/place'
import type { StreamState } from '../stream'

/** It is pushed where it is subscribed to; else it is asked for, as the heads come. */
export function logStateOf(place: Place | undefined, { name, source }: StreamState, hasBegun: boolean): StreamState {
  if (!hasBegun) return { name: 'opening' }
  if (place) return { name: name === 'filling' ? 'filling' : 'live', source: { provider: place.id, channel: 'ws' } }
  const polled = source && ({ provider: source.provider, channel: 'poll' } as const)
  const own = name === 'live' ? 'polling' : name === 'opening' ? 'switching' : name
  return { name: own, ...(polled && { source: polled }) }
}

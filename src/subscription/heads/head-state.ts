// What the stream of heads is doing, in the words of its status. Pure.

import type { StreamState } from '../stream'

/** @param live provider at whose place it is live. @param poll provider that answered the last poll, while it polls */
export function headStateOf(given: {
  hasBegun: boolean
  live: string | undefined
  poll: string | undefined
  isFilling: boolean
}): StreamState {
  const { hasBegun, live, poll, isFilling } = given
  if (!hasBegun) return { name: 'opening' }
  if (live !== undefined) return { name: isFilling ? 'filling' : 'live', source: { provider: live, channel: 'ws' } }
  if (poll === undefined) return { name: 'switching' }
  return { name: isFilling ? 'filling' : 'polling', source: { provider: poll, channel: 'poll' } }
}

// Where calls wait for a slot, no more than so many do.

/** Calls that wait at one channel, or have left and are not back. */
export const MOST_WAITING = 100_000

/** One more than that. By its name it is nobody's fault, and nothing was sent. */
export function fullError(provider: string): Error {
  return Object.assign(new Error(`${MOST_WAITING} requests wait for ${provider}.`), { name: 'ChannelFullError' })
}

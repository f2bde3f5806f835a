// The bound for calls that wait for a slot of a channel.

/** Most calls that wait at one channel; over a socket, those that have left and are not answered yet count too. */
export const MOST_WAITING = 100_000

/** The error of a call beyond that bound. By its name, rpc/failure.ts knows that nobody is to blame and nothing was sent. */
export function fullError(provider: string): Error {
  return Object.assign(new Error(`${MOST_WAITING} requests wait for ${provider}.`), { name: 'ChannelFullError' })
}

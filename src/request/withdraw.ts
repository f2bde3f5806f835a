// Takes requests back that wait in a channel for a slot of it, when it is down or its provider cools: they have not left yet,
// and others may answer them at once.

import type { Provider } from '../provider/provider'
import { restOf } from './ahead'
import type { Attempt } from './attempt'
import { abandon, release } from './attempt'
import { emitAttempt } from './emit'
import type { Flight, Parts } from './flight'

/** @param askOn asks the next candidate of a request. */
export function withdrawFrom(
  parts: Parts,
  provider: Provider,
  askOn: (flight: Flight, now: number) => void,
  now: number,
) {
  // Only a channel that gathers batches lets anybody wait.
  if (!provider.setup.load) return
  // First come, first served; alarms of one time stand in no order.
  const flights = (parts.alarms.all() as Flight[]).sort((a, b) => a.startedAt - b.startedAt || a.id - b.id)
  for (const flight of flights) {
    const attempt = flight.inFlight.find((one) => one.channel.provider === provider && one.leftAt === Infinity)
    if (attempt && mayLeave(flight, attempt, now)) takeBack(flight, attempt, askOn, now)
  }
}

/** Where nobody else has room, a cooling one is as good as any. */
function mayLeave(flight: Flight, { channel: { breaker, provider } }: Attempt, now: number) {
  if (!breaker.isClosed()) return true
  if (provider.quota.cooldownUntil(now) === undefined) return false
  return restOf(flight).some((other) => other.provider !== provider && other.provider.quota.hasRoom(now))
}

function takeBack(flight: Flight, attempt: Attempt, askOn: (flight: Flight, now: number) => void, now: number) {
  flight.inFlight = flight.inFlight.filter((other) => other !== attempt)
  release(attempt, now)
  abandon(attempt)
  emitAttempt(flight, attempt, 'aborted', now - attempt.startedAt)
  // A listener may have given up the request.
  if (flight.phase !== 'done') askOn(flight, now)
}

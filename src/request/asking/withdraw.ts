// Takes requests back that wait in a channel for a slot of it, when it is down or its provider cools: they have not left yet,
// and others may answer them at once.

import { sortedBy } from '../../base/sorted-by'
import type { Provider } from '../../provider/provider'
import type { Attempt } from '../attempt/attempt'
import { removeAttempt, settleAborted } from '../attempt/settle'
import type { Flight, Parts } from '../flight'
import { hasLanded } from '../flight'
import { askableOf } from '../route/ahead'

/** A provider is down or cools: those that wait for a slot of it may go on with others. */
export function withdraw(parts: Parts, provider: Provider) {
  const now = parts.clock.now()
  // First come, first served; alarms of one time stand in no order.
  const flights = sortedBy(parts.alarms.all() as Flight[], ({ id }) => id)
  for (const flight of sortedBy(flights, ({ startedAt }) => startedAt)) {
    const attempt = flight.inFlight.find((one) => one.channel.provider === provider && one.leftAt === Infinity)
    // Listeners may have ended one while another was taken back.
    if (attempt && !hasLanded(flight) && mayLeave(flight, attempt, now)) withdrawAttempt(flight, attempt, now)
  }
}

/** Where nobody else has room, a cooling one is as good as any. */
function mayLeave(flight: Flight, { channel: { breaker, provider } }: Attempt, now: number) {
  if (!breaker.isClosed()) return true
  if (provider.quota.cooldownUntil(now) === undefined) return false
  return askableOf(flight).some((other) => other.provider !== provider && other.provider.quota.hasRoom(now))
}

function withdrawAttempt(flight: Flight, attempt: Attempt, now: number) {
  removeAttempt(flight, attempt)
  settleAborted(flight, attempt, now)
  if (!hasLanded(flight)) flight.pilot.goOn(flight, now)
}

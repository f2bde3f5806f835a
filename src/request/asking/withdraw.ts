// Withdraws attempts that wait inside a channel for a slot, when its breaker opens or its provider cools. They have not left
// yet, and another candidate may answer at once.

import { sortedBy } from '../../base/lists'
import type { Provider } from '../../provider/provider'
import type { Attempt } from '../attempt/attempt'
import { removeAttempt, settleAborted } from '../attempt/settle'
import type { Flight, Parts } from '../flight'
import { hasLanded } from '../flight'
import { askableOf } from '../route/ahead'

/** The provider cools, or a channel of it is down: requests that wait for its slots may go on with other candidates. */
export function withdraw(parts: Parts, provider: Provider) {
  const now = parts.clock.now()
  // First come, first served: alarms stand in no order, so requests go by their number.
  for (const flight of sortedBy(parts.alarms.all() as Flight[], ({ id }) => id)) {
    const attempt = flight.inFlight.find((one) => one.channel.provider === provider && one.leftAt === Infinity)
    // A listener may have ended this request while another one was withdrawn.
    if (attempt && !hasLanded(flight) && mayLeave(flight, attempt, now)) withdrawAttempt(flight, attempt, now)
  }
}

/** Whether the attempt is withdrawn. While its provider only cools, it stays unless another provider has room. */
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

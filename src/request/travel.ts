// Whether the request of an attempt may wait for a slot and share a batch, and with whom. Batches are made in the channel.

import type { Travel } from '../channel/channel'
import type { Attempt } from './attempt'
import type { Flight } from './flight'

/** Copies of a request, and what is a wallet's, leave alone and at once. */
export function travelOf({ parts, plan, signal }: Flight, attempt: Attempt): Travel | undefined {
  const { traits, isRepeatable, isHeavy } = plan.need
  if (attempt.role !== 'turn' || traits.kind === 'wallet') return undefined
  attempt.leftAt = Infinity
  return {
    isAlone: traits.kind !== 'read' || !isRepeatable || isHeavy,
    key: signal,
    size: () => attempt.channel.provider.capability.batchSize(parts.clock.now()),
    onLeave(batch) {
      attempt.leftAt = parts.clock.now()
      attempt.batch = batch
    },
  }
}

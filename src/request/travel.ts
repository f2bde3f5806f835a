// Whether the request of an attempt may wait for a slot and share a batch, and with whom. Batches are made in the channel.

import type { Travel } from '../channel/channel'
import type { Need } from '../rpc/need'
import type { Attempt, AttemptRole } from './attempt'
import type { Flight } from './flight'

/** Copies of a request, and what is a wallet's, leave alone and at once. */
export function isTraveller({ traits }: Need, role: AttemptRole): boolean {
  return role === 'turn' && traits.kind !== 'wallet'
}

export function travelOf({ parts, plan, signal }: Flight, attempt: Attempt): Travel {
  const { traits, isRepeatable, isHeavy } = plan.need
  return {
    isAlone: traits.kind !== 'read' || !isRepeatable || isHeavy,
    key: signal,
    size: () => attempt.channel.provider.capability.batchSize(parts.clock.now()),
    onLeave(batch) {
      attempt.leftAt = parts.clock.now()
      attempt.batch = batch
    },
    giveUp: undefined,
  }
}

// Where requests wait while every channel they could ask is behind an open breaker. The first of them leads: one probe at
// a time to the channel that is due first. The room knows who waits and who leads; asking is the pipeline's.

import type { ChannelState } from '../provider/provider'

export type Waiter = {
  /** Channels it could ask if they were not open. */
  wants: readonly ChannelState[]
  /** Whether there is nobody else it could ask again later. */
  isStuck: boolean
  /** Whether somebody's probe was on its way to one of them while it waited. */
  hasSeenProbe: boolean
  /** A channel has come back, or another one stopped leading: look again. */
  readonly look: () => void
}

export type WaitingRoom = {
  /** Whether there was a seat. */
  enter(waiter: Waiter): boolean
  leave(waiter: Waiter): void
  /** Makes the waiter lead, unless somebody already leads to a channel it wants. */
  lead(waiter: Waiter): boolean
  /** Whether anybody but `waiter` leads to one of these channels. */
  isLed(wants: readonly ChannelState[], waiter: Waiter | undefined): boolean
  /** Something changed: everybody looks again, in the order in which they came. */
  wake(): void
}

const MOST_WAITERS = 1_000

export function createWaitingRoom(): WaitingRoom {
  const waiters = new Set<Waiter>()
  const leaders = new Set<Waiter>()

  function wake() {
    for (const waiter of [...waiters]) if (waiters.has(waiter)) waiter.look()
  }

  function isLed(wants: readonly ChannelState[], waiter: Waiter | undefined) {
    for (const leader of leaders)
      if (leader !== waiter && leader.wants.some((channel) => wants.includes(channel))) return true
    return false
  }

  return {
    enter(waiter) {
      if (waiters.size >= MOST_WAITERS) return false
      waiters.add(waiter)
      return true
    },
    leave(waiter) {
      waiters.delete(waiter)
      if (leaders.delete(waiter)) wake()
    },
    lead(waiter) {
      if (isLed(waiter.wants, waiter)) return false
      leaders.add(waiter)
      return true
    },
    isLed,
    wake,
  }
}

// A quota on the manual clock, and hands to take of it.

import { vi } from 'vitest'
import type { LimitOptions } from '../../src/provider/quota'
import { createQuota } from '../../src/provider/quota'
import { createManualClock } from '../support/manual-clock'

export const MINUTE = 60_000

export function setUpQuota(limits: LimitOptions = {}) {
  const clock = createManualClock()
  const onRoom = vi.fn()
  const quota = createQuota(limits, { onRoom })
  /** Sends as many as there is room for, each back at once; how many left. */
  const send = (most = 1_000) => {
    let sent = 0
    while (sent < most && quota.hasRoom(clock.now())) {
      quota.take(clock.now())
      quota.give()
      sent++
    }
    return sent
  }
  const take = (count: number) => {
    for (let taken = 0; taken < count; taken++) quota.accept(clock.now())
  }
  const refuse = (hint?: number) => quota.refuse('rate-limit', hint, clock.now())
  const refuseAll = (count: number) => {
    for (let refused = 0; refused < count; refused++) refuse()
  }
  const cooled = () => (quota.cooldownUntil(clock.now()) ?? clock.now()) - clock.now()
  return { clock, quota, onRoom, send, take, refuse, refuseAll, cooled }
}

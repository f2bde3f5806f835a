// What requests share on a platform that isolates them from each other (base/isolated.ts).

import { createAlarms } from '../base/alarms'
import type { Parts } from './flight'

/** The parts for one request on a platform that isolates requests: it shares what is known, but no timers and no queues. */
export function apart(parts: Parts): Parts {
  const own: Record<PropertyKey, unknown> = {
    alarms: createAlarms(parts.clock),
    waiting: new Set(),
    retrying: new Set(),
    ends: new Set(),
  }
  return new Proxy(parts, { get: (_, key) => own[key] ?? parts[key as keyof Parts] })
}

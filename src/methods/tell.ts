// The `request` event of a request that was answered by other means than one flight.

import type { RequestEvent } from '../events'
import type { ChannelState } from '../provider/provider'
import type { Parts } from '../request/flight'
import type { FailureKind } from '../types'

export type RequestEnd = {
  readonly id: number
  readonly method: string
  readonly startedAt: number
  readonly outcome: RequestEvent['outcome']
  /** Attempts made for it. */
  readonly made: number
  readonly by?: ChannelState | undefined
  readonly error?: unknown
}

export function tellEnd({ events, clock }: Parts, { id, method, startedAt, outcome, made, by, error }: RequestEnd) {
  if (!events.has('request')) return
  const { name, code, attempts } = (error ?? {}) as { name?: string; code?: number; attempts?: { kind: FailureKind }[] }
  const kind = attempts?.at(-1)?.kind
  events.emit('request', {
    id,
    method,
    outcome,
    attempts: attempts?.length ?? made,
    ...(by && { provider: by.provider.id, channel: by.type }),
    duration: clock.now() - startedAt,
    ...(outcome !== 'success' && {
      error: Object.freeze({
        name: name ?? 'Error',
        ...(kind !== undefined && { kind }),
        ...(typeof code === 'number' && { code }),
      }),
    }),
  })
}

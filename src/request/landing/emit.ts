// The events of a request beside those of its attempts. What comes with every one of them is put together only for those that
// listen.

import { defined } from '../../base/defined'
import type { RequestEvent } from '../../events'
import type { ChannelState } from '../../provider/provider'
import type { FailureKind } from '../../types'
import type { Attempt } from '../attempt/attempt'
import type { Flight, Held, Parts } from '../flight'

/** How a request ended, whichever way it was answered. */
export type RequestEnd = {
  readonly id: number
  readonly method: string
  readonly startedAt: number
  readonly outcome: RequestEvent['outcome']
  /** Made for it. */
  readonly attempts: number
  readonly by?: ChannelState | undefined
  readonly error?: unknown
  /** Of the failure that is told, or the last one. */
  readonly kind?: FailureKind | undefined
}

export function emitEnd({ events, clock }: Parts, { startedAt, by, error, kind, ...told }: RequestEnd) {
  if (!events.has('request')) return
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown }
  events.emit('request', {
    ...told,
    ...(by && { provider: by.provider.id, channel: by.type }),
    duration: clock.now() - startedAt,
    ...(told.outcome !== 'success' && {
      error: Object.freeze({
        name: typeof name === 'string' ? name : 'Error',
        ...(kind && { kind }),
        // That of an abort is its reason's: a DOMException has a number.
        ...(told.outcome === 'error' && typeof code === 'number' && { code }),
      }),
    }),
  })
}

export function emitRequest(
  { parts, id, request: { method }, attempts, startedAt, failures, plan }: Flight,
  outcome: RequestEvent['outcome'],
  by?: Attempt,
  error?: unknown,
  kind = failures.at(-1)?.kind,
) {
  if (!plan.isInner) emitEnd(parts, { id, method, outcome, attempts, startedAt, by: by?.channel, error, kind })
}

export function emitFailover({ parts, id, request, failures }: Flight, to: ChannelState) {
  const last = failures.at(-1)
  if (!last || last.attempt.channel === to) return
  parts.events.emit('failover', {
    id,
    method: request.method,
    from: Object.freeze({ provider: last.provider, channel: last.channel }),
    to: Object.freeze({ provider: to.provider.id, channel: to.type }),
    why: last.kind,
  })
}

export function emitDispute({ parts, request }: Flight, { attempt, doubt }: Held) {
  const { provider } = attempt.channel
  const head = parts.heads.lastOf(provider)?.height
  const block = doubt.height >= 0 ? doubt.height : undefined
  parts.events.emit(
    'dispute',
    defined({ method: request.method, provider: provider.id, what: doubt.what, block, head }),
  )
}

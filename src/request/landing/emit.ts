// The events `request`, `failover` and `dispute`. The first comes with every request, so it is put together only if somebody
// listens.

import { defined } from '../../base/fields'
import type { RequestEvent } from '../../events'
import type { ChannelState } from '../../provider/provider'
import type { FailureKind } from '../../types'
import type { Attempt } from '../attempt/attempt'
import type { Flight, Held, Parts } from '../flight'

/** How a request ended: one that was sent, or one that was answered locally or shared another's answer. */
export type RequestEnd = {
  readonly id: number
  readonly method: string
  readonly startedAt: number
  readonly outcome: RequestEvent['outcome']
  /** Number of attempts that were made for the request. */
  readonly attempts: number
  /** The channel that gave the answer or the error, else the one that was asked last. */
  readonly by?: ChannelState | undefined
  readonly error?: unknown
  /** Kind of the failure that the caller is told, or of the last one. */
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
        // Not for an abort: its reason may be a DOMException, whose numeric code is none of JSON-RPC.
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

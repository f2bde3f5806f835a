// The events of a request, put together only for those that listen.

import { defined } from '../base/defined'
import type { AttemptEvent, RequestEvent } from '../events'
import type { ChannelState } from '../provider/provider'
import type { Failure } from '../rpc/failure'
import type { Attempt } from './attempt'
import type { FailedAttempt, Flight, Held } from './flight'

export function emitAttempt(
  { parts, id, request }: Flight,
  attempt: Attempt,
  outcome: AttemptEvent['outcome'],
  duration: number,
  failed?: { failure: Failure; isBlamed: boolean },
) {
  if (!parts.events.has('attempt')) return
  const { provider, type } = attempt.channel
  parts.events.emit('attempt', {
    id,
    method: request.method,
    provider: provider.id,
    channel: type,
    hedged: attempt.role === 'hedge' || attempt.role === 'probe',
    duration,
    outcome,
    ...(failed && { failure: Object.freeze(describeFailure(failed)) }),
  })
}

function describeFailure({ failure: { kind, code, status }, isBlamed }: { failure: Failure; isBlamed: boolean }) {
  return defined({ kind, blamed: isBlamed, code, status })
}

export function emitRequest(flight: Flight, outcome: RequestEvent['outcome'], by?: ChannelState, error?: unknown) {
  const { parts, id, request, attempts, startedAt } = flight
  if (flight.plan.isInner || !parts.events.has('request')) return
  parts.events.emit('request', {
    id,
    method: request.method,
    outcome,
    attempts,
    ...(by && { provider: by.provider.id, channel: by.type }),
    duration: parts.clock.now() - startedAt,
    ...(error !== undefined && { error: Object.freeze(describe(error, flight.failures.at(-1))) }),
  })
}

export function emitFailover({ parts, id, request, failures }: Flight, to: ChannelState) {
  const last = failures.at(-1)
  if (!last || last.attempt.channel === to || !parts.events.has('failover')) return
  parts.events.emit('failover', {
    id,
    method: request.method,
    from: Object.freeze({ provider: last.provider, channel: last.channel }),
    to: Object.freeze({ provider: to.provider.id, channel: to.type }),
    why: last.kind,
  })
}

export function emitDispute({ parts, request }: Flight, { attempt, doubt }: Held) {
  if (!parts.events.has('dispute')) return
  const { provider } = attempt.channel
  const head = parts.heads.lastOf(provider)?.height
  const block = doubt.height >= 0 ? doubt.height : undefined
  parts.events.emit(
    'dispute',
    defined({ method: request.method, provider: provider.id, what: doubt.what, block, head }),
  )
}

function describe(error: unknown, last: FailedAttempt | undefined): NonNullable<RequestEvent['error']> {
  const { name, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown
    code?: unknown
  }
  return defined({
    name: typeof name === 'string' ? name : 'Error',
    kind: last?.kind,
    code: typeof code === 'number' ? code : undefined,
  })
}

// What the caller gets when no attempt gave an answer: the most telling JSON-RPC error, as http() would have thrown it, or our own.

import { buildRequest } from 'viem/utils'
import { sortedBy } from '../../base/sorted-by'
import type { AttemptSummary } from '../../errors'
import { AllProvidersFailedError } from '../../errors'
import { isSend } from '../../rpc/methods'
import type { FailureKind } from '../../types'
import type { FailedAttempt, Flight } from '../flight'
import { askableOf, openOf } from '../route/ahead'
import { LEAST } from '../waiting/timing'

/** Failures that speak of the provider, not of the request. */
const ABOUT_PROVIDER = new Set<FailureKind>([
  'rate-limit',
  'quota',
  'auth',
  'server-error',
  'unsupported-method',
  'batch-refused',
  'network',
  'invalid-response',
])

/** A JSON-RPC answer that says that the transaction was not taken, beside those that prove that nothing was done. */
const REJECTIONS = /^(reverted|invalid-params|invalid-request|transaction-rejected|user-rejected|rate-limit|auth)$/

/** Fields that errors of ours and of providers carry beside viem's. */
type ErrorFacts = { attempts: readonly AttemptSummary[]; mayHaveBeenSent?: boolean }

/** Whose JSON-RPC error the caller gets. @param final the attempt whose failure ended the request, if one did. */
export function tellingOf({ failures, roundStart }: Flight, final?: FailedAttempt): FailedAttempt | undefined {
  const last = failures.length > roundStart ? failures.slice(roundStart) : failures
  const isFinal = final && (final.failure.isRpc || final.failure.verdict === 'final')
  return isFinal ? final : (mostTelling(last) ?? mostTelling(failures))
}

export async function errorOf(flight: Flight, telling: FailedAttempt | undefined): Promise<Error> {
  const { failures, request } = flight
  const told = isAboutRequest(telling) ? telling?.error : (flight.refusal ?? telling?.error)
  const attempts = failures.map(({ failure: _, attempt: __, ...summary }) => summary)
  const now = flight.parts.clock.now()
  const error = told
    ? await asViemError(told, request.method)
    : new AllProvidersFailedError({
        method: request.method,
        attempts,
        retryAfter: retryAfterOf(flight, now),
        timeout: flight.deadline - now < LEAST ? flight.plan.timeout : undefined,
        idle: idleOf(flight, now),
        cause: failures.at(-1)?.error as Error | undefined,
      })
  return withFacts(error, { attempts, ...sendFacts(flight) })
}

/** The error as viem's own transports throw it: the class for its code. */
export async function asViemError(error: unknown, method: string): Promise<Error> {
  const { code, shortMessage } = (error ?? {}) as { code?: unknown; shortMessage?: unknown }
  // A viem error of an unknown code passes as it is; asked by a field, since it may come from another copy of viem.
  const isViems = typeof shortMessage === 'string'
  try {
    if (!isViems || typeof code === 'number')
      await buildRequest(() => Promise.reject(error), { retryCount: 0 })({ method } as never)
  } catch (mapped) {
    if (!isViems || (mapped as Error).name !== 'UnknownRpcError') return mapped as Error
  }
  return error as Error
}

/** Adds own facts to an error; a frozen one is left as it is. */
function withFacts<error extends object>(error: error, { attempts, ...facts }: ErrorFacts): error {
  // Elsewhere one of the attempts may hold the error itself, and a circle is no JSON.
  const enumerable = (error as { name?: unknown }).name === 'AllProvidersFailedError'
  try {
    Object.assign(error, facts)
    Object.defineProperty(error, 'attempts', { value: attempts, configurable: true, enumerable, writable: true })
  } catch {
    // Whoever froze it wanted it so.
  }
  return error
}

function mostTelling(failures: readonly FailedAttempt[]): FailedAttempt | undefined {
  const told = failures.filter(({ failure }) => failure.isRpc)
  const aboutRequest = told.filter(isAboutRequest)
  return sortedBy(aboutRequest.length > 0 ? aboutRequest : told, ({ attempt }) => attempt.channel.provider.index)[0]
}

function isAboutRequest(failed: FailedAttempt | undefined): boolean {
  return failed !== undefined && !ABOUT_PROVIDER.has(failed.failure.kind)
}

/** What is known of a transaction that was to be sent. */
export function sendFacts(flight: Flight): { mayHaveBeenSent: boolean } | undefined {
  if (!isSend(flight.request.method)) return undefined
  const mayHaveBeenSent =
    flight.inFlight.some(({ leftAt }) => leftAt !== Infinity) ||
    flight.failures.some(
      ({ failure, error }) =>
        !failure.isUntouched &&
        ((error as Partial<ErrorFacts>).mayHaveBeenSent || !(failure.isRpc && REJECTIONS.test(failure.kind))),
    )
  return { mayHaveBeenSent }
}

function retryAfterOf(flight: Flight, now: number): number | undefined {
  const waits = openOf(flight).map(({ breaker }) => breaker.dueAt() - now)
  for (const { attempt } of flight.failures) {
    const until = attempt.channel.provider.quota.cooldownUntil(now)
    if (until !== undefined) waits.push(until - now)
  }
  for (const { provider } of askableOf(flight)) {
    const at = provider.quota.roomAt(now)
    // One with room was left out for other reasons: it is no invitation to ask it at once.
    if (at > now) waits.push(at - now)
  }
  const wait = Math.min(...waits)
  return wait < Infinity ? Math.max(0, Math.ceil(wait)) : undefined
}

/** What kept those that could have been asked. */
function idleOf({ route }: Flight, now: number): string[][] {
  return [...route.candidates, ...route.open].map(({ provider, type, breaker }) => {
    const { quota } = provider
    const isCool = quota.cooldownUntil(now) !== undefined
    const full = isCool ? 'was to be left alone' : 'was at its limit'
    return [provider.id, type, !breaker.isClosed() ? 'was down' : quota.isUnlimited() ? 'was not reached' : full]
  })
}

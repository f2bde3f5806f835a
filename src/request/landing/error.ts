// The error of a request that no attempt could answer: the most telling JSON-RPC error, as viem's `http()` would have thrown
// it, or an `AllProvidersFailedError`.

import { buildRequest } from 'viem/utils'
import { someOrAll, sortedBy } from '../../base/lists'
import type { AttemptSummary } from '../../errors'
import { AllProvidersFailedError } from '../../errors'
import { isSend } from '../../rpc/methods'
import type { FailureKind } from '../../types'
import type { FailedAttempt, Flight } from '../flight'
import { askableOf, openOf } from '../route/ahead'
import { LEAST } from '../waiting/timing'

/** Failures that say something about the provider, not about the request. */
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

/** Kinds of JSON-RPC errors that say that a transaction was not taken, beside the failures with `isUntouched`. */
const REJECTIONS = /^(reverted|invalid-params|invalid-request|transaction-rejected|user-rejected|rate-limit|auth)$/

/** Fields that the library adds to the errors it throws. */
type ErrorFacts = { attempts: readonly AttemptSummary[]; mayHaveBeenSent?: boolean }

/** The failure whose error the caller gets, if any tells enough. @param final the failure that ended the request, if one did */
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

/** The error as viem's own transports throw it: in the class that viem has for its code. */
export async function asViemError(error: unknown, method: string): Promise<Error> {
  const { code, shortMessage } = (error ?? {}) as { code?: unknown; shortMessage?: unknown }
  // An error of viem's with an unknown code passes as it is. It is known by a field, as it may be of another copy of viem.
  const isViems = typeof shortMessage === 'string'
  try {
    if (!isViems || typeof code === 'number')
      await buildRequest(() => Promise.reject(error), { retryCount: 0 })({ method } as never)
  } catch (mapped) {
    if (!isViems || (mapped as Error).name !== 'UnknownRpcError') return mapped as Error
  }
  return error as Error
}

/** Adds the library's fields to an error. A frozen error is left as it is. */
function withFacts<error extends object>(error: error, { attempts, ...facts }: ErrorFacts): error {
  // A provider's error is in its own `attempts`: if that field were enumerable, the circle would break `JSON.stringify`.
  const enumerable = (error as { name?: unknown }).name === 'AllProvidersFailedError'
  try {
    Object.assign(error, facts)
    Object.defineProperty(error, 'attempts', { value: attempts, configurable: true, enumerable, writable: true })
  } catch {
    // The error is frozen or sealed: the caller gets it without the fields.
  }
  return error
}

function mostTelling(failures: readonly FailedAttempt[]): FailedAttempt | undefined {
  const told = failures.filter(({ failure }) => failure.isRpc)
  return sortedBy(someOrAll(told, isAboutRequest), ({ attempt }) => attempt.channel.provider.index)[0]
}

function isAboutRequest(failed: FailedAttempt | undefined): boolean {
  return failed !== undefined && !ABOUT_PROVIDER.has(failed.failure.kind)
}

/** For sends: whether the transaction may have reached a provider that did not reject it. */
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
    // A provider with room was left out for other reasons: 0 would be an invitation to ask it at once.
    if (at > now) waits.push(at - now)
  }
  const wait = Math.min(...waits)
  return wait < Infinity ? Math.max(0, Math.ceil(wait)) : undefined
}

/** A row for each channel that could have been asked: what kept it from being asked. */
function idleOf({ route }: Flight, now: number): string[][] {
  return [...route.candidates, ...route.open].map(({ provider, type, breaker }) => {
    const { quota } = provider
    const isCool = quota.cooldownUntil(now) !== undefined
    const full = isCool ? 'was to be left alone' : 'was at its limit'
    return [provider.id, type, !breaker.isClosed() ? 'was down' : quota.isUnlimited() ? 'was not reached' : full]
  })
}

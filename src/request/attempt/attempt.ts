// One attempt: leave, dispatch, and exactly one settlement of everything that was taken for it. Knows one channel, not the route.

import type { Controller } from '../../base/abort'
import { createController } from '../../base/abort'
import type { Batch, Channel, Travel } from '../../channel/channel'
import type { BreakerResult, Permit } from '../../provider/breaker'
import type { SampleGroup } from '../../provider/health'
import type { ChannelState } from '../../provider/provider'
import type { Failure } from '../../rpc/failure'
import type { Need } from '../../rpc/need'
import type { FailureKind, RpcRequest } from '../../types'

/** Why it was made: in its turn, beside a slow one, to lead those that wait, or to see whether a channel is back. */
export type AttemptRole = 'turn' | 'hedge' | 'lead' | 'probe'

/** A channel that had this long (in ms) has had its chance. */
const LONG_ENOUGH = 2_000

export type Attempt = {
  readonly channel: ChannelState
  /** `undefined` for calls the breaker is not asked about. */
  readonly permit: Permit | undefined
  readonly role: AttemptRole
  readonly startedAt: number
  readonly controller: Controller | undefined
  /** How it travels, over a channel that gathers batches. */
  travel: Travel | undefined
  /** When it left (in ms of the clock), `Infinity` while it waits for a slot: its time is not the channel's before. */
  leftAt: number
  /** The batch in which it left. */
  batch: Batch | undefined
  /** When it is given up (in ms of the clock). */
  limitAt: number
  /** When its answer came (in ms of the clock), if more was to be heard before that is taken. */
  answeredAt: number | undefined
  /** Its timer fired so late that its time says nothing about the channel. */
  isLate: boolean
  /** It came back or was given up: whatever comes of it now is too late. */
  isFinished: boolean
  /** What it says about the channel is noted. */
  isSettled: boolean
}

export function openAttempt(
  channel: ChannelState,
  permit: Permit | undefined,
  role: AttemptRole,
  connection: Channel | undefined,
  now: number,
): Attempt {
  channel.attempts++
  channel.inFlight++
  channel.provider.quota.take(now)
  return {
    channel,
    permit,
    role,
    startedAt: now,
    controller: connection?.canAbort ? controllerOf(connection) : undefined,
    travel: undefined,
    leftAt: now,
    batch: undefined,
    limitAt: Infinity,
    answeredAt: undefined,
    isLate: false,
    isFinished: false,
    isSettled: false,
  }
}

function controllerOf({ takesAnySignal }: Channel): Controller {
  return takesAnySignal ? createController() : new AbortController()
}

/** The only line that leaves the process. A channel that throws has failed like one that rejects. */
export function send(
  attempt: Attempt,
  channels: readonly Channel[],
  request: RpcRequest,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const channel = channels[attempt.channel.slot] as Channel
  const { controller, travel } = attempt
  // Of the kind that the channel takes.
  const given = controller ? (controller.signal as AbortSignal) : signal
  if (travel) attempt.leftAt = Infinity
  try {
    return channel.request(request, travel ? { travel } : given ? { signal: given } : undefined)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Nobody waits for its answer any more. */
export function abortCall({ controller, travel }: Attempt) {
  controller?.abort()
  travel?.giveUp?.()
}

/** It came back, or was given up: others may leave. What it says about the channel may be settled later. */
export function finishAttempt(attempt: Attempt) {
  if (attempt.isFinished) return
  attempt.isFinished = true
  attempt.channel.inFlight--
  attempt.channel.provider.quota.give()
}

/** A usable answer. */
export function succeed(attempt: Attempt, need: Need, now: number) {
  const { channel, batch, leftAt, answeredAt = now } = attempt
  const isNews = isFirstOfBatch(attempt, 'success')
  settle(attempt, isNews ? 'success' : 'neutral', now)
  if (need.traits.kind === 'wallet') return
  if (isNews) channel.health.succeed(need.traits.group, answeredAt - leftAt, now, batch !== undefined)
  channel.provider.quota.accept(now, leftAt)
  const { capability } = channel.provider
  capability.learnSupported(need.method)
  if (need.old?.what === 'state') capability.proveState(need.old.block as number)
}

/** A failure; `isBlamed` says whether it is held against the channel (or, for `blame: 'provider'`, all its channels). */
export function fail(attempt: Attempt, failure: Failure, isBlamed: boolean, now: number) {
  const { channel } = attempt
  const { kind, code, status } = failure
  const isCounted = isBlamed && isFirstOfBatch(attempt, 'failure')
  if (failure.verdict === 'next') channel.lastFailure = { kind, code, status, at: now }
  settle(attempt, isCounted ? kind : 'neutral', now)
  if (!isCounted) return
  channel.health.fail()
  if (failure.blame !== 'provider') return
  for (const other of channel.provider.channels) if (other !== channel) other.breaker.recordFailure(now, kind)
}

/** Given up because another one was faster. Losing again and again without ever answering opens the breaker as timeouts do. */
export function lose(attempt: Attempt, need: Need, now: number) {
  const isCounted = isFirstOfBatch(attempt, 'failure')
  if (isCounted) attempt.channel.health.lose(need.traits.group, now - attempt.leftAt, now)
  settle(attempt, isCounted ? 'timeout' : 'neutral', now)
}

/** Fewer answers do not tell what is usual. */
const FEWEST = 5

/** Whether the time it had is long for this channel: two seconds, or three times what it usually takes. */
export function hadTime(attempt: Attempt, need: Need, now: number): boolean {
  const duration = now - attempt.leftAt
  if (duration >= LONG_ENOUGH) return true
  const samples = attempt.channel.health.samples(sampleGroupOf(attempt, need))
  const p95 = samples && samples.count >= FEWEST ? samples.p95() : undefined
  return p95 !== undefined && duration >= 3 * p95
}

/** Whose times tell how long it may take. */
export function sampleGroupOf({ batch }: Attempt, { traits }: Need): SampleGroup {
  return batch ? 'batch' : traits.group
}

/** A batch is one attempt: what one of its members has said of the channel, the others do not say again. */
export function isFirstOfBatch({ batch }: Attempt, what: 'success' | 'failure' | 'hedge' | FailureKind): boolean {
  if (!batch) return true
  if (batch.noted.has(what)) return false
  batch.noted.add(what)
  return true
}

/** Gives back what was taken for it, once. `neutral`: it says nothing about the channel. */
export function settle(attempt: Attempt, result: BreakerResult, now: number) {
  if (attempt.isSettled) return
  attempt.isSettled = true
  finishAttempt(attempt)
  if (attempt.permit) attempt.channel.breaker.settle(attempt.permit, result, now)
}

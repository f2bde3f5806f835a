// One attempt: takes what it needs of its channel, sends the request, and is settled exactly once. Knows one channel, no route.

import type { Controller } from '../../base/abort'
import { createController } from '../../base/abort'
import type { Batch, Channel, Travel } from '../../channel/channel'
import type { BreakerResult, Permit } from '../../provider/breaker'
import type { SampleGroup } from '../../provider/health'
import type { ChannelState } from '../../provider/provider'
import type { Need } from '../../rpc/need'
import type { FailureKind, RpcRequest } from '../../types'
import type { AttemptSink } from '../flight'

/**
 * Why an attempt is made. `'turn'`: the candidate's turn has come. `'hedge'`: another attempt is slow. `'lead'`: it probes a
 * channel for all requests that wait. `'probe'`: it is a copy that probes a channel beside the request.
 */
export type AttemptRole = 'turn' | 'hedge' | 'lead' | 'probe'

/** An attempt that had this long (in ms) had time enough, whatever its channel is used to. */
const LONG_ENOUGH = 2_000

/** What is sent, to whom and why. */
export type Sending = {
  readonly channel: ChannelState
  /** Leave of the breaker; `undefined` for requests of a wallet, for which it is not asked. */
  readonly permit: Permit | undefined
  readonly role: AttemptRole
  /** The request of the flight, or one in its place, and its need. */
  readonly request: RpcRequest
  readonly need: Need
  readonly sink: AttemptSink
}

export type Attempt = Sending & {
  readonly startedAt: number
  readonly controller: Controller | undefined
  /** How the call may travel, if it may wait inside the channel or share a batch. */
  travel: Travel | undefined
  /** When the call left (in ms of the clock); `Infinity` while it waits for a slot, as that time is not the channel's fault. */
  leftAt: number
  /** The batch in which the call left; `undefined` if it left singly. */
  batch: Batch | undefined
  /** When the attempt is given up (in ms of the clock). */
  limitAt: number
  /** When the answer came (in ms of the clock), if it then waits for the first head probes before it is judged. */
  answeredAt: number | undefined
  /** Whether the process slept meanwhile: then the duration says nothing about the channel. */
  isLate: boolean
  /** Whether the call came back or was given up: what it still brings is ignored. */
  isFinished: boolean
  /** Whether what the attempt says about its channel has been noted. */
  isSettled: boolean
}

/** @param connection the channel whose signals the call takes, if it does not wait inside of it */
export function openAttempt(sending: Sending, connection: Channel | undefined, now: number): Attempt {
  const { channel, permit, role, request, need, sink } = sending
  channel.attempts++
  channel.inFlight++
  channel.provider.quota.take(now)
  return {
    channel,
    permit,
    role,
    request,
    need,
    sink,
    startedAt: now,
    controller: controllerFor(connection),
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

/** A controller of the kind that the channel takes; `undefined` if it takes none. */
export function controllerFor(connection: Channel | undefined): Controller | undefined {
  const { signals } = connection ?? {}
  return signals && (signals === 'any' ? createController() : new AbortController())
}

/** Hands the request to the channel: no other line sends an attempt. A channel that throws has failed like one that rejects. */
export function send(
  attempt: Attempt,
  channels: readonly Channel[],
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const channel = channels[attempt.channel.slot] as Channel
  const { controller, travel, request } = attempt
  // `controllerFor` has made a signal of the kind that the channel takes.
  const given = controller ? (controller.signal as AbortSignal) : signal
  if (travel) attempt.leftAt = Infinity
  try {
    return channel.request(request, travel ? { travel } : given ? { signal: given } : undefined)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Aborts the call on the channel: nobody waits for its answer any more. */
export function abortCall({ controller, travel }: Attempt) {
  controller?.abort()
  travel?.giveUp?.()
}

/** The call came back or is given up: gives back its place in the quota. What it says of the channel may be settled later. */
export function finishAttempt(attempt: Attempt) {
  if (attempt.isFinished) return
  attempt.isFinished = true
  attempt.channel.inFlight--
  attempt.channel.provider.quota.give()
}

/** With fewer samples than this, nothing is said about what a channel usually takes. */
const FEWEST = 5

/** Whether the attempt had time enough to be blamed for a timeout: two seconds, or three times the channel's p95. */
export function hadTime(attempt: Attempt, now: number): boolean {
  const duration = now - attempt.leftAt
  if (duration >= LONG_ENOUGH) return true
  const samples = attempt.channel.health.samples(sampleGroupOf(attempt))
  const p95 = samples && samples.count >= FEWEST ? samples.p95() : undefined
  return p95 !== undefined && duration >= 3 * p95
}

/** The group of samples that tells how long the attempt may take. */
export function sampleGroupOf({ batch, need }: Attempt): SampleGroup {
  return batch ? 'batch' : need.traits.group
}

/** Whether no other member of the batch has noted this: a batch counts as one attempt. `true` for a call that left singly. */
export function isFirstOfBatch({ batch }: Attempt, what: 'success' | 'failure' | 'hedge' | FailureKind): boolean {
  if (!batch) return true
  if (batch.noted.has(what)) return false
  batch.noted.add(what)
  return true
}

/** Gives back all that the attempt has taken, once. @param result for the breaker; `'neutral'`: it says nothing */
export function settle(attempt: Attempt, result: BreakerResult, now: number) {
  if (attempt.isSettled) return
  attempt.isSettled = true
  finishAttempt(attempt)
  if (attempt.permit) attempt.channel.breaker.settle(attempt.permit, result, now)
}

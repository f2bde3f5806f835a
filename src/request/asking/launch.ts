// Sends a request to one channel, alone or as a call that may share a batch. Hands back a value or a classified failure.

import { TimeoutError } from 'viem'
import type { Travel } from '../../channel/channel'
import { classify } from '../../provider/classify'
import type { Failure } from '../../rpc/failure'
import type { Attempt, Sending } from '../attempt/attempt'
import { openAttempt } from '../attempt/attempt'
import type { Flight } from '../flight'
import { asViemError } from '../landing/error'
import { letsWait } from '../route/ahead'
import { sendToChain } from '../upkeep/verify-chain'

/** Makes an attempt: its sink gets the outcome. */
export function launch(flight: Flight, sending: Sending, now: number): Attempt {
  const { parts, channels } = flight
  const { channel, role, request, need, sink } = sending
  // Hedges, probes and requests of a wallet leave alone and at once: they wait for no slot and share no batch.
  const travels = role === 'turn' && need.traits.kind !== 'wallet' && letsWait(flight, channel)
  const attempt = openAttempt(sending, travels ? undefined : channels[channel.slot], now)
  if (travels) attempt.travel = travelOf(flight, attempt)
  sendToChain(flight, attempt, now).then(
    (value) => {
      if (!attempt.isFinished) sink.onValue(flight, attempt, value)
    },
    (error: unknown) => {
      if (attempt.isFinished) return
      const failure = classify(channel.provider, request, error)
      if (parts.shouldThrow) void askUser(flight, attempt, error, failure)
      else sink.onFailure(flight, attempt, error, failure)
    },
  )
  return attempt
}

/** The failure of an attempt that our own clock ended. */
export function timeoutOf({ request }: Flight, { channel, leftAt }: Attempt): { error: Error; failure: Failure } {
  const error = new TimeoutError({ body: { method: request.method }, url: channel.provider.id })
  return {
    error,
    failure: {
      kind: 'timeout',
      verdict: 'next',
      blame: 'channel',
      isRpc: false,
      isUntouched: leftAt === Infinity,
      isOurs: true,
      message: error.shortMessage,
    },
  }
}

/** Asks the user's `shouldThrow`, which is shown the error as viem's own transports would throw it. */
async function askUser(flight: Flight, attempt: Attempt, error: unknown, failure: Failure) {
  const thrown = await asViemError(error, flight.request.method)
  if (attempt.isFinished) return
  const told = asFinal(flight, thrown, failure)
  // `shouldThrow` may have aborted the request.
  if (!attempt.isFinished) attempt.sink.onFailure(flight, attempt, error, told)
}

/** The failure, final if the user's `shouldThrow` says so. */
export function asFinal({ parts }: Flight, error: Error, failure: Failure): Failure {
  try {
    if (parts.shouldThrow?.(error) === true) return { ...failure, verdict: 'final' }
  } catch {
    // A predicate that throws counts as not `true`.
  }
  return failure
}

function travelOf({ parts, plan, signal }: Flight, attempt: Attempt): Travel {
  const { traits, isRepeatable, isHeavy } = plan.need
  const isInner = signal !== undefined && plan.isInner
  return {
    // The pieces of a wide `eth_getLogs` have one signal, but each has a large answer.
    isAlone: traits.kind !== 'read' || !isRepeatable || isHeavy || (isInner && traits.group === 'logs'),
    // Inner reads may share a batch although each has a signal of its own.
    key: isInner || signal,
    size: () => attempt.channel.provider.capability.batchSize(parts.clock.now()),
    onLeave(batch) {
      attempt.leftAt = parts.clock.now()
      attempt.batch = batch
    },
    giveUp: undefined,
  }
}

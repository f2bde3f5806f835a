// What the methods that need more than one request are given of the engine: calls through the pipeline, and pauses.

import type { Clock } from '../base/clock'
import { TransportClosedError } from '../errors'
import type { OnWinner } from '../request/flight'
import type { ClientChannels, Plan, RequestOverrides } from '../request/plan'
import type { RouteLimits } from '../request/route'
import type { RpcRequest } from '../types'

/** One request of a caller, on its way through `methods/`. */
export type Caller = {
  readonly channels: ClientChannels
  readonly signal: AbortSignal | undefined
  /** The end of the whole request (in ms of the clock). */
  readonly deadline: number
  /** Whom the caller wants to be asked. */
  readonly limits: Pick<RouteLimits, 'provider' | 'isPinned' | 'channel' | 'exclude'>
  /** The number of the request in events. */
  readonly id: number
  /** Told of each call that was answered, for what is told of the request. */
  readonly onAnswer: OnWinner
}

export type Calls = {
  readonly clock: Clock
  /** Ids of all providers. */
  readonly providers: readonly string[]
  planOf(request: RpcRequest, overrides?: RequestOverrides | undefined): Plan
  /** Sends one request through the pipeline, as a part of the caller's. */
  call(caller: Caller, request: RpcRequest, plan: Plan, onWinner?: OnWinner | undefined): Promise<unknown>
  /** Resolves after `ms`; rejects when the caller gives up or the engine is closed. */
  pause(caller: Caller, ms: number): Promise<void>
}

const SHARE = 0.6

/** The plan for a part of a request: not told of, and within what is left of the caller's time. */
export function partOf(calls: Calls, caller: Caller, plan: Plan): Plan {
  const left = caller.deadline - calls.clock.now()
  return { ...plan, isInner: true, timeout: Math.max(0, Math.min(plan.timeout, left)), kept: undefined }
}

/** The caller with a part of the time that is left: what hangs leaves some for those that are asked after it. */
export function shareOf(calls: Calls, caller: Caller): Caller {
  const now = calls.clock.now()
  return { ...caller, deadline: now + (caller.deadline - now) * SHARE }
}

/** Whether an error says that nobody waits for the request any more: then nothing more is asked for it. */
export function isOver({ signal }: Caller, error: unknown): boolean {
  return signal?.aborted === true || (error as Error | undefined)?.name === 'TransportClosedError'
}

/** @param ends what the engine calls when it is closed. */
export function pauseWith(clock: Clock, ends: Set<() => void>): Calls['pause'] {
  return ({ signal }, ms) =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        timer.cancel()
        ends.delete(onClose)
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const onClose = () => finish(() => reject(new TransportClosedError()))
      const onAbort = () => finish(() => reject(signal?.reason))
      const timer = clock.after(ms, () => finish(resolve))
      ends.add(onClose)
      if (signal?.aborted) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })
}

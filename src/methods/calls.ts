// What the methods that need more than one request are given of the engine: calls through the pipeline.

import type { Clock } from '../base/clock'
import type { ChannelState } from '../provider/provider'
import type { ClientChannels, Plan } from '../request/flight'
import type { Overrides } from '../request/plan'
import type { RpcRequest } from '../types'

/** One request of a caller, on its way through `methods/`. */
export type Caller = {
  readonly channels: ClientChannels
  readonly signal: AbortSignal | undefined
  /** The end of the whole request (in ms of the clock). */
  readonly deadline: number
}

export type Calls = {
  readonly clock: Clock
  planOf(request: RpcRequest, overrides?: Overrides | undefined): Plan
  /** Sends one request through the pipeline, as a part of the caller's. */
  call(
    caller: Caller,
    request: RpcRequest,
    plan: Plan,
    onWinner?: ((channel: ChannelState) => void) | undefined,
  ): Promise<unknown>
}

/** The plan for a part of a request: not told of, and within what is left of the caller's time. */
export function partOf(calls: Calls, caller: Caller, plan: Plan): Plan {
  const left = caller.deadline - calls.clock.now()
  return { ...plan, isInner: true, timeout: Math.max(0, Math.min(plan.timeout, left)), kept: undefined }
}

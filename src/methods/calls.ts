// What the methods that need more than one request are given of the engine: calls through the pipeline, what their failures
// mean, and pauses.

import { reasonOf } from '../base/abort'
import { whenAborted } from '../base/when-aborted'
import type { AttemptSummary } from '../errors'
import { TransportClosedError } from '../errors'
import { classify } from '../provider/classify'
import type { Provider } from '../provider/provider'
import type { OnEnd, Parts } from '../request/flight'
import { fly } from '../request/pipeline'
import type { ClientChannels, Plan, Planner } from '../request/plan'
import type { RouteLimits } from '../request/route'
import type { Failure } from '../rpc/failure'
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
  /** Told of the end of each call, for what is told of the request. */
  readonly onEnd: OnEnd
}

export type Answer = { readonly value: unknown; readonly by: Provider }

/** How an attempt failed, and at which provider (its id). */
export type Failed = { readonly provider: string; readonly failure: Failure }

export type Calls = Pick<Parts, 'clock' | 'heads' | 'providers'> & {
  /** Ids of the private providers. */
  readonly privates: readonly string[]
  readonly planOf: Planner
  /** Ids of those that may not be asked for what is planned, by a wall or by what is declared of them. */
  barredFrom(plan: Plan): string[]
  /** Sends one request through the pipeline, as a part of the caller's. */
  ask(caller: Caller, request: RpcRequest, plan: Plan): Promise<Answer>
  /** As `ask`, where it does not matter who answers. */
  call(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown>
  /** The failures of all attempts behind an error; none for one that is not about attempts. */
  failuresOf(error: unknown, request: RpcRequest): readonly Failed[]
  /** Resolves after `ms`; rejects when the caller gives up or the engine is closed. */
  pause(caller: Caller, ms: number): Promise<void>
}

const SHARE = 0.6

export function createCalls(parts: Parts): Calls {
  const { clock, heads, providers, ends } = parts

  async function ask(caller: Caller, request: RpcRequest, plan: Plan): Promise<Answer> {
    const { channels, signal, id } = caller
    let by!: Provider // whoever wins is told of before the value comes
    const onEnd: OnEnd = (attempts, channel) => {
      if (channel) by = channel.provider
      caller.onEnd(attempts, channel)
    }
    const value = await fly(parts, channels, request, partOf(clock.now(), caller, plan), signal, onEnd, id)
    return { value, by }
  }

  return {
    clock,
    heads,
    providers,
    privates: providers.filter(({ setup }) => setup.isPrivate).map(({ id }) => id),
    planOf: parts.planner,
    barredFrom: ({ wall, need }) =>
      providers
        .filter(({ id, capability }) => wall?.includes(id) === false || capability.declares(need.method) === false)
        .map(({ id }) => id),
    ask,
    call: async (...asked) => (await ask(...asked)).value,
    failuresOf(error, request) {
      return attemptsOf(error).map((attempt) => {
        const provider = providers.find(({ id }) => id === attempt.provider)
        return { provider: attempt.provider, failure: classify(provider, request, attempt.error) }
      })
    },
    pause: ({ signal }, ms) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void) => {
          timer.cancel()
          ends.delete(onClose)
          offAbort?.()
          settle()
        }
        const onClose = () => finish(() => reject(new TransportClosedError()))
        const onAbort = () => finish(() => reject(reasonOf(signal as AbortSignal)))
        const timer = clock.after(ms, () => finish(resolve))
        const offAbort = signal && whenAborted(signal, onAbort)
        ends.add(onClose)
        if (signal?.aborted) onAbort()
      }),
  }
}

/** Those behind an error; none for one that is not about attempts. */
export function attemptsOf(error: unknown): readonly AttemptSummary[] {
  return (error as { attempts?: readonly AttemptSummary[] } | undefined)?.attempts ?? []
}

/** The plan for a part of a request: not told of, and within what is left of the caller's time. */
export function partOf(now: number, { deadline }: Caller, plan: Plan): Plan {
  return { ...plan, isInner: true, timeout: Math.max(0, Math.min(plan.timeout, deadline - now)) }
}

/** The caller with a part of the time that is left: what hangs leaves some for those that are asked after it. */
export function shareOf(now: number, caller: Caller): Caller {
  return { ...caller, deadline: now + (caller.deadline - now) * SHARE }
}

/** Whether an error says that nobody waits for the request any more: then nothing more is asked for it. */
export function isOver({ signal }: Pick<Caller, 'signal'>, error: unknown): boolean {
  return signal?.aborted === true || (error as Error | undefined)?.name === 'TransportClosedError'
}

// The parts of the engine for methods that need more than one request: calls through the pipeline, what their failures mean,
// and pauses.

import { field } from '../base/fields'
import { createPauses } from '../base/pause'
import { untilAborted } from '../base/when-aborted'
import type { AttemptSummary } from '../errors'
import { TransportClosedError } from '../errors'
import { classify } from '../provider/classify'
import type { ChannelState, Provider } from '../provider/provider'
import type { OnEnd, Parts } from '../request/flight'
import { fly } from '../request/pipeline'
import type { ClientChannels, Plan, Planner } from '../request/route/plan'
import type { Failure } from '../rpc/failure'
import type { RpcRequest } from '../types'

/** One request of a caller, on its way through `methods/`. */
export type Caller = {
  readonly channels: ClientChannels
  readonly signal: AbortSignal | undefined
  /** The end of the whole request (in ms of the clock). */
  readonly deadline: number
  /** Which providers and channel the caller wants to be asked. */
  readonly limits: Pick<Plan, 'provider' | 'isPinned' | 'channel' | 'exclude'>
  /** The number of the request in events. */
  readonly id: number
  /** Called at the end of each call: the event of the whole request is made of it. */
  readonly onEnd: OnEnd
}

export type Answer = { readonly value: unknown; readonly by: Provider }

/** How an attempt failed, and where. */
export type Failed = {
  readonly provider: string
  readonly by: ChannelState | undefined
  readonly failure: Failure
}

export type Calls = Pick<Parts, 'clock' | 'heads' | 'providers' | 'channels' | 'ranking'> & {
  /** Ids of the private providers. */
  readonly privates: readonly string[]
  readonly planOf: Planner
  /** Sends one request through the pipeline, as a part of the caller's. */
  ask(caller: Caller, request: RpcRequest, plan: Plan): Promise<Answer>
  /** As `ask`, where it does not matter who answers. */
  call(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown>
  /** The failures of all attempts behind an error; none for one that is not about attempts. */
  failuresOf(error: unknown, request: RpcRequest): readonly Failed[]
  /** Resolves after `ms`; rejects when the caller gives up or the engine is closed. */
  pause(caller: Caller, ms: number): Promise<void>
}

/** The part of the remaining time that `shareOf` gives. */
const SHARE = 0.6

export function createCalls(parts: Parts): Calls {
  const { clock, heads, providers, channels, ranking, ends } = parts

  async function ask(caller: Caller, request: RpcRequest, plan: Plan): Promise<Answer> {
    const { signal, id } = caller
    let by!: Provider // `onEnd` names the winner before the value comes
    const onEnd: OnEnd = (attempts, channel, kind) => {
      if (channel) by = channel.provider
      caller.onEnd(attempts, channel, kind)
    }
    const asked = { channels: caller.channels, request, plan: partOf(clock.now(), caller, plan), signal, onEnd }
    const value = await fly(parts, asked, id)
    return { value, by }
  }

  return {
    clock,
    heads,
    providers,
    channels,
    ranking,
    privates: providers.filter(({ setup }) => setup.isPrivate).map(({ id }) => id),
    planOf: parts.planner,
    ask,
    call: async (...asked) => (await ask(...asked)).value,
    failuresOf(error, request) {
      return attemptsOf(error).map(({ provider, channel, ...attempt }) => {
        const by = channels.find((one) => one.provider.id === provider && one.type === channel)
        return { provider, by, failure: classify(by?.provider, request, attempt.error) }
      })
    },
    async pause({ signal }, ms) {
      const { wait, end } = createPauses(clock)
      let onClose = () => {}
      const closed = new Promise<never>((_, reject) => {
        onClose = () => reject(new TransportClosedError())
      })
      if (parts.closed) onClose()
      ends.add(onClose)
      try {
        // Of a close and an abort in one turn, the first is what ended the request.
        await Promise.race([untilAborted(wait(ms), signal), closed])
      } finally {
        ends.delete(onClose)
        end()
      }
    },
  }
}

/** The attempts behind an error; none for one that is not about attempts. */
export function attemptsOf(error: unknown): readonly AttemptSummary[] {
  return (error as { attempts?: readonly AttemptSummary[] } | undefined)?.attempts ?? []
}

/** The plan for a part of a request: not announced as a request, and within what is left of the caller's time. */
export function partOf(now: number, { deadline }: Caller, plan: Plan): Plan {
  return { ...plan, isInner: true, timeout: Math.max(0, Math.min(plan.timeout, deadline - now)) }
}

/** The caller with a part of the remaining time: a provider that hangs leaves some for those that are asked after it. */
export function shareOf(now: number, caller: Caller): Caller {
  return { ...caller, deadline: now + (caller.deadline - now) * SHARE }
}

/** Whether the error means that nobody waits for the request any more: then nothing more is asked for it. */
export function isOver({ signal }: Pick<Caller, 'signal'>, error: unknown): boolean {
  return signal?.aborted === true || field(error, 'name') === 'TransportClosedError'
}

// A Channel that answers from a script, on the test's clock, and records what it is asked. For a call, the script of its
// method goes before the general one. In each script, the steps of `once` come first, in order, then the standing behaviour.

import type { Clock } from '../../src/base/clock'
import type { Channel, ChannelRequestOptions } from '../../src/channel/channel'
import type { ChannelType, RpcRequest } from '../../src/types'
import { socketClosedError } from './errors'

export type ScriptedCall = {
  method: string
  params: unknown
  /** When the call was made (in ms of the clock). */
  at: number
  signal: AbortSignal | undefined
}

/** How long the answer takes (in ms of the clock). @default in the same turn */
export type StepOptions = { after?: number | undefined }

export type Steps = {
  /** Answers with a value, or with what a function returns for the request. The function may throw, or return a promise. */
  reply(value: unknown, options?: StepOptions): ScriptedChannel
  fail(error: unknown, options?: StepOptions): ScriptedChannel
  /** Never answers. Only an abort or `close` ends the call. */
  hang(): ScriptedChannel
}

/** `reply`, `fail` and `hang` set the standing behaviour. Those of `once` add a step for one call. */
export type Script = Steps & { readonly once: Steps }

export type ScriptedChannel = Channel &
  Script & {
    /** The script of one method. */
    on(method: string): Script
    readonly calls: ScriptedCall[]
    /** Number of calls, of one method or of all. */
    count(method?: string): number
    readonly inFlight: number
    /** Number of calls that ended by their signal. */
    readonly aborted: number
    readonly isClosed: boolean
  }

type Step = { after: number | undefined; run: ((args: RpcRequest) => unknown) | 'hang' }

type Behaviour = { once: Step[]; standing: Step | undefined }

export type ScriptedChannelOptions = { clock: Clock; type?: ChannelType; canAbort?: boolean }

export function createScriptedChannel(options: ScriptedChannelOptions): ScriptedChannel {
  const { clock, type = 'http', canAbort = true } = options
  const general: Behaviour = { once: [], standing: undefined }
  const byMethod = new Map<string, Behaviour>()
  const calls: ScriptedCall[] = []
  const ends = new Set<(error: unknown) => void>()
  let aborted = 0
  let isClosed = false

  function behaviourOf(method: string): Behaviour {
    const behaviour = byMethod.get(method) ?? { once: [], standing: undefined }
    byMethod.set(method, behaviour)
    return behaviour
  }

  function stepFor(method: string): Step {
    const own = byMethod.get(method)
    const step = own?.once.shift() ?? own?.standing ?? general.once.shift() ?? general.standing
    return step ?? { after: undefined, run: () => raise(new Error(`The script has no answer to ${method}.`)) }
  }

  function perform(step: Step, args: RpcRequest, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = (error: unknown) => {
        finish()
        reject(error)
      }
      const abort = () => {
        aborted++
        end(signal?.reason)
      }
      const answer = () => {
        finish()
        if (step.run !== 'hang') resolve(invoke(step.run, args))
      }
      const finish = () => {
        timer?.cancel()
        signal?.removeEventListener('abort', abort)
        ends.delete(end)
      }
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort)
      ends.add(end)
      const timer = step.after === undefined ? undefined : clock.after(step.after, answer)
      if (!timer && step.run !== 'hang') answer()
    })
  }

  const channel: ScriptedChannel = {
    type,
    signals: canAbort ? 'platform' : undefined,
    request(args: RpcRequest, { signal }: ChannelRequestOptions = {}) {
      calls.push({ method: args.method, params: args.params, at: clock.now(), signal })
      if (isClosed) return Promise.reject(socketClosedError())
      return perform(stepFor(args.method), args, canAbort ? signal : undefined)
    },
    close() {
      isClosed = true
      for (const end of [...ends]) end(socketClosedError())
    },
    on: (method) => scriptOf(() => channel, behaviourOf(method)),
    ...scriptOf(() => channel, general),
    calls,
    count: (method) => (method ? calls.filter((call) => call.method === method).length : calls.length),
    get inFlight() {
      return ends.size
    },
    get aborted() {
      return aborted
    },
    get isClosed() {
      return isClosed
    },
  }
  return channel
}

function scriptOf(channel: () => ScriptedChannel, behaviour: Behaviour): Script {
  const steps = (add: (step: Step) => void): Steps => ({
    reply(value, { after } = {}) {
      add({ after, run: typeof value === 'function' ? (value as (args: RpcRequest) => unknown) : () => value })
      return channel()
    },
    fail(error, { after } = {}) {
      add({ after, run: () => raise(error) })
      return channel()
    },
    hang() {
      add({ after: undefined, run: 'hang' })
      return channel()
    },
  })
  const standing = steps((step) => {
    behaviour.standing = step
  })
  return { ...standing, once: steps((step) => behaviour.once.push(step)) }
}

// It is `async`, so that what the script throws becomes a rejection, as from any channel.
async function invoke(run: (args: RpcRequest) => unknown, args: RpcRequest) {
  return run(args)
}

function raise(error: unknown): never {
  throw error
}

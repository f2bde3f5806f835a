// How the streams of one list ask providers: through the request pipeline, within what the list allows, and only while somebody
// is subscribed. What is asked is decided elsewhere.

import { reasonOf } from '../base/abort'
import type { Asked, OnEnd, Parts } from '../request/flight'
import type { Face, Plan } from '../request/route/plan'
import { barredFrom, isAllowed } from '../request/route/route'
import type { RpcRequest } from '../types'

/** What a call of the library's own is for: the counter of the provider's upkeep that it is added to. */
export type Purpose = 'heads' | 'verify' | 'backfill'

export type AskOptions = {
  readonly purpose: Purpose
  /** Id of the provider to ask first. */
  readonly provider?: string | undefined
  /** Whether nobody else may be asked. */
  readonly isPinned?: boolean | undefined
  /** Whether a pinned provider that is at its limit is waited for, as what it has answered so far would be lost without it. */
  readonly isPatient?: boolean | undefined
  /** Ids of providers that are not asked. */
  readonly exclude?: readonly string[] | undefined
  /** A method: only providers that may be asked for it too are asked. */
  readonly serving?: string | undefined
  readonly channel?: 'http' | 'ws' | undefined
  /** The timeout of the request (in ms). */
  readonly timeout?: number | undefined
}

/** An answer, the id of the provider that gave it, and how many attempts it took. */
export type Answer = { readonly value: unknown; readonly provider: string; readonly attempts: number }

/** A request through the pipeline. */
export type Ask = (request: RpcRequest, options: AskOptions) => Promise<Answer>

export type Asking = {
  readonly ask: Ask
  /** Ids of the providers that may be asked without a request of a caller: backups may not. */
  providers(): string[]
  /** Somebody subscribes: from now on requests are sent. */
  begin(): void
  /** Nobody is subscribed any more: ends all requests, and rejects further ones until somebody subscribes again. */
  abort(): void
}

export type AskingOptions = {
  readonly parts: Pick<Parts, 'channels' | 'providers'>
  readonly request: (asked: Asked) => Promise<unknown>
}

export function createAsking({ parts, request: answer }: AskingOptions, { channels, planner }: Face): Asking {
  const plan = planner({ method: 'eth_subscribe' })
  /** Ends all requests; another one is made when somebody subscribes again. */
  let wanted = new AbortController()

  return {
    ask(request, { purpose, timeout, serving, provider, isPinned, isPatient, exclude = [], channel }) {
      const barred = serving === undefined ? [] : barredFrom(planner({ method: serving }), parts.providers)
      const { signal } = wanted
      if (signal.aborted) return Promise.reject(reasonOf(signal))
      // A client that is pinned to one provider asks nobody else, and one with one channel asks over no other.
      const limits = {
        ...(!plan.isPinned && {
          ...(provider && { provider, allowFailover: !isPinned }),
          exclude: [...plan.exclude, ...exclude, ...barred],
        }),
        channel: plan.channel ?? channel,
      }
      let by = { provider: '', attempts: 0 }
      const onEnd: OnEnd = (attempts, answerer) => {
        if (!answerer) return
        by = { provider: answerer.provider.id, attempts }
        answerer.provider.upkeep[purpose]++
      }
      const own = planner(request, { ...limits, timeout })
      // A pinned provider gets one round: the caller can ask somebody else in its place.
      const rounds = own.isPinned && !isPatient ? 1 : own.rounds
      const inner: Plan = { ...own, rounds, isBrief: own.isPinned === true, isInner: true }
      return answer({ channels, request, plan: inner, signal, onEnd }).then((value) => ({ value, ...by }))
    },
    providers() {
      const mayServe = parts.channels.filter((channel) => isAllowed(channel, plan))
      return [...new Set(mayServe.flatMap(({ provider }) => (provider.setup.isBackup ? [] : [provider.id])))]
    },
    begin() {
      if (wanted.signal.aborted) wanted = new AbortController()
    },
    abort: () => wanted.abort(new Error('Nobody is subscribed any more.')),
  }
}

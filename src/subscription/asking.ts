// How the streams of one list ask providers: through the request pipeline, within what the list allows, until nobody is
// subscribed any more. What is asked is not its business.

import type { Asked, OnEnd, Parts } from '../request/flight'
import type { Face, Plan } from '../request/route/plan'
import { barredFrom, exclusionOf } from '../request/route/route'
import type { RpcRequest } from '../types'

/** What a call of ours is for; it is counted there. */
export type Purpose = 'heads' | 'verify' | 'backfill'

export type AskOptions = {
  readonly purpose: Purpose
  /** Id of the provider to ask first. */
  readonly provider?: string | undefined
  /** Whether nobody else may be asked. */
  readonly isPinned?: boolean | undefined
  /** Whether one that is asked alone and is at its limit is waited for: else what it has given so far would be lost. */
  readonly isPatient?: boolean | undefined
  readonly exclude?: readonly string[] | undefined
  /** Asks only those that may be asked for this method too. */
  readonly serving?: string | undefined
  readonly channel?: 'http' | 'ws' | undefined
  /** In ms. */
  readonly timeout?: number | undefined
}

/** An answer, who gave it, and after how many attempts. */
export type Answer = { readonly value: unknown; readonly provider: string; readonly attempts: number }

/** A request through the pipeline. */
export type Ask = (request: RpcRequest, options: AskOptions) => Promise<Answer>

export type Asking = {
  readonly ask: Ask
  /** Ids of those that may be asked without a caller's request. */
  providers(): string[]
  /** Somebody subscribes: from now on is asked. */
  begin(): void
  /** Nobody wants any more what is being asked. What goes on all the same asks in vain, until somebody subscribes again. */
  abort(): void
}

export type AskingOptions = {
  readonly parts: Pick<Parts, 'channels' | 'providers'>
  readonly request: (asked: Asked) => Promise<unknown>
}

export function createAsking({ parts, request: answer }: AskingOptions, { channels, planner }: Face): Asking {
  const plan = planner({ method: 'eth_subscribe' })
  /** One signal for all that is asked would have too many listeners. */
  const asked = new Set<AbortController>()
  let isWanted = true

  return {
    ask(request, { purpose, timeout, serving, provider, isPinned, isPatient, exclude = [], channel = plan.channel }) {
      const barred = serving === undefined ? [] : barredFrom(planner({ method: serving }), parts.providers)
      if (!isWanted) return Promise.reject(unwanted())
      // A client that is pinned to one provider asks nobody else.
      const limits = !plan.isPinned && {
        ...(provider && { provider, allowFailover: !isPinned }),
        exclude: [...plan.exclude, ...exclude, ...barred],
        channel,
      }
      let by = { provider: '', attempts: 0 }
      const onEnd: OnEnd = (attempts, answerer) => {
        if (!answerer) return
        by = { provider: answerer.provider.id, attempts }
        answerer.provider.upkeep[purpose]++
      }
      const controller = new AbortController()
      asked.add(controller)
      const own = planner(request, { ...limits, timeout })
      // Somebody else may be asked in its place.
      const rounds = own.isPinned && !isPatient ? 1 : own.rounds
      const inner: Plan = { ...own, rounds, isBrief: own.isPinned === true, isInner: true }
      return answer({ channels, request, plan: inner, signal: controller.signal, onEnd })
        .then((value) => ({ value, ...by }))
        .finally(() => asked.delete(controller))
    },
    providers() {
      const mayServe = parts.channels.filter((channel) => exclusionOf(channel, plan.need, plan) === undefined)
      return [...new Set(mayServe.flatMap(({ provider }) => (provider.setup.isBackup ? [] : [provider.id])))]
    },
    begin() {
      isWanted = true
    },
    abort() {
      isWanted = false
      // Whoever hears of it may subscribe anew.
      for (const controller of [...asked]) controller.abort(unwanted())
    },
  }
}

function unwanted() {
  return new Error('Nobody is subscribed any more.')
}

// The upstream subscriptions of one socket: the provider's id -> where its frames go. Keeps what comes before its id is
// known. Sends nothing.

import { call } from '../base/call'
import { field, isObject } from '../base/fields'
import type { SubscriptionSink } from './channel'

export type Sinks = {
  /** From now on the frames of this id go to the sink; those that were early go first. */
  add(id: string, sink: SubscriptionSink): void
  /** Where the frames of this id go. */
  of(id: string): SubscriptionSink | undefined
  /** Whether there was one. */
  remove(id: string): boolean
  /**
   * The params of a notification. Returns whether it had, or may yet have, an owner.
   * @param mayBeEarly whether a subscription is still to be confirmed.
   */
  give(params: unknown, mayBeEarly: () => boolean): boolean
  /** Forgets what was early: nobody is left to claim it. */
  clear(): void
  /** Ends all of them; returns how many there were. */
  end(error: unknown): number
}

const MOST_EARLY = 1_000

export function createSinks(): Sinks {
  const sinks = new Map<string, SubscriptionSink>()
  let early: unknown[] = []

  function give(params: unknown, mayBeEarly: () => boolean) {
    const id = field(params, 'subscription')
    if (typeof id !== 'string' || !isObject(params)) return false
    const sink = sinks.get(id)
    if (sink) void call(sink.onData, params)
    else if (early.length >= MOST_EARLY || !mayBeEarly()) return false
    else early.push(params)
    return true
  }

  return {
    add(id, sink) {
      sinks.set(id, sink)
      const own = early.filter((params) => field(params, 'subscription') === id)
      early = early.filter((params) => !own.includes(params))
      for (const params of own) give(params, () => false)
    },
    of: (id) => sinks.get(id),
    remove: (id) => sinks.delete(id),
    give,
    clear() {
      early = []
    },
    end(error) {
      const ended = [...sinks.values()]
      sinks.clear()
      early = []
      for (const sink of ended) void call(sink.onError, error)
      return ended.length
    },
  }
}

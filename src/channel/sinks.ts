// The upstream subscriptions of one socket: gives each frame to the sink of its subscription id. Keeps frames that come before
// their subscription is confirmed. Sends nothing.

import { call } from '../base/call'
import { field, isObject } from '../base/fields'
import type { SubscriptionSink } from './channel'

export type Sinks = {
  /** From now on the frames of this id go to the sink, beginning with those that came early. */
  add(id: string, sink: SubscriptionSink): void
  /** The sink of this id. */
  of(id: string): SubscriptionSink | undefined
  /** Removes the sink of this id. Returns whether there was one. */
  remove(id: string): boolean
  /**
   * Takes the params of a notification. Returns false if a frame, this or an early one, turns out to belong to nobody.
   * @param mayBeEarly whether a subscription waits for its confirmation
   */
  give(params: unknown, mayBeEarly: () => boolean): boolean
  /** Ends all subscriptions with this error. Returns how many there were. */
  end(error: unknown): number
}

/** Most early frames that are kept. Past it the oldest one goes: its subscription was not confirmed for longest. */
const MOST_EARLY = 1_000

export function createSinks(): Sinks {
  const sinks = new Map<string, SubscriptionSink>()
  let early: unknown[] = []

  function give(params: unknown, mayBeEarly: () => boolean) {
    const id = field(params, 'subscription')
    if (typeof id !== 'string' || !isObject(params)) return false
    const sink = sinks.get(id)
    if (sink) void call(sink.onData, params)
    else if (!mayBeEarly()) return false
    else if (early.push(params) > MOST_EARLY) return !early.shift()
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
    end(error) {
      const ended = [...sinks.values()]
      sinks.clear()
      early = []
      for (const sink of ended) void call(sink.onError, error)
      return ended.length
    },
  }
}

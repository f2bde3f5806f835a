// One stream for all subscribers of equal params: starts with the first, lingers after the last. Gives every item to each of
// them and says what happens to the stream.

import type { Clock, Timer } from '../base/clock'
import { defined } from '../base/defined'
import { SubscriptionGapError } from '../errors'
import type { Events } from '../events'
import type { SubscriptionKey } from './key'
import { createReadiness } from './readiness'
import type { Item, Stream, StreamSink, StreamState, StreamStateName } from './stream'
import { isSameState } from './stream'
import type { Subscriber, SubscriberOptions } from './subscriber'
import { close, createSubscriber, fail, give } from './subscriber'

export type SharedStatus = {
  /** The kind, with a number for the params. */
  key: string
  subscribers: number
  state: StreamStateName
  /** Where it comes from now. */
  source?: { provider: string; channel: 'ws' | 'poll' }
  /** Everything up to this block has been given. */
  cursor?: number
}

export type Shared = {
  /**
   * `undefined` once nothing that comes is missed. Before, resolves when it is so, at the latest after `ms`, and rejects if
   * nobody serves it.
   */
  whenReady(ms: number): Promise<void> | undefined
  /** Returns the off-function, which may be called twice. */
  add(subscriber: SubscriberOptions): () => void
  /** The shortest of the subscribers' intervals (in ms). */
  interval(): number
  status(): SharedStatus
  /** Ends it; the subscribers hear of the error. */
  close(error: unknown): void
}

export type SharedOptions = {
  readonly clock: Clock
  readonly events: Events
  readonly key: SubscriptionKey
  readonly open: (sink: StreamSink) => Stream
  /** It is over. */
  readonly onEnd: () => void
}

/** Kept open after the last one left (in ms). */
const LINGER = 2_000

export function createShared({ clock, events, key, open, onEnd }: SharedOptions): Shared {
  const { name } = key
  const members = new Set<Subscriber>()
  /** A copy, made when somebody has come or gone: who does so while it is gone through changes nothing. */
  let copy: readonly Subscriber[] | undefined
  let linger: Timer | undefined
  let lastInterval = Infinity
  let isOver = false
  const readiness = createReadiness(clock)
  let state: StreamState = { name: 'opening' }
  const stream = open({
    onItem,
    onGap: (...gap) => onItem(gapOf(...gap)),
    onState,
    onRefused,
  })

  const source = { clock, stream, gapOf, whenReady: readiness.wait }

  function all() {
    copy ??= [...members]
    return copy
  }

  function onItem(item: Item) {
    if (item.type === 'logs' && item.isLate)
      events.emit('gap', { key: name, from: item.number, to: item.number, late: true })
    for (const subscriber of all()) give(subscriber, item)
  }

  /** Announces it, and returns what is given of it in its turn. */
  function gapOf(from: number, to: number, why: string): Item {
    events.emit('gap', { key: name, from, to, why })
    const error = new SubscriptionGapError({ from: BigInt(from), to: BigInt(to), why })
    return { type: 'gap', number: from, error, results: [] }
  }

  function onState(next: StreamState, why?: string) {
    if (state.name === 'closed' || isSameState(state, next)) return
    const from = state.name
    state = next
    events.emit('subscription', defined({ key: name, from, to: next.name, ...next.source, why }))
    readiness.open()
  }

  function onRefused(error: unknown) {
    readiness.refuse(error)
    for (const subscriber of all()) fail(subscriber, error)
  }

  function leave(subscriber: Subscriber) {
    if (!members.delete(subscriber)) return
    copy = undefined
    close(subscriber)
    if (members.size > 0) return
    // Who comes while it is kept finds it as it was.
    lastInterval = subscriber.interval
    // Only a subscription at a place is worth keeping: without one, nothing may keep the process alive.
    if (state.source?.channel === 'ws') linger = clock.background(LINGER, end)
    else end()
  }

  function end() {
    if (isOver) return
    isOver = true
    linger?.cancel()
    for (const subscriber of all()) close(subscriber)
    members.clear()
    // Whoever hears of the end, or of what stops, and wants the same, finds another one.
    onEnd()
    // Who has left does not wait for its start either.
    onState({ name: 'closed' })
    stream.stop()
  }

  return {
    whenReady: readiness.wait,
    add(given) {
      linger?.cancel()
      const turn = stream.join?.(given.isToldProgress === true) ?? 0
      const subscriber = createSubscriber(given, source, turn)
      members.add(subscriber)
      copy = undefined
      return () => leave(subscriber)
    },
    interval: () => (members.size > 0 ? Math.min(...[...members].map(({ interval }) => interval)) : lastInterval),
    status() {
      const { source } = state
      const cursor = stream.cursor()
      return {
        key: name,
        subscribers: members.size,
        state: state.name,
        ...(source && { source: { ...source } }),
        ...(cursor !== undefined && { cursor }),
      }
    },
    close(error) {
      onRefused(error)
      end()
    },
  }
}

// One stream for all subscribers of equal params: starts with the first, lingers after the last. Gives every item to each of
// them, and emits the events about the stream.

import type { Clock, Timer } from '../base/clock'
import { defined } from '../base/fields'
import { SubscriptionGapError } from '../errors'
import type { Events } from '../events'
import type { SubscriptionKey } from './key'
import { createReadiness } from './readiness'
import type { Item, Stream, StreamSink, StreamState, StreamStateName } from './stream'
import { isSameState } from './stream'
import type { Subscriber, SubscriberOptions } from './subscriber'
import { close, createSubscriber, fail, give } from './subscriber'

/** A shared subscription in `status()`: the one stream for all subscribers with equal params. */
export type SharedStatus = {
  /** The kind of the subscription, with a hash of its other params (`'logs#8d278eb1'`). */
  key: string
  /** Number of subscribers now. */
  subscribers: number
  state: StreamStateName
  /** The provider that the events come from now, and whether they are pushed over a socket or polled. Missing without one. */
  source?: { provider: string; channel: 'ws' | 'poll' }
  /** Height up to which everything has been given. */
  cursor?: number
}

export type Shared = {
  /**
   * `undefined` once the stream is ready, so that no event is missed. Before, resolves when it is, at the latest after `ms`,
   * and rejects if nobody serves the kind.
   */
  whenReady(ms: number): Promise<void> | undefined
  /** Returns the off-function, which may be called twice. */
  add(subscriber: SubscriberOptions): () => void
  /** The shortest of the subscribers' intervals (in ms). */
  interval(): number
  status(): SharedStatus
  /** Ends the stream; its subscribers are told the error. */
  close(error: unknown): void
}

export type SharedOptions = {
  readonly clock: Clock
  readonly events: Events
  readonly key: SubscriptionKey
  readonly open: (sink: StreamSink) => Stream
  /** The stream has ended. */
  readonly onEnd: () => void
}

/** The stream is kept open this long after the last subscriber has left (in ms). */
const LINGER = 2_000

export function createShared({ clock, events, key, open, onEnd }: SharedOptions): Shared {
  const { name } = key
  const members = new Set<Subscriber>()
  /** A copy of the members, made anew after one has come or gone: doing so during a delivery does not change that delivery. */
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

  /** Emits the event of a gap, and returns the item that tells subscribers of it in its turn. */
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
    // While the stream lingers, it keeps the interval that it had.
    lastInterval = subscriber.interval
    // Only a subscription at a place is worth keeping. A stream that polls would keep the process alive for nobody.
    if (state.source?.channel === 'ws') linger = clock.background(LINGER, end)
    else end()
  }

  function end() {
    if (isOver) return
    isOver = true
    linger?.cancel()
    for (const subscriber of all()) close(subscriber)
    members.clear()
    // The hub drops this stream before the event is emitted: a listener that subscribes to the same params gets a new one.
    onEnd()
    // With this state the stream also counts as ready: subscribers that have left do not wait for it any longer.
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

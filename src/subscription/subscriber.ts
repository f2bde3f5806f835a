// One subscriber of a stream: gives it its events in order; while it is busy they are kept in backlog.ts. A record and
// functions instead of a closure, as one stream may have tens of thousands of subscribers.

import type { Hex } from 'viem'
import { call } from '../base/call'
import type { Backlog, BacklogSource } from './backlog'
import { createBacklog } from './backlog'
import type { Item } from './stream'

export type SubscriberOptions = {
  /** The events of an item: the subscriber is called with each of them once. */
  readonly read: (item: Item) => readonly unknown[]
  /** The id that goes with each event, in viem's shape: `{ subscription, result }`. Without an id events are given bare. */
  readonly subscription?: Hex | undefined
  /** Gets each event. If it returns a promise, the next call waits until that has settled. */
  readonly onEvent: (event: unknown) => unknown
  readonly onError: (error: unknown) => unknown
  /** How long such a promise is waited for (in ms). */
  readonly patience: number
  /** How often its client polls (in ms). */
  readonly interval: number
  /** The block it begins at; without one, the next one of the stream. */
  readonly from?: number | undefined
  /** Whether it is told how far the stream is, also while there are no logs. */
  readonly isToldProgress?: boolean | undefined
}

export type SubscriberSource = BacklogSource & {
  /** Resolves when the stream is ready, so that its past is known; `undefined` once it is. */
  readonly whenReady: (ms: number) => Promise<void> | undefined
}

/** One flat record: what limits a delivery to many subscribers is how much of each has to be fetched from memory. */
export type Subscriber = SubscriberOptions & {
  readonly source: SubscriberSource
  /** Logs of blocks with a lower turn are not given: the subscriber joined after them. */
  readonly turn: number
  /** `undefined` until the subscriber is busy for the first time. */
  backlog: Backlog | undefined
  isClosed: boolean
}

/** @param turn that of the next block of the stream */
export function createSubscriber(options: SubscriberOptions, source: SubscriberSource, turn: number): Subscriber {
  const { from } = options
  // A subscriber that begins in the past gets every removal: it may have read those logs from the past.
  const own = from === undefined ? turn : -Infinity
  const subscriber: Subscriber = { ...options, source, turn: own, backlog: undefined, isClosed: false }
  if (from !== undefined) {
    const { goOn } = backlogOf(subscriber)
    const start = () => goOn(undefined, [])
    Promise.resolve(source.whenReady(Infinity)).then(start, () => {}) // a refused stream tells its subscribers itself
  }
  return subscriber
}

export function give(subscriber: Subscriber, item: Item) {
  const { backlog, turn } = subscriber
  if (subscriber.isClosed || (item.type === 'logs' && item.turn < turn)) return
  if (backlog?.isBusy()) return backlog.keep(item)
  const events = read(subscriber, item)
  for (let index = 0; index < events.length; index++) {
    const promise = tell(subscriber, events[index])
    if (subscriber.isClosed) return
    if (promise) return void backlogOf(subscriber).goOn(promise, events.slice(index + 1))
  }
}

export function fail({ isClosed, onError }: Subscriber, error: unknown) {
  if (!isClosed) void call(onError, error)
}

export function close(subscriber: Subscriber) {
  subscriber.isClosed = true
  subscriber.backlog?.close()
}

function backlogOf(subscriber: Subscriber): Backlog {
  const { source, from, patience } = subscriber
  subscriber.backlog ??= createBacklog({
    source,
    from,
    patience,
    read: (item) => read(subscriber, item),
    tell: (event) => tell(subscriber, event),
  })
  return subscriber.backlog
}

/** The events of an item. A gap has none: it is told by `onError`, in its turn. */
function read(subscriber: Subscriber, item: Item) {
  if (item.type === 'gap') fail(subscriber, item.error)
  return subscriber.read(item)
}

/** Gives one event. Returns a promise that has to be waited for, if there is one. */
function tell({ subscription, onEvent }: Subscriber, result: unknown): Promise<unknown> | undefined {
  return call(onEvent, subscription === undefined ? result : { subscription, result })
}

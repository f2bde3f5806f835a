// One subscriber of a stream: what it is given, in order; while it is busy, that is kept for it in backlog.ts. A record and
// functions, as one stream may have tens of thousands of them.

import type { Hex } from 'viem'
import { call } from '../base/call'
import type { Backlog, BacklogSource } from './backlog'
import { createBacklog } from './backlog'
import type { Item } from './stream'

export type SubscriberOptions = {
  /** What of an item it is called with, once each. */
  readonly read: (item: Item) => readonly unknown[]
  /** Its id, told with each of them as viem does: `{ subscription, result }`. Without one they are told bare. */
  readonly subscription?: Hex | undefined
  /** If it returns a promise, the next call waits until that has settled. */
  readonly onEvent: (event: unknown) => unknown
  readonly onError: (error: unknown) => unknown
  /** How long a promise is waited for (in ms). */
  readonly patience: number
  /** How often its client polls (in ms). */
  readonly interval: number
  /** The block it begins at, if that is in the past. */
  readonly from?: number | undefined
  /** Whether it is told how far the stream is. */
  readonly isToldProgress?: boolean | undefined
}

export type SubscriberSource = BacklogSource & {
  /** Resolves once how far the past goes is known; `undefined` if it is. */
  readonly whenReady: (ms: number) => Promise<void> | undefined
}

/** One flat record: a delivery to many is bound by how much of each has to be fetched from memory. */
export type Subscriber = SubscriberOptions & {
  readonly source: SubscriberSource
  /** Logs of blocks whose turn came before this are not given. */
  readonly turn: number
  /** From when it was busy for the first time. */
  backlog: Backlog | undefined
  isClosed: boolean
}

/** @param turn of the next block */
export function createSubscriber(options: SubscriberOptions, source: SubscriberSource, turn: number): Subscriber {
  const { from } = options
  // Who begins in the past is told of what is taken back, whoever was given it before.
  const own = from === undefined ? turn : -Infinity
  const subscriber: Subscriber = {
    turn: own,
    isClosed: false,
    backlog: undefined,
    read: options.read,
    subscription: options.subscription,
    onEvent: options.onEvent,
    onError: options.onError,
    patience: options.patience,
    interval: options.interval,
    from,
    source,
  }
  if (from !== undefined) {
    const { goOn } = backlogOf(subscriber)
    const start = () => goOn(undefined, [])
    Promise.resolve(source.whenReady(Infinity)).then(start, () => {}) // refused, it is told and closed
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

/** A gap is told in its turn. */
function read(subscriber: Subscriber, item: Item) {
  if (item.type === 'gap') fail(subscriber, item.error)
  return subscriber.read(item)
}

/** A promise that has to be waited for, if there is one. */
function tell({ subscription, onEvent }: Subscriber, result: unknown): Promise<unknown> | undefined {
  return call(onEvent, subscription === undefined ? result : { subscription, result })
}

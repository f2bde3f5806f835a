// One subscriber of a stream: what it is given, in order, at its own pace. One that is slow holds up nobody: what it has no
// room for is read again when its turn comes. A record and functions, as one stream may have tens of thousands of them.

import type { Hex } from 'viem'
import type { Clock } from '../base/clock'
import type { Pauses } from '../base/pause'
import { createPauses } from '../base/pause'
import type { Item, Stream } from './stream'

export type SubscriberOptions = {
  /** What of an item it is called with, once each. */
  readonly read: (item: Item) => readonly unknown[]
  /** Its id, told with each of them as viem does: `{ subscription, result }`. Without one they are told bare. */
  readonly subscription?: Hex | undefined
  /** If it returns a promise, the next call waits until that has settled. */
  readonly onEvent: (event: unknown) => unknown
  readonly onError: (error: unknown) => void
  /** How long a promise is waited for (in ms). */
  readonly patience: number
  /** How often its client polls (in ms). */
  readonly interval: number
  /** The block it begins at, if that is in the past. */
  readonly from?: number | undefined
}

export type SubscriberSource = {
  readonly clock: Clock
  readonly stream: Pick<Stream, 'cursor' | 'replay'>
}

export type Subscriber = Pick<SubscriberOptions, 'read' | 'subscription' | 'onEvent'> & {
  /** `busy`: a promise of its own is waited for, or what it has missed is read. */
  phase: 'idle' | 'busy' | 'closed'
  /** Logs of blocks whose turn came before this are not given. */
  readonly turn: number
  readonly options: SubscriberOptions
  readonly source: SubscriberSource
  /** What came while it was busy. */
  waiting: Item[] | undefined
  /** What it has no room for starts at this block; it is read again. */
  behindFrom: number | undefined
  pauses: Pauses | undefined
}

/** Items that wait for a slow one. */
const MOST_WAITING = 1_000
/** What could not be read again is tried once more after this (in ms). */
const AGAIN = 1_000

export function createSubscriber(options: SubscriberOptions, source: SubscriberSource, turn: number): Subscriber {
  const { read, subscription, onEvent, from } = options
  // What a delivery needs comes first: with very many of them it is the memory that takes the time.
  const subscriber: Subscriber = {
    phase: 'idle',
    read,
    subscription,
    onEvent,
    turn,
    options,
    source,
    waiting: undefined,
    behindFrom: from,
    pauses: undefined,
  }
  if (from !== undefined) void goOn(subscriber, undefined, [])
  return subscriber
}

export function give(subscriber: Subscriber, item: Item) {
  if (item.type === 'logs' && item.turn < subscriber.turn) return
  if (subscriber.phase !== 'idle') return keep(subscriber, item)
  const events = subscriber.read(item)
  for (let index = 0; index < events.length; index++) {
    const promise = call(subscriber, events[index])
    if (promise) return void goOn(subscriber, promise, events.slice(index + 1))
    if (isClosed(subscriber)) return
  }
}

export function fail(subscriber: Subscriber, error: unknown) {
  if (isClosed(subscriber)) return
  const { onError } = subscriber.options
  try {
    onError(error)
  } catch {
    // Its own affair.
  }
}

export function close(subscriber: Subscriber) {
  subscriber.phase = 'closed'
  subscriber.waiting = undefined
  subscriber.pauses?.end()
}

function isClosed({ phase }: Subscriber) {
  return phase === 'closed'
}

/** A promise that has to be waited for, if there is one. A throw is the subscriber's own affair. */
function call({ subscription, onEvent }: Subscriber, result: unknown): PromiseLike<unknown> | undefined {
  try {
    const returned = onEvent(subscription === undefined ? result : { subscription, result })
    return typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function'
      ? (returned as PromiseLike<unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** It has no time now. */
function keep(subscriber: Subscriber, item: Item) {
  const { behindFrom } = subscriber
  if (isClosed(subscriber)) return
  if (behindFrom !== undefined) return keepBehind(subscriber, item, behindFrom)
  subscriber.waiting ??= []
  if (subscriber.waiting.length < MOST_WAITING) subscriber.waiting.push(item)
  else if ('number' in item) subscriber.behindFrom = item.number
}

/** It will read the item again, unless that goes back behind what it has read. */
function keepBehind(subscriber: Subscriber, item: Item, from: number) {
  if (!('number' in item) || item.number >= from || item.type === 'passed') return
  if (item.type === 'logs' && item.isRemoved) subscriber.waiting = [...(subscriber.waiting ?? []), item]
  subscriber.behindFrom = item.number
}

async function goOn(subscriber: Subscriber, first: PromiseLike<unknown> | undefined, rest: readonly unknown[]) {
  subscriber.phase = 'busy'
  if (first) await settled(subscriber, first)
  await run(subscriber, rest)
  while (subscriber.phase === 'busy') {
    const item = subscriber.waiting?.shift()
    if (item) await run(subscriber, subscriber.read(item))
    else if (subscriber.behindFrom !== undefined) await readAgain(subscriber, subscriber.behindFrom)
    else subscriber.phase = 'idle'
  }
}

async function run(subscriber: Subscriber, events: readonly unknown[]) {
  for (const event of events) {
    if (isClosed(subscriber)) return
    const promise = call(subscriber, event)
    if (promise) await settled(subscriber, promise)
  }
}

async function readAgain(subscriber: Subscriber, from: number) {
  const { stream, clock } = subscriber.source
  // Nothing has been missed: from here on it is given what comes.
  if (from > (stream.cursor() ?? -1)) {
    subscriber.behindFrom = undefined
    return
  }
  const found = await stream.replay(from).catch(() => undefined)
  if (isClosed(subscriber) || subscriber.behindFrom !== from) return
  if (!found) {
    subscriber.pauses ??= createPauses(clock)
    return subscriber.pauses.wait(AGAIN)
  }
  subscriber.behindFrom = found.upTo + 1
  for (const item of found.items) {
    await run(subscriber, subscriber.read(item))
    // A new branch has replaced what was read.
    if (isClosed(subscriber) || (subscriber.behindFrom as number) <= found.upTo) return
  }
}

function settled({ options, source }: Subscriber, promise: PromiseLike<unknown>): Promise<void> {
  const { patience } = options
  return new Promise((resolve) => {
    const timer = patience < Infinity ? source.clock.background(patience, resolve) : undefined
    const done = () => {
      timer?.cancel()
      resolve()
    }
    promise.then(done, done)
  })
}

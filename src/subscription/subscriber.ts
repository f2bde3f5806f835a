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
  readonly stream: Pick<Stream, 'whenReady' | 'cursor' | 'replay'>
  /** Logs of blocks whose turn came before this are not given. */
  readonly turn: number
  readonly gapOf: (from: number, to: number, why: string) => Item
}

export type Subscriber = Omit<SubscriberOptions, 'from'> &
  SubscriberSource & {
    /** `busy`: a promise of its own is waited for, or what it has missed is read. */
    phase: 'idle' | 'busy' | 'closed'
    /** What came while it was busy. */
    waiting: Item[] | undefined
    /** What it has no room for starts at this block; it is read again. */
    behindFrom: number | undefined
    /** The last block of which something waits. */
    through: number
    /** The lowest block of which something came while it was read again. */
    lowest: number
    /** How often in a row that could not be done. */
    failures: number
    pauses: Pauses | undefined
    /** Ends the waiting for a promise of its own. */
    stopWaiting: () => void
  }

/** Items that wait for a slow one; */
const MOST_WAITING = 1_000
/** with what changes their blocks, and those before them. Past it, a change is lost and reported. */
const MOST_CHANGED = 2_000
/** What could not be read again is tried once more after this, then after twice as long (in ms), */
const AGAIN = 1_000
/** so often; then blocks are given up: */
const TRIES = 6
/** so many, and twice as many each time until some can be had. */
const GIVEN_UP = 256

export function createSubscriber(options: SubscriberOptions, source: SubscriberSource): Subscriber {
  // Written out: records of one form cost a delivery half as much.
  const subscriber: Subscriber = {
    phase: 'idle',
    // Who begins in the past is told of what is taken back, whoever was given it before.
    turn: options.from === undefined ? source.turn : -Infinity,
    read: options.read,
    subscription: options.subscription,
    onEvent: options.onEvent,
    waiting: undefined,
    behindFrom: options.from,
    through: -1,
    lowest: Infinity,
    onError: options.onError,
    patience: options.patience,
    interval: options.interval,
    clock: source.clock,
    stream: source.stream,
    gapOf: source.gapOf,
    failures: 0,
    pauses: undefined,
    stopWaiting: ignore,
  }
  if (options.from !== undefined) {
    subscriber.phase = 'busy'
    // How far the past goes is known once the stream is.
    void source.stream.whenReady().then(() => goOn(subscriber, undefined, []))
  }
  return subscriber
}

export function give(subscriber: Subscriber, item: Item) {
  if (item.type === 'logs' && item.turn < subscriber.turn) return
  if (subscriber.phase !== 'idle') return keep(subscriber, item)
  const events = read(subscriber, item)
  for (let index = 0; index < events.length; index++) {
    const promise = call(subscriber, events[index])
    if (promise) return void goOn(subscriber, promise, events.slice(index + 1))
    if (isClosed(subscriber)) return
  }
}

export function fail(subscriber: Subscriber, error: unknown) {
  if (isClosed(subscriber)) return
  const { onError } = subscriber
  try {
    onError(error)
  } catch {
    // Its own affair.
  }
}

export function close(subscriber: Subscriber) {
  subscriber.phase = 'closed'
  subscriber.waiting = undefined
  subscriber.stopWaiting()
  subscriber.pauses?.end()
}

/** A gap is told in its turn. */
function read(subscriber: Subscriber, item: Item) {
  if (item.type === 'gap') fail(subscriber, item.error)
  return subscriber.read(item)
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
  const { behindFrom, through } = subscriber
  if (isClosed(subscriber)) return
  if (behindFrom !== undefined) return keepBehind(subscriber, item, behindFrom)
  const isFull = (subscriber.waiting?.length ?? 0) >= MOST_WAITING
  const isNext = 'number' in item && item.number > through
  note(subscriber, item)
  if (isFull && isNext && item.type !== 'gap') subscriber.behindFrom = item.number
  // What changes blocks that wait already has to wait with them.
  else if (!isFull || 'number' in item) hold(subscriber, item)
}

function hold(subscriber: Subscriber, item: Item) {
  subscriber.waiting ??= []
  if (subscriber.waiting.length < MOST_CHANGED) return void subscriber.waiting.push(item)
  if (item.type === 'gap') fail(subscriber, item.error)
  if (item.type === 'head' || item.type === 'logs')
    read(subscriber, subscriber.gapOf(item.number, item.number, 'the subscriber is too slow'))
}

function note(subscriber: Subscriber, item: Item) {
  if (!('number' in item)) return
  if (item.type !== 'logs') subscriber.through = item.number
  else subscriber.through = item.isRemoved ? item.number - 1 : Math.max(subscriber.through, item.number)
}

/** What lies above is read again; what changes blocks below has to wait with them. */
function keepBehind(subscriber: Subscriber, item: Item, from: number) {
  if (!('number' in item)) return
  subscriber.lowest = Math.min(subscriber.lowest, item.number)
  if (item.type === 'gap' || item.number < from) hold(subscriber, item)
}

async function goOn(subscriber: Subscriber, first: PromiseLike<unknown> | undefined, rest: readonly unknown[]) {
  if (isClosed(subscriber)) return
  subscriber.phase = 'busy'
  if (first) await settled(subscriber, first)
  await run(subscriber, rest)
  while (subscriber.phase === 'busy') {
    const item = subscriber.waiting?.shift()
    if (item) await run(subscriber, read(subscriber, item))
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
  const { stream } = subscriber
  const cursor = stream.cursor() ?? -1
  // Nothing has been missed: from here on it is given what comes.
  if (from > cursor) {
    subscriber.behindFrom = undefined
    subscriber.through = cursor
    return
  }
  subscriber.lowest = Infinity
  const found = await stream.replay(from).catch(() => undefined)
  if (isClosed(subscriber)) return
  if (!found) return missed(subscriber, from, cursor)
  subscriber.failures = 0
  // Something of it has changed while it was read.
  if (subscriber.lowest <= found.upTo) return
  subscriber.behindFrom = found.upTo + 1
  for (const item of found.items) await run(subscriber, read(subscriber, item))
}

/** What is above `from` could not be read: it waits, or gives up a part. */
function missed(subscriber: Subscriber, from: number, cursor: number) {
  const tries = subscriber.failures++ % TRIES
  subscriber.pauses ??= createPauses(subscriber.clock)
  if (tries < TRIES - 1) return subscriber.pauses.wait(AGAIN * 2 ** tries)
  const to = Math.min(cursor, from - 1 + GIVEN_UP * 2 ** (subscriber.failures / TRIES - 1))
  subscriber.behindFrom = to + 1
  read(subscriber, subscriber.gapOf(from, to, 'they could not be had'))
}

function settled(subscriber: Subscriber, promise: PromiseLike<unknown>): Promise<void> {
  const { clock, patience } = subscriber
  if (isClosed(subscriber)) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = patience < Infinity ? clock.background(patience, resolve) : undefined
    const done = () => {
      timer?.cancel()
      resolve()
    }
    subscriber.stopWaiting = done
    promise.then(done, done)
  })
}

function ignore() {}

// One subscriber of a stream: what it is given, in order, at its own pace. One that is slow holds up nobody: what it has no
// room for is read again when its turn comes.

import type { Clock } from '../base/clock'
import type { Pauses } from '../base/pause'
import { createPauses } from '../base/pause'
import type { Item, Stream } from './stream'

export type SubscriberOptions = {
  readonly clock: Clock
  readonly stream: Pick<Stream, 'whenReady' | 'cursor' | 'replay'>
  /** What it is called with for an item, once each. */
  readonly eventsOf: (item: Item) => readonly unknown[]
  /** If it returns a promise, the next call waits until that has settled. */
  readonly onEvent: (event: unknown) => unknown
  readonly onError: (error: unknown) => void
  /** How long a promise is waited for (in ms). */
  readonly patience: number
  /** The block it begins at, if that is in the past. */
  readonly from?: number | undefined
  /** Logs of blocks whose turn came before this are not given. */
  readonly turn: number
}

export type Subscriber = {
  give(item: Item): void
  fail(error: unknown): void
  close(): void
}

/** Items that wait for a slow one. */
const MOST_WAITING = 1_000
/** What could not be read again is tried once more after this (in ms). */
const AGAIN = 1_000

export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { clock, stream, eventsOf, onEvent, patience } = options
  const { from: first = -1, turn } = options
  let waiting: Item[] = []
  /** What it has no room for starts at this block; it is read again. */
  let behindFrom = options.from
  /** The block that it has been given, or that waits, as the last one. */
  let through = -1
  /** The lowest block of which something came while it was read again. */
  let lowest = Infinity
  let isBusy = false
  let isClosed = false
  let pauses: Pauses | undefined

  /** A promise that has to be waited for, if there is one. A throw is the subscriber's own affair. */
  function call(event: unknown): PromiseLike<unknown> | undefined {
    try {
      const returned = onEvent(event)
      return typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function'
        ? (returned as PromiseLike<unknown>)
        : undefined
    } catch {
      return undefined
    }
  }

  function give(item: Item) {
    if (isClosed || !isMeant(item)) return
    if (behindFrom !== undefined) return giveBehind(item, behindFrom)
    const isNext = 'number' in item && item.number > through
    note(item)
    if (isBusy) {
      const isFull = waiting.length >= MOST_WAITING
      if (isFull && isNext) behindFrom = item.number
      // What changes blocks that wait already has to wait with them.
      else if (!isFull || 'number' in item) waiting.push(item)
      return
    }
    const events = eventsOf(item)
    for (let index = 0; index < events.length; index++) {
      const promise = call(events[index])
      if (promise) return void goOn(promise, events.slice(index + 1))
      if (isClosed) return
    }
  }

  /** Who begins in the past is given what concerns it, whoever has joined when; others only what came after them. */
  function isMeant(item: Item) {
    if ('number' in item && item.number < first) return false
    return item.type !== 'logs' || item.turn >= turn || options.from !== undefined
  }

  function note(item: Item) {
    if (item.type === 'logs') through = item.isRemoved ? item.number - 1 : Math.max(through, item.number)
    else if ('number' in item) through = item.number
  }

  /** What lies above is read again; what changes blocks below has to wait with them. */
  function giveBehind(item: Item, from: number) {
    if (!('number' in item)) return
    lowest = Math.min(lowest, item.number)
    if (item.number < from) waiting.push(item)
  }

  async function goOn(first: PromiseLike<unknown> | undefined, rest: readonly unknown[]) {
    isBusy = true
    if (first) await settled(first)
    await run(rest)
    while (!isClosed && (waiting.length > 0 || behindFrom !== undefined)) {
      const item = waiting.shift()
      if (item) await run(eventsOf(item))
      else await readAgain()
    }
    isBusy = false
  }

  async function run(events: readonly unknown[]) {
    for (const event of events) {
      if (isClosed) return
      const promise = call(event)
      if (promise) await settled(promise)
    }
  }

  async function readAgain() {
    const from = behindFrom as number
    // Nothing has been missed: from here on it is given what comes.
    if (from > (stream.cursor() ?? -1)) {
      behindFrom = undefined
      through = stream.cursor() ?? -1
      return
    }
    lowest = Infinity
    const found = await stream.replay(from).catch(() => undefined)
    if (isClosed) return
    if (!found) {
      pauses ??= createPauses(clock)
      return pauses.wait(AGAIN)
    }
    // Something of it has changed while it was read.
    if (lowest <= found.upTo) return
    behindFrom = found.upTo + 1
    for (const item of found.items) await run(eventsOf(item))
  }

  function settled(promise: PromiseLike<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const timer = patience < Infinity ? clock.background(patience, resolve) : undefined
      const done = () => {
        timer?.cancel()
        resolve()
      }
      promise.then(done, done)
    })
  }

  // How far the past goes is known once the stream is.
  if (behindFrom !== undefined) void stream.whenReady().then(() => goOn(undefined, []))
  return {
    give,
    fail(error) {
      if (isClosed) return
      try {
        options.onError(error)
      } catch {
        // Its own affair.
      }
    },
    close() {
      isClosed = true
      waiting = []
      pauses?.end()
    },
  }
}

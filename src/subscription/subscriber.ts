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
  const { clock, stream, eventsOf, onEvent, patience, turn } = options
  let waiting: Item[] = []
  /** What it has no room for starts at this block; it is read again. */
  let behindFrom = options.from
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
    if (isClosed || (item.type === 'logs' && item.turn < turn)) return
    if (behindFrom !== undefined) return giveBehind(item, behindFrom)
    if (isBusy) {
      if (waiting.length < MOST_WAITING) waiting.push(item)
      else if ('number' in item) behindFrom = item.number
      return
    }
    const events = eventsOf(item)
    for (let index = 0; index < events.length; index++) {
      const promise = call(events[index])
      if (promise) return void goOn(promise, events.slice(index + 1))
      if (isClosed) return
    }
  }

  /** It will read the item again, unless that goes back behind what it has read. */
  function giveBehind(item: Item, from: number) {
    if (!('number' in item) || item.number >= from || item.type === 'passed') return
    if (item.type === 'logs' && item.isRemoved) waiting.push(item)
    behindFrom = item.number
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
      return
    }
    const found = await stream.replay(from).catch(() => undefined)
    if (isClosed || behindFrom !== from) return
    if (!found) {
      pauses ??= createPauses(clock)
      return pauses.wait(AGAIN)
    }
    behindFrom = found.upTo + 1
    for (const item of found.items) {
      await run(eventsOf(item))
      // A new branch has replaced what was read.
      if (isClosed || (behindFrom as number) <= found.upTo) return
    }
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

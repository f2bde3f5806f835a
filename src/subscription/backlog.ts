// What one subscriber has no time for: items wait in order, and past a bound they are read again when their turn comes. Made
// for subscribers that return promises or begin in the past; a slow one holds up nobody else.

import type { Clock } from '../base/clock'
import { createPauses } from '../base/pause'
import type { Item, Stream } from './stream'

/** What a backlog needs of the stream to read items again. */
export type BacklogSource = {
  readonly clock: Clock
  readonly stream: Pick<Stream, 'cursor' | 'replay'>
  readonly gapOf: (from: number, to: number, why: string) => Item
}

export type BacklogOptions = {
  readonly source: BacklogSource
  /** The block that the subscriber begins at; without one, the next one of the stream. */
  readonly from: number | undefined
  /** How long a promise of the subscriber is waited for (in ms). */
  readonly patience: number
  /** The events of an item. A gap has none: reading it tells the subscriber. */
  readonly read: (item: Item) => readonly unknown[]
  /** Gives an event. Returns a promise if that has to be waited for; the promise does not reject. */
  readonly tell: (event: unknown) => Promise<unknown> | undefined
}

export type Backlog = {
  /** Whether a promise is being waited for, or missed items are being given. */
  isBusy(): boolean
  /** Keeps an item that came while the subscriber was busy. */
  keep(item: Item): void
  /** Waits for the promise, then gives these events and all that is kept. */
  goOn(first: Promise<unknown> | undefined, rest: readonly unknown[]): Promise<void>
  close(): void
}

/** Most items that wait; later blocks are read again. */
const MOST_WAITING = 1_000
/** Most items that wait, counting also changes of their blocks and of earlier ones. Past it, a change is lost and reported. */
const MOST_CHANGED = 2_000
/** The pause after a read that failed (in ms); it doubles with each further failure. */
const AGAIN = 1_000
/** After this many failures in a row a part of the blocks is given up. */
const TRIES = 6
/** The blocks in the first part that is given up; the next part is twice as large, until some can be had. */
const GIVEN_UP = 256

export function createBacklog({ source, from, patience, read, tell }: BacklogOptions): Backlog {
  const { clock, stream, gapOf } = source
  const pauses = createPauses(clock)
  const isClosed = pauses.isOver
  let isBusy = from !== undefined
  const waiting: Item[] = []
  /** From this block on there was no room, and blocks are read again; `undefined` if there was room for all. */
  let behindFrom = from
  /** The block that the waiting items lead to. */
  let through = -1
  /** The lowest block of an item that came while blocks were read again. */
  let lowest = Infinity
  /** How many reads in a row have failed. */
  let failures = 0
  /** Ends the waiting for a promise. */
  let stopWaiting = () => {}

  function keep(item: Item) {
    if (behindFrom !== undefined) return keepBehind(item, behindFrom)
    const isFull = waiting.length >= MOST_WAITING
    const isNext = 'number' in item && item.number > through
    note(item)
    if (isFull && isNext && item.type !== 'gap') behindFrom = item.number
    // An item that changes blocks which wait already has to wait with them.
    else if (!isFull || 'number' in item) hold(item)
  }

  /** Items of blocks from `above` on are read again later; those that change lower blocks have to wait with these. */
  function keepBehind(item: Item, above: number) {
    if (!('number' in item)) return
    lowest = Math.min(lowest, item.number)
    if (item.type === 'gap' || item.number < above) hold(item)
  }

  function hold(item: Item) {
    if (waiting.length < MOST_CHANGED) return void waiting.push(item)
    if (item.type === 'gap') read(item)
    if (item.type === 'head' || item.type === 'logs')
      read(gapOf(item.number, item.number, 'the subscriber is too slow'))
  }

  function note(item: Item) {
    if (!('number' in item)) return
    if (item.type !== 'logs') through = item.number
    else through = item.isRemoved ? item.number - 1 : Math.max(through, item.number)
  }

  async function goOn(first: Promise<unknown> | undefined, rest: readonly unknown[]) {
    isBusy = true
    if (first) await settled(first)
    await giveAll(rest)
    while (isBusy && !isClosed()) {
      const item = waiting.shift()
      if (item) await giveAll(read(item))
      else if (behindFrom !== undefined) await readAgain(behindFrom)
      else isBusy = false
    }
  }

  async function giveAll(events: readonly unknown[]) {
    for (const event of events) {
      if (isClosed()) return
      const promise = tell(event)
      if (promise) await settled(promise)
    }
  }

  async function readAgain(above: number) {
    const cursor = stream.cursor()
    // The stream is live, but its place has not told its newest block: the first one that is pushed will.
    if (cursor === undefined) return pauses.wait(AGAIN)
    // Nothing is left to read: from here on items are given as they come.
    if (above > cursor) {
      behindFrom = undefined
      through = cursor
      return
    }
    lowest = Infinity
    const found = await stream.replay(above).catch(() => undefined)
    if (isClosed()) return
    if (!found) return onFailedRead(above, cursor)
    failures = 0
    // A block of this part has changed while it was read: the part is read once more.
    if (lowest <= found.upTo) return
    behindFrom = found.upTo + 1
    for (const item of found.items) await giveAll(read(item))
  }

  /** Waits before the next try, or gives up a part of the blocks. */
  function onFailedRead(above: number, cursor: number) {
    const tries = failures++ % TRIES
    if (tries < TRIES - 1) return pauses.wait(AGAIN * 2 ** tries)
    const to = Math.min(cursor, above - 1 + GIVEN_UP * 2 ** (failures / TRIES - 1))
    behindFrom = to + 1
    read(gapOf(above, to, 'they could not be had'))
  }

  function settled(promise: Promise<unknown>): Promise<void> | undefined {
    if (isClosed()) return undefined
    return new Promise((resolve) => {
      const timer = patience < Infinity ? clock.background(patience, resolve) : undefined
      stopWaiting = () => {
        timer?.cancel()
        resolve()
      }
      promise.then(stopWaiting)
    })
  }

  return {
    isBusy: () => isBusy,
    keep,
    goOn,
    close() {
      pauses.end()
      stopWaiting()
    },
  }
}

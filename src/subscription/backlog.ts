// What one subscriber has no time for: waits in order, and past a bound is read again when its turn comes. Made for those that
// return promises or begin in the past; one that is slow holds up nobody else.

import type { Clock } from '../base/clock'
import { createPauses } from '../base/pause'
import type { Item, Stream } from './stream'

/** What a stream has for those that read it again. */
export type BacklogSource = {
  readonly clock: Clock
  readonly stream: Pick<Stream, 'cursor' | 'replay'>
  readonly gapOf: (from: number, to: number, why: string) => Item
}

export type BacklogOptions = {
  readonly source: BacklogSource
  /** The block it begins at, if that is in the past. */
  readonly from: number | undefined
  /** How long a promise is waited for (in ms). */
  readonly patience: number
  /** The events of an item; a gap is told by it. */
  readonly read: (item: Item) => readonly unknown[]
  /** Gives an event; returns a promise, which does not reject, if that has to be waited for. */
  readonly tell: (event: unknown) => Promise<unknown> | undefined
}

export type Backlog = {
  /** Whether a promise is waited for, or what was missed is read. */
  isBusy(): boolean
  /** It came while it was busy. */
  keep(item: Item): void
  /** Waits for the promise, then gives these events and all that is kept. */
  goOn(first: Promise<unknown> | undefined, rest: readonly unknown[]): Promise<void>
  close(): void
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

export function createBacklog({ source, from, patience, read, tell }: BacklogOptions): Backlog {
  const { clock, stream, gapOf } = source
  const pauses = createPauses(clock)
  const isClosed = pauses.isOver
  let isBusy = from !== undefined
  const waiting: Item[] = []
  /** What it has no room for starts at this block; it is read again. */
  let behindFrom = from
  /** The last block of which something waits. */
  let through = -1
  /** The lowest block of which something came while it was read again. */
  let lowest = Infinity
  /** How often in a row that could not be done. */
  let failures = 0
  /** Ends the waiting for a promise. */
  let stopWaiting = () => {}

  function keep(item: Item) {
    if (behindFrom !== undefined) return keepBehind(item, behindFrom)
    const isFull = waiting.length >= MOST_WAITING
    const isNext = 'number' in item && item.number > through
    note(item)
    if (isFull && isNext && item.type !== 'gap') behindFrom = item.number
    // What changes blocks that wait already has to wait with them.
    else if (!isFull || 'number' in item) hold(item)
  }

  /** What lies above is read again; what changes blocks below has to wait with them. */
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
    // Live, but nobody has told how far it is: the first block that is pushed will.
    if (cursor === undefined) return pauses.wait(AGAIN)
    // Nothing has been missed: from here on it is given what comes.
    if (above > cursor) {
      behindFrom = undefined
      through = cursor
      return
    }
    lowest = Infinity
    const found = await stream.replay(above).catch(() => undefined)
    if (isClosed()) return
    if (!found) return missed(above, cursor)
    failures = 0
    // Something of it has changed while it was read.
    if (lowest <= found.upTo) return
    behindFrom = found.upTo + 1
    for (const item of found.items) await giveAll(read(item))
  }

  /** It could not be read: it waits, or gives up a part. */
  function missed(above: number, cursor: number) {
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

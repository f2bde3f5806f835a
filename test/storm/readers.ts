// A program that reads logs with an iterator, leaves it, and goes on where it was. Records what it is given; check-readers
// judges that.

import type { LogsOfBlock } from '../../src/subscription/items'
import type { LogsFilter } from '../../src/subscription/subscriptions'
import type { ReaderPlan } from './draw-readers'
import type { StormWorld } from './world'

/** What one loop over an iterator was given. */
export type Reading = {
  /** The first block whose logs it must be given; `undefined` if none was named. */
  readonly from: number | undefined
  readonly items: { readonly item: LogsOfBlock; readonly at: number }[]
  readonly errors: unknown[]
  isOver: boolean
}

export type Reader = {
  readonly name: string
  readonly plan: ReaderPlan
  readonly readings: readonly Reading[]
  readonly hasLeft: boolean
  leave(): void
}

export function startReader(
  { storm, clock, chain, engine, face, later, random, note }: StormWorld,
  plan: ReaderPlan,
): Reader {
  const { filter, back, confirmations, pace } = plan
  const name = `reader from ${plan.from}, ${confirmations} confirmations`
  const leaves = [...plan.leaves]
  const readings: Reading[] = []
  let abort = new AbortController()
  let hasLeft = false

  async function read(from: number | undefined) {
    const own: Reading = { from, items: [], errors: [], isOver: false }
    readings.push(own)
    note(`${name} reads from ${from}`)
    abort = new AbortController()
    const { items, after } = leaves.shift() ?? { items: Infinity, after: 0 }
    const fromBlock = from === undefined ? undefined : BigInt(from)
    const options = { fromBlock, confirmations, signal: abort.signal }
    try {
      for await (const item of engine.subscriptions.logs(face, filter as LogsFilter, options)) {
        own.items.push({ item, at: clock.now() })
        note(`${name} < ${told(item)}`)
        if (own.items.length >= items) break
        if (pace > 0 && clock.now() < storm.duration)
          await new Promise<void>((resolve) => later(random() * pace, resolve))
      }
    } catch (error) {
      own.errors.push(error)
    }
    own.isOver = true
    const last = own.items.at(-1)?.item
    if (last && !hasLeft)
      later(after, () => hasLeft || void read(Number(last.removed ? last.number : last.number + 1n)))
  }

  void read(back === undefined ? undefined : chain.head.number - back)
  return {
    name,
    plan,
    readings,
    get hasLeft() {
      return hasLeft
    },
    leave() {
      hasLeft = true
      abort.abort()
    },
  }
}

function told({ number, hash, logs, removed, gap }: LogsOfBlock): string {
  const range = gap ? `, a ${gap.late ? 'late ' : ''}gap from ${gap.from} to ${gap.to}` : ''
  const indices = logs.map(({ logIndex }) => Number(logIndex)).join()
  return `${removed ? 'removed ' : ''}${number}.${indices} ${hash.slice(0, 8)}${range}`
}

// What an application watches: blocks, and the payments that its contract was sent. Counts what it was given, and in the end
// what of the truth is missing.

import type { Block, Log } from 'viem'
import { receiver } from '../nodes'
import type { Truth } from './network'
import type { Client } from './traffic'

export type Tally = {
  readonly seen: number
  /** Of what the chain holds; until that is known, of the blocks below the highest one seen. */
  readonly lost: number
  readonly doubled: number
}

export type Watched = { readonly blocks: Tally; readonly events: Tally }

export type Watch = {
  /** Resolves when nothing that comes is missed. */
  readonly live: Promise<void>
  now(): Watched
  /** Resolves when all of it has come, or after some seconds in which it did not. */
  compare(truth: Truth): Promise<Watched>
  stop(): void
}

/** How long what is missing is waited for (in ms). */
const patience = 5_000

export function startWatch(client: Client): Watch {
  const [blocks, events] = [createTally(), createTally()]
  const stops = [
    client.watchBlocks({ onBlock: addBlock }),
    client.watchEvent({ address: receiver, onLogs: (logs) => logs.forEach(addEvent) }),
  ]

  /** One that could not be read after its head is lost. Block 0 was there before. */
  function addBlock(block: Block | undefined) {
    if (block?.hash && block.number) blocks.add(block.hash, block.number)
  }

  function addEvent({ blockHash, blockNumber, logIndex, removed }: Log) {
    if (!removed) events.add(`${blockHash} ${logIndex}`, blockNumber)
  }

  const live = new Promise<void>((resolve) => {
    const off = client.transport.on('subscription', () => {
      const { subscriptions } = client.transport.status()
      if (subscriptions.length < stops.length || subscriptions.some(({ state }) => state !== 'live')) return
      off()
      resolve()
    })
  })

  return {
    live,
    now: () => ({ blocks: blocks.now(), events: events.now() }),
    async compare({ heads, logs }) {
      const giveUpAt = performance.now() + patience
      const hasAll = () => blocks.lostOf(heads) + events.lostOf(logs) === 0
      while (!hasAll() && performance.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 50))
      return {
        blocks: { ...blocks.now(), lost: blocks.lostOf(heads) },
        events: { ...events.now(), lost: events.lostOf(logs) },
      }
    },
    stop() {
      for (const stop of stops) stop()
    },
  }
}

/** Every block of this chain brings one event: both can be counted by its number. */
function createTally() {
  const seen = new Set<string>()
  let doubled = 0
  let highest = 0
  return {
    add(id: string, number: bigint | null) {
      if (seen.has(id)) doubled++
      seen.add(id)
      highest = Math.max(highest, Number(number))
    },
    now: (): Tally => ({ seen: seen.size, lost: Math.max(0, highest - seen.size), doubled }),
    lostOf: (truth: ReadonlySet<string>) => [...truth].filter((id) => !seen.has(id)).length,
  }
}

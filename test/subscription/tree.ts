// A tree of blocks behind a `Backfill`, for tests. It says which provider has which chain and how long answers take, and notes
// what was asked.

import type { Clock } from '../../src/base/clock'
import type { Backfill } from '../../src/subscription/backfill'
import type { Block } from '../../src/subscription/block'
import { blockOf, nameOf } from './blocks'

export type Tree = {
  /** The canonical chain of a provider, the lowest first. @default that of p1 */
  chain(provider?: string): readonly Block[]
  head(provider?: string): Block
  /** Adds blocks to the chain of a provider. Returns them. */
  mine(count?: number, provider?: string): Block[]
  /** Replaces the last `depth` blocks of a provider's chain by `count` others. Returns the new ones. */
  reorg(depth: number, count: number, provider?: string): Block[]
  /** Gives a provider a copy of the chain that another one has now. */
  follow(provider: string, other: string): void
  /** From now on no provider gives this block. */
  lose(hash: string): void
  /** Undoes `lose`. */
  find(hash: string): void
  /** Sets how long each answer takes. @param next the time of the next answer (in ms). @default 0: in the same turn */
  delayBy(next: () => number): void
  readonly backfill: Backfill
  /** All that was asked, in order: `hash 101`, `number 101` or `latest p1`. */
  readonly asked: string[]
}

/** @param clock times the answers. @param height that of the first block */
export function createTree(clock: Clock, height = 100): Tree {
  const chains = new Map<string, Block[]>([['p1', [blockOf(height)]]])
  const all = new Map<string, Block>([[blockOf(height).hash, blockOf(height)]])
  const lost = new Set<string>()
  const asked: string[] = []
  let branch = 0
  let delay = () => 0

  function chain(provider = 'p1'): Block[] {
    const own = chains.get(provider) ?? [...(chains.get('p1') as Block[])]
    chains.set(provider, own)
    return own
  }

  function head(provider = 'p1') {
    return chain(provider).at(-1) as Block
  }

  function mine(count = 1, provider = 'p1') {
    return Array.from({ length: count }, () => {
      const { number, hash } = head(provider)
      const block = blockOf(number + 1, { branch, parentHash: hash as `0x${string}`, provider })
      // Two providers that add a block to the same parent and branch have the same block.
      const known = all.get(block.hash)
      if (known && known.parentHash !== block.parentHash) throw new Error(`${nameOf(block)} is taken.`)
      all.set(block.hash, block)
      chain(provider).push(block)
      return block
    })
  }

  async function answer(question: string, block: () => Block | undefined): Promise<Block> {
    asked.push(question)
    const ms = delay()
    if (ms > 0) await new Promise<void>((resolve) => void clock.after(ms, resolve))
    const found = block()
    if (!found || lost.has(found.hash)) throw new Error(`Nobody has ${question}.`)
    return found
  }

  const byNumber = (number: number, provider: string | undefined) =>
    answer(`number ${number}`, () => chain(provider || 'p1').find((block) => block.number === number))

  const latest = (provider = 'p1') => answer(`latest ${provider}`, () => head(provider)).catch(() => undefined)

  return {
    chain,
    head,
    mine,
    reorg(depth, count, provider = 'p1') {
      branch++
      chain(provider).splice(-depth)
      return mine(count, provider)
    },
    follow: (provider, other) => void chains.set(provider, [...chain(other)]),
    lose: (hash) => void lost.add(hash),
    find: (hash) => void lost.delete(hash),
    delayBy(next) {
      delay = next
    },
    backfill: {
      latest,
      hasReached: async (height, provider) => ((await latest(provider))?.number ?? -Infinity) >= height(),
      byHash: (hash) =>
        answer(`hash ${nameOf({ number: Number(BigInt(hash) & 0xffff_ffffn), hash })}`, () => all.get(hash)),
      byNumber,
      async inRange(from, to, provider) {
        const numbers = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
        const found = await Promise.allSettled(numbers.map((number) => byNumber(number, provider)))
        return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      },
      logsOf: () => Promise.reject(new Error('There are no logs here.')),
      logsIn: () => Promise.reject(new Error('There are no logs here.')),
      noteBlind() {},
      learnShape() {},
    },
    asked,
  }
}

// The judge of event streams: each thing that can be wrong with a stream is seen, and nothing is seen in a right one.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Chain } from './chain'
import { createChain } from './chain'
import type { ChainBlock } from './chain-block'
import { tokenA, tokenB } from './chain-block'
import { createFollower, logsOfChange } from './chain-follower'
import type { HeadSighting, LogSighting, Sighting, Truth } from './event-verdict'
import { judgeHeads, judgeLogs, worstOf } from './event-verdict'

const match = { address: tokenA }
const flawless = { lost: 0, doubled: 0, ghosts: 0, disordered: 0, late: 0 }

function createTestChain() {
  return createChain({ height: 10, logs: () => [tokenA, tokenA, tokenB].map((address) => ({ address, topics: [] })) })
}

/** What counts: from block 11 on; a block every 100 ms. */
function truthOf(chain: Chain): Truth {
  const { number } = chain.head
  const blocks = Array.from({ length: number - 10 }, (_, i) => chain.block(11 + i) as ChainBlock)
  return { blocks, start: 1_000, end: number * 100 }
}

const headOf = ({ number, hash, parentHash }: ChainBlock): HeadSighting => ({
  type: 'head',
  at: number * 100,
  number,
  hash,
  parentHash,
})

const logsOf = ({ number, hash, logs }: ChainBlock, removed = false): LogSighting[] =>
  logs
    .filter(({ address }) => address === tokenA)
    .map(({ logIndex }) => ({ type: 'log', at: number * 100, blockNumber: number, blockHash: hash, logIndex, removed }))

/** Blocks 11 to 15, and what a watcher should be told. */
function fiveBlocks() {
  const chain = createTestChain()
  chain.mine(5)
  const truth = truthOf(chain)
  const heads = truth.blocks.map(headOf)
  const logs = truth.blocks.flatMap((block) => logsOf(block))
  return { chain, truth, heads, logs }
}

/** Blocks 11 to 13, of which two are replaced, then 14: the old ones beside. */
function reorganised() {
  const chain = createTestChain()
  chain.mine(3)
  const old = [11, 12, 13].map((number) => chain.block(number) as ChainBlock)
  chain.reorg(2)
  chain.mine()
  return { chain, truth: truthOf(chain), old, orphans: old.slice(1) }
}

describe('judgeHeads', () => {
  test('default: a right stream', () => {
    const { chain, truth, heads } = fiveBlocks()
    const earlier = headOf(chain.block(10) as ChainBlock)
    const verdict = { ...flawless, expected: 5, silence: 100 }
    expect(judgeHeads(heads, truth)).toEqual(verdict)
    expect(judgeHeads([earlier, earlier, ...heads], truth)).toEqual(verdict)
    expect(judgeHeads([], { ...truth, blocks: [] })).toMatchObject({ expected: 0, lost: 0 })
  })

  test('behavior: lost, doubled, late', () => {
    const { truth, heads } = fiveBlocks()
    const [a, b, c, d, e] = heads as [HeadSighting, HeadSighting, HeadSighting, HeadSighting, HeadSighting]
    const see = (...list: HeadSighting[]) => judgeHeads(list, truth)
    expect(see()).toMatchObject({ ...flawless, lost: 5, silence: 500 })
    expect(see(a, b, e)).toMatchObject({ ...flawless, lost: 2 })
    expect(see(a, b, b, c, d, e, e)).toMatchObject({ ...flawless, doubled: 2 })
    expect(see(a, c, b, d, e)).toMatchObject({ ...flawless, disordered: 1 })
    expect(see(a, d, b, c, e)).toMatchObject({ ...flawless, disordered: 2 })
    // Again after later ones: once too often, whatever the order.
    expect(see(a, b, c, a, d, e)).toMatchObject({ ...flawless, doubled: 1 })
    // Of clients that tell no parents.
    const bare = [a, c, b, d, e].map((head) => ({ ...head, parentHash: undefined }))
    expect(see(...bare)).toMatchObject({ ...flawless, disordered: 1 })
  })

  test('behavior: siblings supersede; orphans that do not stand at the end are no fault, those that do are', () => {
    const { truth, old, orphans } = reorganised()
    const fresh = truth.blocks.slice(1).map(headOf)
    const before = old.map(headOf)
    expect(judgeHeads([...before, ...fresh], truth)).toMatchObject({ ...flawless, expected: 4 })
    // Without the first of the new branch: its place keeps the old one.
    expect(judgeHeads([...before, ...fresh.slice(1)], truth)).toMatchObject({ ...flawless, lost: 1, ghosts: 1 })
    expect(judgeHeads(before, truth)).toMatchObject({ ...flawless, lost: 3, ghosts: 2 })
    // The reorg told twice: the second time the new branch is taken back and told again, back and forth.
    const twice = [...before, ...fresh, ...orphans.map(headOf), ...fresh]
    expect(judgeHeads(twice, truth)).toMatchObject({ ...flawless, doubled: 0 })
    // A straggler of the old branch: misleads whoever believes it.
    const straggler = headOf(orphans[0] as ChainBlock)
    expect(judgeHeads([...before, ...fresh, straggler], truth)).toMatchObject({ lost: 3, ghosts: 1 })
  })

  test('behavior: a branch that starts before what counts takes that back all the same', () => {
    const { chain, truth, heads } = fiveBlocks()
    const ten = headOf(chain.block(10) as ChainBlock)
    const fork = chain.fork()
    fork.reorg(6)
    const other = headOf(fork.block(10) as ChainBlock)
    expect(judgeHeads([...heads, other, ten, ...heads], truth)).toMatchObject({ ...flawless })
    expect(judgeHeads([...heads, other], truth)).toMatchObject({ ...flawless, lost: 5 })
    // Late, but of the same branch.
    expect(judgeHeads([...heads, ten], truth)).toMatchObject({ ...flawless })
  })

  test('behavior: a head that does not fit under its child is no late one', () => {
    const { chain, truth } = reorganised()
    const [eleven, orphan] = [chain.block(11), chain.reorgs[0]?.[1]] as [ChainBlock, ChainBlock]
    const [, twelve, thirteen, fourteen] = truth.blocks.map(headOf)
    const list = [headOf(eleven), thirteen, headOf(orphan), twelve, thirteen, fourteen] as HeadSighting[]
    expect(judgeHeads(list, truth)).toMatchObject({ ...flawless })
  })
})

describe('judgeLogs', () => {
  test('default: a right stream', () => {
    const { truth, logs } = fiveBlocks()
    expect(judgeLogs(logs, truth, match)).toEqual({ ...flawless, expected: 10, silence: 100 })
    expect(judgeLogs(logs, truth, {})).toMatchObject({ expected: 15, lost: 5 })
  })

  test('behavior: lost, doubled, out of order', () => {
    const { truth, logs } = fiveBlocks()
    const [a, b, c, d, ...rest] = logs as [LogSighting, LogSighting, LogSighting, LogSighting, ...LogSighting[]]
    const see = (...list: Sighting[]) => judgeLogs([...list, ...rest], truth, match)
    expect(see(a, c, d)).toMatchObject({ ...flawless, lost: 1 })
    expect(see(a, b, a, b, c, d)).toMatchObject({ ...flawless, doubled: 2 })
    expect(see(a, c, b, d)).toMatchObject({ ...flawless, disordered: 1 })
    // Within one block, too.
    expect(see(b, a, c, d)).toMatchObject({ ...flawless, disordered: 1 })
  })

  test('behavior: announced, it is late; the notice must come before and be for its block', () => {
    const { truth, logs } = fiveBlocks()
    const [a, b, c, d, ...rest] = logs as [LogSighting, LogSighting, LogSighting, LogSighting, ...LogSighting[]]
    const notice = { type: 'late', at: 1_250 } as const
    const see = (...list: Sighting[]) => judgeLogs([...list, ...rest], truth, match)
    expect(see(c, d, notice, a, b)).toMatchObject({ ...flawless, late: 2 })
    expect(see(c, d, { ...notice, from: 11, to: 11 }, a, b)).toMatchObject({ ...flawless, late: 2 })
    expect(see(c, d, { ...notice, from: 12, to: 15 }, a, b)).toMatchObject({ ...flawless, disordered: 2 })
    expect(see(c, a, notice, b, d)).toMatchObject({ ...flawless, disordered: 1, late: 1 })
  })

  test('behavior: the same of what is taken back after later ones were told', () => {
    const { chain, truth, old, orphans } = reorganised()
    const before = old.flatMap((block) => logsOf(block))
    const taken = [...orphans].reverse().flatMap((block) => logsOf(block, true).reverse())
    const fresh = truth.blocks.slice(1).flatMap((block) => logsOf(block))
    const [early, head] = [fresh.slice(0, -2), logsOf(chain.head)]
    const see = (...list: Sighting[]) => judgeLogs([...before, ...head, ...list], truth, match)
    const notice = { type: 'late', at: 1_450 } as const
    expect(see(...taken, ...early)).toMatchObject({ ...flawless, disordered: 8 })
    expect(see(notice, ...taken, ...early)).toMatchObject({ ...flawless, late: 8 })
    expect(see({ ...notice, from: 13, to: 13 }, ...taken, ...early)).toMatchObject({
      ...flawless,
      late: 4,
      disordered: 4,
    })
  })

  test('behavior: what is taken back is forgotten; what should be and is not is a ghost', () => {
    const { chain, truth, old, orphans } = reorganised()
    const before = old.flatMap((block) => logsOf(block))
    const taken = [...orphans].reverse().flatMap((block) => logsOf(block, true).reverse())
    const fresh = truth.blocks.slice(1).flatMap((block) => logsOf(block))
    const see = (...list: Sighting[]) => judgeLogs(list, truth, match)
    expect(see(...before, ...taken, ...fresh)).toMatchObject({ ...flawless, expected: 8 })
    // Not taken back, the new branch also comes after the blocks it replaces.
    expect(see(...before, ...fresh)).toMatchObject({ ...flawless, ghosts: 4, disordered: 3 })
    expect(see(...before, ...taken.slice(1), ...fresh)).toMatchObject({ ghosts: 1 })
    expect(see(...before, ...taken, ...taken, ...fresh)).toMatchObject({ ...flawless, doubled: 4 })
    expect(see(...before, ...[...taken].reverse(), ...fresh)).toMatchObject({ ...flawless, disordered: 3 })
    // Canonical ones taken back and not told again are lost.
    const wrong = logsOf(chain.head, true).reverse()
    expect(see(...before, ...taken, ...fresh, ...wrong)).toMatchObject({ ...flawless, lost: 2 })
    // Of blocks before the watch, retractions are nobody's fault.
    expect(see(...logsOf(chain.block(9) as ChainBlock, true), ...before, ...taken, ...fresh)).toMatchObject(flawless)
  })
})

describe('silence', () => {
  test('default: the longest time between two words, from the first block that counts to the last', () => {
    const { truth, heads } = fiveBlocks()
    const at = (...times: number[]) => times.map((time, i) => ({ ...(heads[i] as HeadSighting), at: time }))
    expect(judgeHeads(at(1_200, 1_210), truth).silence).toBe(290)
    expect(judgeHeads(at(1_400), truth).silence).toBe(400)
    expect(judgeHeads(at(900, 1_600), truth).silence).toBe(500)
  })
})

describe('worstOf', () => {
  test('default: word by word', () => {
    const { truth, heads } = fiveBlocks()
    const verdicts = [judgeHeads(heads.slice(1), truth), judgeHeads([...heads, ...heads], truth)]
    expect(worstOf(verdicts)).toEqual({ ...flawless, expected: 5, lost: 1, doubled: 5, silence: 200 })
  })
})

test('property: whatever happens to the chain, what a follower tells is flawless, and each log left out is missed', () => {
  const step = fc.oneof(
    fc.record({ mine: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ depth: fc.integer({ min: 1, max: 5 }), blocks: fc.integer({ min: 1, max: 6 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.nat(), (steps, pick) => {
      const chain = createTestChain()
      chain.mine(5)
      const follower = createFollower(chain, () => chain.head.number)
      const told: { heads: HeadSighting[]; logs: LogSighting[] } = { heads: [], logs: [] }
      for (const one of [{ mine: 1 }, ...steps]) {
        if ('mine' in one) chain.mine(one.mine)
        else chain.reorg(Math.min(one.depth, chain.head.number - 15), { blocks: one.blocks })
        const change = follower.next()
        told.heads.push(...change.added.map(headOf))
        const logs = logsOfChange(change, match).map(({ log, removed }) => ({ ...log, at: 0, removed }))
        told.logs.push(...logs.map((log) => ({ type: 'log' as const, ...log })))
      }
      const blocks = truthOf(chain).blocks.slice(5)
      const truth = { blocks, start: 0, end: 0 }
      expect(judgeHeads(told.heads, truth)).toMatchObject({ ...flawless, expected: blocks.length })
      expect(judgeLogs(told.logs, truth, match)).toMatchObject({ ...flawless, expected: blocks.length * 2 })
      const canonical = told.logs.filter((log) => !log.removed && blocks.some(({ hash }) => hash === log.blockHash))
      const missing = canonical[pick % canonical.length]
      const without = told.logs.filter((log) => log !== missing)
      expect(judgeLogs(without, truth, match)).toMatchObject({ ...flawless, lost: 1 })
    }),
  )
})

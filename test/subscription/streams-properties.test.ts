// Whole streams whatever happens: frames lost, doubled and swapped, sockets that end, reorgs, silence. In the end everybody has
// the canonical chain, each event once, and what was replaced was taken back.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/subscription/block'
import { nameOf } from './blocks'
import { createNodes, logsOf, settle } from './nodes'

type Step = { type: 'mine' | 'reorg' | 'kill' | 'refuse' | 'wait'; count: number }
type Fate = 'come' | 'lose' | 'double' | 'late'

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('mine' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reorg' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('kill' as const), count: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refuse' as const), count: fc.integer({ min: 1, max: 2 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 8_000 }) }),
  },
)

/** What becomes of a frame. */
const fate = fc.constantFrom<Fate[]>('come', 'come', 'come', 'come', 'come', 'come', 'lose', 'double', 'late')

/** What went wrong once: a block replaced without a word below one that was pushed; one that was asked for when a reorg took it out. */
const found: [step: Step[], fate: Fate[], pause: number][] = [
  [[mine(1), reorg(1), mine(1)], ['lose', 'come', 'come', 'lose'], 1],
  [
    [{ type: 'refuse', count: 1 }, mine(1), reorg(1), { type: 'kill', count: 2 }, reorg(1), mine(1)],
    ['come', 'come', 'come', 'lose', 'come', 'come'],
    1,
  ],
]

function mine(count: number): Step {
  return { type: 'mine', count }
}

function reorg(count: number): Step {
  return { type: 'reorg', count }
}

/** What is left of heads: each stands on the one before. */
function settleHeads(seen: readonly string[], tree: readonly Block[], all: ReadonlyMap<string, Block>): string[] {
  const kept: Block[] = [tree[0] as Block]
  for (const name of seen) {
    const block = all.get(name) as Block
    while (kept.length > 0 && kept.at(-1)?.hash !== block.parentHash) kept.pop()
    if (kept.length === 0) throw new Error(`${name} stands on nothing that was given.`)
    kept.push(block)
  }
  return kept.slice(1).map(nameOf)
}

describe('streams', () => {
  test.each([
    ['with heads', true],
    ['without heads', false],
  ])(
    'behavior: whatever happens, logs (%s) and heads are complete, each once, and what was replaced is taken back',
    async (_, hasHeads) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 15 }),
          fc.array(fate, { minLength: 1, maxLength: 50 }),
          fc.integer({ min: 1, max: 1_500 }),
          async (steps, fates, pause) => {
            const { clock, feed, subscribe, tree, engine } = createNodes(2)
            const all = new Map<string, Block>()
            const heads = hasHeads ? subscribe() : undefined
            const logs = subscribe(['logs', {}])
            await clock.settle()
            let frames = 0
            let isClear = false
            let late: (() => void)[] = []
            const send = (frame: () => void) => {
              const its = isClear ? 'come' : fates[frames++ % fates.length]
              if (its === 'late') return void late.push(frame)
              if (its !== 'lose') frame()
              if (its === 'double') frame()
              for (const one of late.splice(0)) one()
            }
            const push = async (blocks: readonly Block[]) => {
              for (const block of blocks) {
                all.set(nameOf(block), block)
                for (const number of [1, 2]) {
                  send(() => feed(number).push(block.raw))
                  for (const log of logsOf(block)) send(() => feed(number).push(log, 'logs'))
                }
                await clock.advance(pause)
              }
            }
            for (const { type, count } of steps) {
              if (type === 'mine') await push(tree.mine(count))
              if (type === 'reorg' && tree.chain().length > count) await push(tree.reorg(count, count + 1))
              if (type === 'kill') feed(count).drop()
              if (type === 'refuse') {
                feed(count).refuse(new Error('busy'))
                feed(count).drop()
              }
              if (type === 'wait') await clock.advance(count)
            }
            for (const number of [1, 2]) feed(number).confirm()
            late = []
            // The last ones come whole.
            isClear = true
            await clock.advance(40_000)
            await push(tree.mine(3))
            await clock.advance(180_000)
            await push(tree.mine(1))
            await clock.advance(5_000)
            const chain = tree.chain().slice(1)
            if (heads)
              expect([settleHeads(heads.seen, tree.chain(), all), heads.errors]).toEqual([chain.map(nameOf), []])
            const expected = chain.flatMap((block) => [0, 1].map((index) => `${nameOf(block)}:${index}`))
            expect([[...settle(logs.seen)].sort(), logs.errors]).toEqual([expected.sort(), []])
            engine.close()
            expect(clock.pending.total).toBe(0)
          },
        ),
        { numRuns: 60, examples: found },
      )
    },
  )
})

// What a poller makes of a filter's changes is the canonical chain, whatever happens to the chain and to the providers.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChain } from '../../support/chain'
import type { ChainBlock, LogSpec } from '../../support/chain-block'
import { tokenA } from '../../support/chain-block'
import type { EngineNode } from '../../support/node-engine'
import { createNodeEngine } from '../../support/node-engine'
import { seededRandom } from '../../support/seeded-random'

const MOST_LAG = 3

const steps = (nodes: number) => {
  const node = fc.nat(nodes - 1)
  return fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ type: fc.constant('mine' as const), blocks: fc.integer({ min: 1, max: 4 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constant('reorg' as const),
          depth: fc.integer({ min: 1, max: 6 }),
          blocks: fc.integer({ min: 0, max: 8 }),
        }),
      },
      { weight: 6, arbitrary: fc.record({ type: fc.constant('poll' as const), filter: fc.nat(2) }) },
      {
        weight: 1,
        arbitrary: fc.record({ type: fc.constant('lag' as const), node, lag: fc.integer({ min: 0, max: MOST_LAG }) }),
      },
      { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('die' as const, 'revive' as const), node }) },
      {
        weight: 3,
        arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
      },
    ),
    { minLength: 10, maxLength: 60 },
  )
}
const world = fc.integer({ min: 1, max: 3 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    steps: steps(nodes),
    slowness: fc.constantFrom(0, 20, 150),
    consistency: fc.constantFrom('head' as const, 'head' as const, 'none' as const),
    seed: fc.integer(),
  }),
)

/** A log in two of three blocks, on each branch others. */
const logsOf = (number: number, branch: number): LogSpec[] =>
  Array.from({ length: (number * 7 + branch * 5) % 3 }, () => ({ address: tokenA, topics: [] }))

test('default: the changes, applied, are the canonical chain', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ nodes: count, steps, slowness, consistency, seed }) => {
      const random = seededRandom(seed)
      const chain = createChain({ height: 50, logs: logsOf })
      chain.mine(20)
      const { nodes, ask, start, clock } = createNodeEngine({ nodes: count, chain, options: { consistency } })
      for (const node of nodes) node.after = () => (slowness === 0 ? undefined : Math.ceil(random() * slowness))
      const first = chain.head.number + 1
      const filters = [await ask('eth_newFilter', [{}]), await ask('eth_newBlockFilter')]
      chain.mine(MOST_LAG + 1)
      const logs: string[] = []
      const blocks: string[] = []
      const problems: string[] = []
      const take = (filter: number, found: readonly any[]) => {
        if (filter === 1) return void blocks.push(...found)
        for (const { blockHash, logIndex, removed } of found) {
          const key = `${blockHash} ${logIndex}`
          if (!removed && logs.includes(key)) problems.push(`${key} doubled`)
          else if (!removed) logs.push(key)
          else if (logs.pop() !== key) problems.push(`${key} is not the last one`)
        }
      }
      const under: { filter: number; seen: ReturnType<typeof start> }[] = []
      // Answers are taken in the order in which they come, as a poller does.
      const collect = () => {
        for (const one of [...under].filter(({ seen }) => seen.ended)) {
          under.splice(under.indexOf(one), 1)
          if (!one.seen.ended?.error) take(one.filter, one.seen.ended?.value as any[])
        }
      }

      for (const step of steps) {
        const node = 'node' in step ? (nodes[step.node] as EngineNode) : undefined
        if (step.type === 'mine') chain.mine(step.blocks)
        // No node is ever below where the filters began: what it has there could not be told from what is new.
        if (step.type === 'reorg') chain.reorg(Math.min(step.depth, chain.head.number - first - MOST_LAG), step)
        if (step.type === 'poll' && !under.some(({ filter }) => filter === step.filter % 2))
          under.push({ filter: step.filter % 2, seen: start('eth_getFilterChanges', [filters[step.filter % 2]]) })
        if (node && step.type === 'lag') node.lag = step.lag
        if (node && step.type !== 'lag') node.isDead = step.type === 'die'
        if (step.type === 'wait') await clock.advance(step.ms)
        else await clock.settle()
        collect()
      }

      for (const node of nodes) Object.assign(node, { lag: 0, isDead: false })
      while (under.length > 0) {
        await clock.advance(100)
        collect()
      }
      // A chain that grows is followed at once; a breaker may have to close first.
      for (let poll = 0; poll < 4; poll++) {
        chain.mine()
        await clock.advance(61_000)
        for (const filter of [0, 1]) take(filter, await ask('eth_getFilterChanges', [filters[filter]]))
      }
      const truth = Array.from(
        { length: chain.head.number - first + 1 },
        (_, i) => chain.block(first + i) as ChainBlock,
      )
      expect(problems).toEqual([])
      expect(logs).toEqual(
        truth.flatMap(({ logs }) => logs.map((log) => `${log.blockHash} 0x${log.logIndex.toString(16)}`)),
      )
      expect(new Set(blocks).size).toBe(blocks.length)
      expect(blocks.filter((hash) => truth.some((block) => block.hash === hash))).toEqual(truth.map(({ hash }) => hash))
    }),
    {
      numRuns: 100,
      seed: 1,
    },
  )
})

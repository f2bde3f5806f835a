// Split logs equal the unsplit truth, whatever the providers allow, say, and do: on the manual clock, over one chain.

import fc from 'fast-check'
import { pad, toHex } from 'viem'
import { expect, test } from 'vitest'
import type { LogSpec } from '../../support/chain-block'
import type { Ended } from '../../support/engine'
import { httpError, networkError, rpcError, timeoutError } from '../../support/errors'
import type { LogNode } from '../../support/log-nodes'
import { createLogWorld } from '../../support/log-nodes'
import type { LogFilter, LogLimits } from '../../support/node-logs'
import { seededRandom } from '../../support/seeded-random'

const HEIGHT = 600
const addresses = Array.from({ length: 8 }, (_, index) => pad(toHex(index + 1), { size: 20 }))
const topics = Array.from({ length: 3 }, (_, index) => pad(toHex(index + 1)))

type Node = {
  enforces: LogLimits
  /** What the user has said of it; the real limits, or nothing. */
  isDeclared: boolean
  /** It answers with what it has room for instead of refusing: only a declared limit tells. */
  isCuttingShort: boolean
  after: number
  /** Share of its answers that are failures. */
  failing: number
  backup: boolean
}

const failures = [
  () => networkError(),
  () => httpError(502, 'bad gateway'),
  () => rpcError(-32603, 'Internal error'),
  () => rpcError(-32000, 'the moon is full'),
  () => timeoutError(),
]

const limit = (min: number, max: number) => fc.option(fc.integer({ min, max }), { nil: undefined, freq: 2 })
const node = fc.record<Node>({
  enforces: fc.record<LogLimits>({
    maxBlockRange: limit(3, 400),
    maxResults: limit(12, 400),
    maxAddresses: limit(1, 8),
    wording: fc.constantFrom(
      'alchemy' as const,
      'infura' as const,
      'publicnode' as const,
      'quicknode' as const,
      'vague' as const,
    ),
  }),
  isDeclared: fc.boolean(),
  isCuttingShort: fc.boolean(),
  after: fc.integer({ min: 1, max: 80 }),
  failing: fc.constantFrom(0, 0, 0.05, 0.3),
  backup: fc.boolean(),
})
const world = fc.record({
  nodes: fc.array(node, { minLength: 1, maxLength: 4 }),
  from: fc.integer({ min: 0, max: HEIGHT }),
  to: fc.option(fc.integer({ min: 0, max: HEIGHT }), { nil: 'latest' as const }),
  wanted: fc.uniqueArray(fc.constantFrom(...addresses), { maxLength: 8 }),
  topic: fc.option(fc.constantFrom(...topics), { nil: undefined }),
  density: fc.integer({ min: 0, max: 3 }),
  seed: fc.nat(),
})

/** At most nine a block, so that a block alone is never too much. */
function logsOf(density: number) {
  return (number: number): LogSpec[] =>
    Array.from({ length: (number * 7 + density) % (density * 3 + 1) }, (_, index) => ({
      address: addresses[(number + index * 3) % addresses.length] as never,
      topics: [topics[(number + index) % topics.length] as never],
    }))
}

test('behavior: with random limits, wordings, failures and heads, split logs equal the unsplit truth', async () => {
  let split = 0
  await fc.assert(
    fc.asyncProperty(world, async ({ nodes, from, to, wanted, topic, density, seed }) => {
      const random = seededRandom(seed)
      // One that never fails: what nobody can serve is for other tests.
      const list = [...nodes, { ...(nodes[0] as Node), failing: 0, backup: false, isDeclared: true }].map(
        (one): LogNode => {
          const { wording: _, ...limits } = one.enforces
          const isQuiet = one.isCuttingShort && one.isDeclared && limits.maxResults !== undefined
          return {
            isBackup: one.backup,
            after: one.after,
            enforces: isQuiet ? { ...one.enforces, maxResults: undefined } : one.enforces,
            ...(isQuiet && { cutsShort: limits.maxResults as number }),
            ...(one.isDeclared && { capabilities: { logs: limits } }),
            before() {
              if (random() < one.failing) throw (failures[Math.floor(random() * failures.length)] as () => Error)()
            },
          }
        },
      )
      const t = createLogWorld({
        nodes: list,
        height: HEIGHT,
        logs: logsOf(density),
        options: { logs: { maxRequests: 100_000 } },
        random,
      })
      const filter = {
        fromBlock: toHex(typeof to === 'number' ? Math.min(from, to) : from),
        toBlock: typeof to === 'number' ? toHex(Math.max(from, to)) : to,
        ...(wanted.length > 0 && { address: wanted }),
        ...(topic && { topics: [topic] }),
      }
      for (let request = 0; request < 2; request++) {
        const before = t.asked.length
        const seen = t.start('eth_getLogs', [filter]) as { ended: Ended | undefined }
        for (let turn = 0; !seen.ended && turn < 2_000; turn++) await t.clock.advance(50)
        expect(seen.ended?.error).toBeUndefined()
        expect(seen.ended?.value).toEqual(t.truth(filter as LogFilter))
        expect(t.inFlight()).toBe(0)
        if (t.asked.length - before > 3) split++
      }
    }),
    { numRuns: 150 },
  )
  expect(split).toBeGreaterThan(20)
})

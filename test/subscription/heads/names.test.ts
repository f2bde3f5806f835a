// Heads that are pushed under another hash than that of their block.

import { expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import { createNames } from '../../../src/subscription/heads/names'
import { blockOf, blocksOf, hashOf, nameOf } from '../blocks'
import { createNodes } from '../nodes'

/** @param answer the block that is found by its number */
function setUp(answer: (number: number) => Block) {
  const asked: number[] = []
  const given: string[] = []
  const names = createNames({
    async byNumber(number) {
      asked.push(number)
      return answer(number)
    },
  })
  return { asked, given, push: (block: Block) => names(block, (one) => given.push(nameOf(one))) }
}

/** As a node pushes it that makes up hashes: its parent is the true one. */
const alias = (number: number) => ({ ...blockOf(number), hash: hashOf(number, 7) })

test('default: what follows what was pushed before is given at once; so is another branch, and what comes after a gap', () => {
  const { asked, given, push } = setUp(blockOf)
  for (const block of [...blocksOf(100, 102), ...blocksOf(102, 103, { branch: 1, parentBranch: 0 }), blockOf(107)])
    push(block)
  expect([given, asked]).toEqual([['100', '101', '102', '102/1', '103/1', '107'], []])
})

test('behavior: once one does not follow, blocks are asked for, until they follow again', async () => {
  const { asked, given, push } = setUp(blockOf)
  for (const number of [100, 101, 102, 105]) push(alias(number))
  await Promise.resolve().then(() => {})
  for (const block of [alias(106), ...blocksOf(107, 109)]) push(block)
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toEqual([101, 102, 105, 106, 107])
  expect([...given].sort()).toEqual(['100/7', '101', '102', '105', '106', '107', '108', '109'])
})

test.each([
  ['the one that is found has another parent', (number: number) => blockOf(number, { branch: 2 })],
  [
    'none is found',
    () => {
      throw new Error('Nobody has it.')
    },
  ],
])(
  'behavior: after a reorg, where only its newest block is pushed and %s, it is what was pushed',
  async (_, answer) => {
    const { given, push } = setUp(answer)
    for (const block of [blockOf(100), blockOf(101, { branch: 1 })]) push(block)
    await new Promise((resolve) => setImmediate(resolve))
    expect(given).toEqual(['100', '101/1'])
  },
)

test('behavior: a stream of them gives each block once; only of the first one the true hash comes with its child', async () => {
  const { clock, tree, feed, subscribe } = createNodes(1)
  const { seen } = subscribe()
  await clock.advance(100)
  for (const { raw, number } of tree.mine(5)) {
    feed(1).push({ ...raw, hash: hashOf(number, 7) })
    await clock.advance(1_000)
  }
  expect(seen).toEqual(['101/7', '101', '102', '103', '104', '105'])
})

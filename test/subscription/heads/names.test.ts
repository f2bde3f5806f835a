// Heads that are pushed under another hash than that of their block.

import { expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import { createNames } from '../../../src/subscription/heads/names'
import type { RpcRequest } from '../../../src/types'
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
  for (const block of [alias(106), blockOf(107)]) push(block)
  await new Promise((resolve) => setImmediate(resolve))
  for (const block of blocksOf(108, 109)) push(block)
  expect(asked).toEqual([101, 102, 105, 106, 107])
  expect(given).toEqual(['100/7', '101', '102', '105', '106', '107', '108', '109'])
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

test('behavior: one that comes later than a higher one, pushed after it, is dropped; not one that was pushed after a lower one', async () => {
  const slow = new Map<number, (block: Block) => void>()
  const given: string[] = []
  const names = createNames({ byNumber: (number) => new Promise((resolve) => void slow.set(number, resolve)) })
  const push = (block: Block) => names(block, (one) => given.push(nameOf(one)))
  for (const number of [100, 101, 102, 103]) push(alias(number))
  for (const number of [102, 101, 103]) slow.get(number)?.(blockOf(number))
  await new Promise((resolve) => setImmediate(resolve))
  expect(given).toEqual(['100/7', '102', '103'])
  for (const number of [104, 102]) push(alias(number))
  for (const number of [102, 104]) slow.get(number)?.(blockOf(number))
  await new Promise((resolve) => setImmediate(resolve))
  expect(given.slice(3)).toEqual(['102', '104'])
})

test('behavior: one of them is not found, which takes longer than its successors: what was given is not taken back', async () => {
  const { clock, tree, feed, subscribe, channel, answer } = createNodes(1)
  const { seen } = subscribe()
  await clock.advance(100)
  async function reply(asked: RpcRequest) {
    const isAbsent = asked.method === 'eth_getBlockByNumber' && (asked.params as [string])[0] === '0x69'
    if (isAbsent) await new Promise<void>((resolve) => void clock.after(1_000, resolve))
    return isAbsent ? null : answer('p1', asked)
  }
  for (const type of ['http', 'ws'] as const) channel('p1', type).reply(reply)
  for (const { raw, number } of tree.mine(10)) {
    feed(1).push({ ...raw, hash: hashOf(number, 7) })
    await clock.advance(300)
  }
  await clock.advance(1_000)
  expect(seen).toEqual(['101/7', ...Array.from({ length: 10 }, (_, index) => `${101 + index}`)])
})

test('behavior: while one is asked for, a stream of logs goes live at the same place: it gives the logs of that block', async () => {
  const { clock, tree, feed, push, subscribe, heal } = createNodes(1)
  subscribe()
  await clock.advance(100)
  const mined = tree.mine(5)
  const asAlias = ({ raw, number }: Block) => feed(1).push({ ...raw, hash: hashOf(number, 7) })
  for (const block of mined.slice(0, 3)) {
    asAlias(block)
    await clock.advance(300)
  }
  heal(1, 200)
  // Its logs are pushed before anybody has subscribed to them.
  asAlias(mined[3] as Block)
  const { seen } = subscribe(['logs', {}])
  await clock.advance(1_000)
  push(1, mined.slice(4))
  await clock.advance(1_000)
  expect(seen).toEqual(['104:0', '104:1', '105:0', '105:1'])
})

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

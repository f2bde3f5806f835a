// What the stream of heads reads again for a subscriber that was slow.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import type { HeadFeed } from '../../../src/subscription/heads/head-feed'
import { createHeadStream } from '../../../src/subscription/heads/head-stream'
import { createManualClock } from '../../support/manual-clock'
import { blockOf, nameOf } from '../blocks'
import { createTree } from '../tree'

function setUp() {
  const tree = createTree(createManualClock())
  tree.mine(10)
  const known = [...tree.chain()]
  let lowest = 100
  const heads = {
    listen: () => () => {},
    state: () => ({ name: 'opening' }),
    tip: () => known.at(-1),
    lowest: () => lowest,
    has: (hash: string) => known.some((block) => block.hash === hash && block.number >= lowest),
  } as Partial<HeadFeed> as HeadFeed
  const stream = createHeadStream(heads, tree.backfill, { onState() {} } as never)
  return {
    tree,
    forgetBelow(number: number) {
      lowest = number
    },
    async replay(from: number) {
      const { items, upTo } = await stream.replay(from)
      return [items.map((item) => nameOf((item as { block: Block }).block)), upTo]
    },
  }
}

describe('replay', () => {
  test('default: the blocks from there to the newest', async () => {
    const { replay } = setUp()
    expect(await replay(108)).toEqual([['108', '109', '110'], 110])
  })

  test('behavior: whoever answers is on a branch that was not told: nothing of it is given', async () => {
    const { tree, replay } = setUp()
    tree.reorg(2, 3)
    await expect(replay(108)).rejects.toThrow('Not all blocks could be had.')
  })

  test('behavior: what is below all that is remembered cannot be told apart', async () => {
    const { tree, forgetBelow, replay } = setUp()
    tree.reorg(10, 10)
    forgetBelow(111)
    expect(await replay(110)).toEqual([[nameOf(blockOf(110, { branch: 1 }))], 110])
  })
})

// The follower over a tree of blocks: whatever heads arrive, the canonical chain comes out, once and in order.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import type { Origin } from '../../../src/subscription/heads/arrivals'
import { createFollower } from '../../../src/subscription/heads/follower'
import { createManualClock } from '../../support/manual-clock'
import { blockOf, nameOf } from '../blocks'
import { createTree } from '../tree'

type Given = {
  mostFilled?: number
  providers?: readonly string[]
  isBegun?: boolean
  /** That of the first block. */
  height?: number
  known?: number
  onTold?: () => void
  onAstray?: (block: Block) => boolean
  /** Whether blocks can be had by their numbers only. */
  lacksHashes?: boolean
}

function setUp(given: Given = {}) {
  const { mostFilled = 256, providers = ['p1'], isBegun = true, known, onTold, onAstray = () => false } = given
  const clock = createManualClock()
  const tree = createTree(clock, given.height)
  const base = tree.head()
  const told: string[] = []
  /** What a reader of the stream has after it all. */
  const kept: Block[] = []
  const filling: boolean[] = []
  const backfill = {
    ...tree.backfill,
    ...(given.lacksHashes && { byHash: () => Promise.reject(new Error('It takes no hashes.')) }),
  }
  const follower = createFollower({
    clock,
    backfill,
    providers: () => providers,
    mostFilled,
    known: () => known,
    sink: {
      onBlock(block) {
        const tip = kept.at(-1)
        if (tip && tip.hash !== block.parentHash) told.push('loose')
        kept.push(block)
        told.push(nameOf(block))
        onTold?.()
      },
      onReorg(removed, isReset) {
        for (const { hash } of removed) if (kept.at(-1)?.hash === hash) kept.pop()
        told.push(`${isReset ? 'reset' : 'reorg'} ${removed.map(nameOf).join(' ')}`)
      },
      onGap: (from, to, why) => told.push(`gap ${from}-${to}: ${why}`),
      onAstray,
      onFilling: (isFilling) => filling.push(isFilling),
    },
  })
  const p1: Origin = {}
  if (isBegun) follower.begin(base, p1)
  return {
    clock,
    tree,
    backfill,
    follower,
    told,
    kept,
    filling,
    p1,
    async arrive(blocks: readonly Block[], origin: Origin = p1) {
      for (const block of blocks) follower.arrive(block, origin)
      await clock.settle()
    },
  }
}

describe('blocks that do not name their parents (of `hardhat_mine`)', () => {
  const parentHash = `0x${'0'.repeat(64)}`
  /** The tree, with such blocks in place of these. */
  function setUpUnnamed(numbers: readonly number[], given: Given = {}) {
    const t = setUp(given)
    const bare = (block: Block) => (numbers.includes(block.number) ? { ...block, parentHash } : block)
    const { byHash, byNumber, inRange } = t.tree.backfill
    Object.assign(t.backfill, {
      byHash: async (...asked: Parameters<typeof byHash>) => bare(await byHash(...asked)),
      byNumber: async (...asked: Parameters<typeof byNumber>) => bare(await byNumber(...asked)),
      inRange: async (...asked: Parameters<typeof inRange>) => (await inRange(...asked)).map(bare),
    })
    return { ...t, bare }
  }

  test('behavior: each follows the block below it, down to the one that the chain has', async () => {
    const { tree, told, kept, arrive } = setUpUnnamed([103, 104, 105])
    const blocks = tree.mine(6)
    await arrive(blocks.slice(0, 2))
    await arrive(blocks.slice(5))
    expect(told).toEqual(['101', '102', '103', '104', '105', '106'])
    expect(kept.map(({ hash }) => hash)).toEqual(blocks.map(({ hash }) => hash))
  })

  test('behavior: on a chain that is known from block 0 on, they do not follow what is below that', async () => {
    const { tree, follower, p1, told, arrive } = setUpUnnamed([3, 4, 5], { height: 0, isBegun: false })
    follower.begin(undefined, p1)
    const blocks = [tree.head(), ...tree.mine(2)].map((block) => (block.number > 0 ? block : { ...block, parentHash }))
    await arrive(blocks)
    await arrive(tree.mine(4).slice(3))
    expect(told).toEqual(['0', '1', '2', '3', '4', '5', '6'])
  })

  test('behavior: one that was pushed, while the block below cannot be had: it is asked for again', async () => {
    const { clock, tree, told, bare, arrive } = setUpUnnamed([102])
    const [a, b] = tree.mine(2) as [Block, Block]
    tree.lose(a.hash)
    await arrive([bare(b)])
    expect(told).toEqual([])
    tree.find(a.hash)
    await clock.advance(1_000)
    expect(told).toEqual(['101', '102'])
  })
})

describe('one source', () => {
  test('default: each block once, in order, without a question', async () => {
    const { tree, told, filling, arrive } = setUp()
    await arrive(tree.mine(3))
    expect([told, tree.asked, filling]).toEqual([['101', '102', '103'], [], []])
  })

  test('Given the same head from two providers, then one delivery', async () => {
    const { tree, told, arrive } = setUp()
    const heads = tree.mine(2)
    await arrive(heads)
    await arrive(heads, {})
    await arrive(heads)
    expect(told).toEqual(['101', '102'])
  })

  test('Given live heads 300, 302, 301, 303, then 300..303 are delivered in order, once each', async () => {
    const { tree, told, arrive } = setUp()
    const [a, b, c, d] = tree.mine(4) as [Block, Block, Block, Block]
    await arrive([a, c, b, d])
    expect(told).toEqual(['101', '102', '103', '104'])
  })

  test('Given cursor 100, then head 100 -> nothing to fill, 101 -> fill nothing, 102 -> 101, 105 -> 101..104', async () => {
    const first = setUp()
    await first.arrive([first.tree.head()])
    expect([first.told, first.tree.asked]).toEqual([[], []])
    const second = setUp()
    await second.arrive(second.tree.mine(2).slice(1))
    expect([second.told, second.tree.asked, second.filling]).toEqual([['101', '102'], ['hash 101'], [true, false]])
    const third = setUp()
    await third.arrive(third.tree.mine(5).slice(4))
    expect([third.told, third.tree.asked]).toEqual([
      ['101', '102', '103', '104', '105'],
      ['number 101', 'number 102', 'number 103', 'number 104'],
    ])
  })

  test('behavior: the block that is asked for comes by itself meanwhile', async () => {
    const { clock, tree, told, arrive } = setUp()
    tree.delayBy(() => 5_000)
    const [a, b] = tree.mine(2) as [Block, Block]
    await arrive([b])
    expect(told).toEqual([])
    await clock.advance(10)
    await arrive([a])
    expect(told).toEqual(['101', '102'])
  })

  test('Given a head arrives on the new subscription while the backfill is running, then it is delivered after the backfilled ones', async () => {
    const { clock, tree, told, arrive } = setUp()
    tree.delayBy(() => 100)
    await arrive(tree.mine(5).slice(4))
    await clock.advance(50)
    await arrive(tree.mine())
    expect(told).toEqual([])
    await clock.advance(50)
    expect(told).toEqual(['101', '102', '103', '104', '105', '106'])
  })

  test('behavior: heads that come before it begins wait', async () => {
    const { clock, tree, told, arrive, follower, p1 } = setUp({ isBegun: false })
    const base = tree.head()
    await arrive([base, ...tree.mine(2)])
    expect(told).toEqual([])
    follower.begin(base, p1)
    await clock.settle()
    expect(told).toEqual(['101', '102'])
  })

  test('behavior: without a block to begin with, the first head is the first one', async () => {
    const { clock, tree, told, arrive, follower, p1 } = setUp({ isBegun: false })
    follower.begin(undefined, p1)
    await arrive(tree.mine(2).slice(1))
    await arrive(tree.mine())
    await clock.settle()
    expect(told).toEqual(['102', '103'])
  })

  test('behavior: numbers may be skipped', async () => {
    const { told, tree, arrive } = setUp()
    const next = blockOf(107, { parentHash: tree.head().hash as `0x${string}` })
    await arrive([next])
    expect([told, tree.asked]).toEqual([['107'], []])
  })
})

describe('a reorg', () => {
  test('default: what is replaced, then the new branch', async () => {
    const { tree, told, arrive } = setUp()
    await arrive(tree.mine(3))
    await arrive(tree.reorg(2, 3))
    expect(told.slice(3)).toEqual(['reorg 103 102', '102/1', '103/1', '104/1'])
  })

  test('behavior: only the head of the new branch comes', async () => {
    const { clock, tree, told, arrive } = setUp()
    await arrive(tree.mine(3))
    await arrive(tree.reorg(2, 5).slice(4))
    await clock.settle()
    expect(told.slice(3)).toEqual(['reorg 103 102', '102/1', '103/1', '104/1', '105/1', '106/1'])
  })

  test('behavior: the source has become shorter', async () => {
    const { tree, told, arrive } = setUp()
    await arrive(tree.mine(5))
    await arrive(tree.reorg(4, 1))
    await arrive(tree.mine(1))
    expect(told.slice(5)).toEqual(['reorg 105 104 103 102', '102/1', '103/1'])
  })

  test('behavior: of the block it began with', async () => {
    const { tree, told, arrive, follower, p1 } = setUp({ isBegun: false })
    tree.mine(1)
    follower.begin(tree.head(), p1)
    await arrive(tree.reorg(1, 2))
    expect(told).toEqual(['reorg 101', '101/1', '102/1'])
  })

  test('behavior: deeper than it has begun: no block that was given is missing', async () => {
    const { clock, tree, told, kept, arrive, follower, p1 } = setUp({ isBegun: false })
    tree.mine(5)
    follower.begin(tree.head(), p1)
    await arrive(tree.reorg(4, 6))
    await clock.advance(1_000)
    expect(told.filter((line) => line.startsWith('gap'))).toEqual([])
    expect(told.slice(0, 2)).toEqual(['reorg 105', '104/1'])
    expect(kept.at(-1)).toBe(tree.head())
  })

  test('behavior: a head from before it began is no reorg', async () => {
    const { clock, tree, told, arrive, follower, p1 } = setUp({ isBegun: false })
    tree.mine(3)
    follower.begin(tree.head(), p1)
    await arrive(tree.chain().slice(0, 3))
    await clock.settle()
    expect(told).toEqual([])
    await arrive(tree.mine())
    expect(told).toEqual(['104'])
  })

  test('behavior: a head from below all that is remembered, doubled much later, is none', async () => {
    const { tree, told, arrive } = setUp()
    for (let count = 0; count < 60; count++) await arrive(tree.mine(10))
    told.length = 0
    await arrive(tree.chain().slice(5, 6))
    await arrive(tree.mine())
    expect(told).toEqual(['701'])
  })
})

describe('several sources', () => {
  test('behavior: a new source below the stream is not followed until it is above', async () => {
    const { tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(3))
    const p2: Origin = {}
    tree.follow('p2', 'p1')
    const other = tree.reorg(2, 3, 'p2')
    await arrive(other.slice(0, 2), p2)
    expect(told.slice(3)).toEqual([])
    await arrive(other.slice(2), p2)
    expect(told.slice(3)).toEqual(['reorg 103 102', '102/1', '103/1', '104/1'])
  })

  test('behavior: nor does it become the present source by heads that were told long ago', async () => {
    const { tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(3))
    const p2: Origin = {}
    tree.follow('p2', 'p1')
    await arrive(tree.chain().slice(2, 3), p2)
    await arrive(tree.reorg(2, 1, 'p2'), p2)
    expect(told.slice(3)).toEqual([])
    await arrive(tree.mine(1))
    expect(told.slice(3)).toEqual(['104/1'])
  })

  test('behavior: once followed, its own reorgs are', async () => {
    const { tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(3))
    const p2: Origin = {}
    tree.follow('p2', 'p1')
    await arrive(tree.mine(1, 'p2'), p2)
    await arrive(tree.reorg(2, 1, 'p2'), p2)
    expect(told.slice(3)).toEqual(['104', 'reorg 104 103', '103/1'])
  })

  test('behavior: at equal height the present source is right', async () => {
    const { tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(3))
    tree.follow('p2', 'p1')
    await arrive(tree.reorg(1, 1, 'p2'), {})
    expect(told.slice(3)).toEqual([])
    await arrive(tree.mine(1))
    expect(told.slice(3)).toEqual(['104/1'])
  })

  test('behavior: one that has been lower for a minute is not followed while another is level', async () => {
    const { clock, tree, told, arrive, p1 } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(5))
    tree.follow('p2', 'p1')
    const p2: Origin = {}
    await arrive(tree.reorg(4, 1, 'p2'), p2)
    await clock.advance(59_999)
    await arrive([tree.head()], p1)
    await clock.advance(59_999)
    await arrive(tree.mine(1, 'p2'), p2)
    expect(told.slice(5)).toEqual([])
  })

  test('behavior: one that has been lower for a minute, alone, is followed', async () => {
    const { clock, tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(5))
    tree.follow('p2', 'p1')
    const p2: Origin = {}
    const other = tree.reorg(4, 1, 'p2')
    await arrive(other, p2)
    await clock.advance(59_999)
    expect(told.slice(5)).toEqual([])
    await clock.advance(1)
    await arrive(tree.mine(1, 'p2'), p2)
    expect(told.slice(5)).toEqual(['reorg 105 104 103 102', '102/1', '103/1'])
  })
})

test('behavior: a source that has just come is not followed down, however long ago another one was level', async () => {
  const { clock, tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
  await arrive(tree.mine(5))
  await clock.advance(60_000)
  tree.follow('p2', 'p1')
  const p2: Origin = {}
  await arrive(tree.reorg(4, 1, 'p2'), p2)
  expect(told.slice(5)).toEqual([])
  await clock.advance(60_000)
  await arrive(tree.mine(1, 'p2'), p2)
  expect(told.slice(5)).toEqual(['reorg 105 104 103 102', '102/1', '103/1'])
})

test('behavior: nor is one that was lower once, and level since', async () => {
  const { clock, tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
  await arrive(tree.mine(3))
  const p2: Origin = {}
  tree.follow('p2', 'p1')
  await arrive(tree.reorg(2, 1, 'p2'), p2)
  tree.follow('p2', 'p1')
  await arrive([tree.head('p2')], p2)
  await arrive(tree.mine(1))
  await clock.advance(60_000)
  await arrive(tree.reorg(2, 1, 'p2'), p2)
  expect(told).toEqual(['101', '102', '103', '104/1'])
})

describe('a reset', () => {
  test('behavior: all say that the chain is shorter: it is followed down', async () => {
    const { clock, tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(5))
    tree.reorg(4, 1)
    tree.follow('p2', 'p1')
    await arrive([tree.head()], {})
    await clock.settle()
    expect(told.slice(5)).toEqual(['reset 105 104 103 102', '102/1'])
  })

  test('behavior: another is as high as before: it is not', async () => {
    const { clock, tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(5))
    tree.follow('p2', 'p1')
    tree.reorg(4, 1)
    await arrive([tree.head()], {})
    await clock.advance(30_000)
    expect(told.slice(5)).toEqual([])
  })

  test('behavior: looked for less and less often, but at once again when the chain has grown', async () => {
    const { tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(5))
    tree.follow('p2', 'p1')
    await arrive(tree.reorg(4, 1, 'p2'), {})
    await arrive(tree.mine(1))
    told.length = 0
    tree.reorg(5, 1)
    tree.follow('p2', 'p1')
    await arrive([tree.head()], {})
    expect(told).toEqual([expect.stringMatching(/^reset 106/), '102/2'])
  })

  test('behavior: stopped while it is looked for, nothing more is asked or told', async () => {
    const { clock, tree, told, filling, follower, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(5))
    tree.reorg(4, 2)
    tree.follow('p2', 'p1')
    tree.delayBy(() => 100)
    await arrive([tree.head()], {})
    await clock.advance(50)
    follower.stop()
    await clock.advance(1_000)
    expect([told.slice(5), filling, tree.asked]).toEqual([[], [], ['latest p1', 'latest p2']])
  })

  test('behavior: one that is alone is asked twice', async () => {
    const { clock, tree, told, arrive } = setUp()
    await arrive(tree.mine(5))
    tree.reorg(4, 1)
    await arrive([tree.head()], {})
    await clock.advance(999)
    expect([told.slice(5), tree.asked.filter((one) => one.startsWith('latest'))]).toEqual([[], ['latest p1']])
    await clock.advance(1)
    expect(told.slice(5)).toEqual(['reset 105 104 103 102', '102/1'])
  })
})

describe('a reset below all that is remembered', () => {
  test('behavior: it is told as a reset, once, with what was replaced', async () => {
    const { clock, tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    for (let count = 0; count < 60; count++) await arrive(tree.mine(10))
    told.length = 0
    tree.reorg(590, 1)
    tree.follow('p2', 'p1')
    await arrive([tree.head()], {})
    await clock.settle()
    expect(told).toEqual([
      expect.stringMatching(/^reset 700 699 /),
      'gap 110-110: the new branch leaves the chain below all that is remembered',
      'loose',
      '111/1',
    ])
  })
})

describe('what cannot be had', () => {
  test('Given a null block or an error during backfill, then it is asked for again, and reported after 30 s', async () => {
    const { clock, tree, told, arrive } = setUp()
    const [lost] = tree.mine(2) as [Block, Block]
    tree.lose(lost.hash)
    await arrive([tree.head()])
    await clock.advance(30_000)
    expect(told).toEqual([])
    expect(tree.asked.length).toBeGreaterThan(10)
    await clock.advance(2_100)
    expect(told).toEqual(['gap 101-101: a block in between could not be had', '102'])
    await arrive(tree.mine())
    expect(told.slice(2)).toEqual(['103'])
  })

  test('behavior: blocks can be had by their numbers only: one that is the parent is taken, one of another branch is not', async () => {
    const { clock, tree, told, arrive } = setUp({ lacksHashes: true })
    await arrive(tree.mine(2).slice(1))
    expect(told).toEqual(['101', '102'])
    const [, orphan] = tree.mine(2) as [Block, Block]
    tree.reorg(2, 1)
    await arrive([orphan])
    await clock.advance(1_000)
    expect(told).toEqual(['101', '102'])
  })

  test('behavior: after 10 s whoever gave the head is told of; if it is left for that, the head is dropped, and others go on', async () => {
    const astray: string[] = []
    const onAstray = (block: Block) => astray.push(`${nameOf(block)} at ${clock.now()}`) > 0
    const { clock, tree, told, arrive } = setUp({ onAstray })
    const [lost] = tree.mine(2) as [Block, Block]
    tree.lose(lost.hash)
    await arrive([tree.head()])
    await clock.advance(10_000)
    expect(astray).toEqual([])
    await clock.advance(2_100)
    expect(astray).toEqual([expect.stringMatching(/^102 at 1[01]\d{3}$/)])
    await clock.advance(60_000)
    expect([told, astray.length]).toEqual([[], 1])
    tree.find(lost.hash)
    await arrive(tree.mine(), {})
    expect(told).toEqual(['101', '102', '103'])
  })

  test('behavior: what could not be had before we slept is asked for when we wake', async () => {
    const { clock, tree, told, arrive } = setUp()
    const [lost] = tree.mine(2) as [Block, Block]
    tree.lose(lost.hash)
    await arrive([tree.head()])
    await clock.jump(600_000)
    tree.find(lost.hash)
    await clock.advance(2_100)
    expect(told).toEqual(['101', '102'])
  })

  test('behavior: it comes within 30 s: nothing is missing', async () => {
    const { clock, tree, told, arrive } = setUp()
    const [lost] = tree.mine(2) as [Block, Block]
    tree.lose(lost.hash)
    await arrive([tree.head()])
    await clock.advance(20_000)
    tree.find(lost.hash)
    await clock.advance(2_000)
    expect(told).toEqual(['101', '102'])
  })

  test('behavior: a block of the same number from another branch is not taken for it', async () => {
    const { clock, tree, told, arrive } = setUp({ providers: ['p1', 'p2'] })
    await arrive(tree.mine(2))
    tree.follow('p2', 'p1')
    const [lost, head] = tree.reorg(1, 2, 'p2') as [Block, Block]
    tree.lose(lost.hash)
    // Its provider has gone back to the branch of the others.
    tree.follow('p2', 'p1')
    await arrive([head], {})
    await clock.advance(5_000)
    expect([told, tree.asked.includes('number 102')]).toEqual([['101', '102'], true])
    tree.find(lost.hash)
    await clock.advance(5_000)
    expect(told.slice(2)).toEqual(['reorg 102', '102/1', '103/1'])
  })

  test('behavior: each that cannot be had has its own 30 s', async () => {
    const { clock, tree, told, arrive } = setUp()
    await arrive(tree.mine(2).slice(1))
    await clock.advance(60_000)
    const [lost] = tree.mine(2) as [Block, Block]
    tree.lose(lost.hash)
    await arrive([tree.head()])
    await clock.advance(5_000)
    tree.find(lost.hash)
    await clock.advance(5_000)
    expect(told).toEqual(['101', '102', '103', '104'])
  })

  test('behavior: new heads do not put off for ever what cannot be had', async () => {
    const { clock, tree, told, arrive } = setUp()
    const [lost] = tree.mine(2) as [Block, Block]
    tree.lose(lost.hash)
    await arrive([tree.head()])
    for (let count = 0; count < 40; count++) {
      await clock.advance(1_000)
      await arrive(tree.mine())
    }
    await clock.advance(5_000)
    expect(told.slice(0, 2)).toEqual(['gap 101-101: a block in between could not be had', '102'])
    expect(told.slice(1)).toEqual(tree.chain().slice(2).map(nameOf))
  })

  test('Given a gap larger than maxBackfillBlocks, then the newest part is filled, the rest is reported, and the stream goes on', async () => {
    const { tree, told, arrive } = setUp({ mostFilled: 5 })
    await arrive(tree.mine(20).slice(19))
    expect(told).toEqual([
      'gap 101-114: the gap is wider than maxBackfillBlocks',
      '115',
      '116',
      '117',
      '118',
      '119',
      '120',
    ])
    expect(tree.asked).toEqual(['number 115', 'number 116', 'number 117', 'number 118', 'number 119'])
    await arrive(tree.mine())
    expect(told.at(-1)).toBe('121')
  })

  test('behavior: what was replaced below such a gap is told, and missing like what is in it', async () => {
    const { tree, told, kept, arrive } = setUp({ mostFilled: 5 })
    await arrive(tree.mine(30))
    tree.reorg(20, 40)
    told.length = 0
    await arrive(tree.chain().slice(-1))
    const orphans = Array.from({ length: 20 }, (_, index) => 130 - index)
    expect(told.slice(0, 2)).toEqual([
      `reorg ${orphans.join(' ')}`,
      `gap 111-${tree.head().number - 6}: the gap is wider than maxBackfillBlocks`,
    ])
    expect(kept.at(-1)?.hash).toBe(tree.head().hash)
  })

  test('behavior: of what was replaced below such a gap a part cannot be had for long: what was seen to be replaced is told', async () => {
    const { clock, tree, told, kept, arrive } = setUp({ mostFilled: 5 })
    await arrive(tree.mine(30))
    tree.reorg(20, 40)
    for (const block of tree.chain()) if (block.number < 130) tree.lose(block.hash)
    told.length = 0
    await arrive(tree.chain().slice(-1))
    await clock.advance(29_000)
    expect(told).toEqual([])
    await clock.advance(3_000)
    expect(told[0]).toBe('reorg 130')
    expect(told[1]).toMatch(/^gap 130-/)
    expect(kept.at(-1)?.hash).toBe(tree.head().hash)
  })

  test('behavior: what is below such a gap cannot be had for a while: it is asked for again before it is taken to stand', async () => {
    const { clock, tree, told, arrive } = setUp({ mostFilled: 5 })
    await arrive(tree.mine(2))
    const away = tree.reorg(2, 40).slice(0, -6)
    for (const { hash } of away) tree.lose(hash)
    told.length = 0
    await arrive(tree.chain().slice(-1))
    for (const { hash } of away) tree.find(hash)
    await clock.advance(100)
    expect(told[0]).toBe('reorg 102 101')
  })

  test('behavior: a gap as wide as maxBackfillBlocks is filled', async () => {
    const { tree, told, arrive } = setUp({ mostFilled: 5 })
    await arrive(tree.mine(6).slice(5))
    expect(told).toEqual(['101', '102', '103', '104', '105', '106'])
  })

  test('behavior: a reorg deeper than all that is remembered is told, and that something is missing', async () => {
    const { clock, tree, told, arrive } = setUp({ mostFilled: 2_000 })
    for (let count = 0; count < 60; count++) await arrive(tree.mine(10))
    told.length = 0
    await arrive(tree.reorg(590, 591).slice(590))
    await clock.settle()
    expect(told[0]).toMatch(/^reorg 700 699 /)
    expect(told[1]).toMatch(/^gap \d+-\d+: the new branch leaves the chain below all that is remembered$/)
    expect(told.at(-1)).toBe('701/1')
  })
})

describe('stop', () => {
  test('behavior: while it waits for a block: nothing more is told, no timer is left', async () => {
    const { clock, tree, told, arrive, follower } = setUp()
    const [lost] = tree.mine(2) as [Block, Block]
    tree.lose(lost.hash)
    await arrive([tree.head()])
    expect(clock.pending.total).toBe(1)
    follower.stop()
    await arrive(tree.mine())
    await clock.advance(60_000)
    expect([told, clock.pending.total]).toEqual([[], 0])
  })

  test('behavior: from within a block that was filled in: nor are the others of the same gap', async () => {
    const { tree, told, arrive, follower } = setUp({ onTold: () => follower.stop() })
    await arrive(tree.mine(5).slice(4))
    expect(told).toEqual(['101'])
  })

  test('behavior: from within a block: the next one is not given', async () => {
    const { tree, told, arrive, follower } = setUp()
    const heads = tree.mine(3)
    await arrive(heads.slice(0, 1))
    follower.stop()
    await arrive(heads.slice(1))
    expect(told).toEqual(['101'])
  })
})

describe('whatever arrives', () => {
  test('behavior: any order, drops, doubles and reorgs: the canonical chain, once', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ depth: fc.constant(0), count: fc.integer({ min: 1, max: 6 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ depth: fc.integer({ min: 1, max: 8 }), count: fc.integer({ min: 1, max: 10 }) }),
      },
    )
    /** What becomes of a frame: lost, twice, late by some places. */
    const fate = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ copies: 1, late: 0 }) },
      { weight: 1, arbitrary: fc.constant({ copies: 0, late: 0 }) },
      { weight: 1, arbitrary: fc.constant({ copies: 2, late: 0 }) },
      {
        weight: 1,
        arbitrary: fc.record({ copies: fc.integer({ min: 1, max: 2 }), late: fc.integer({ min: 1, max: 3 }) }),
      },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.array(fate, { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(300), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 200 }),
        async (steps, fates, delays, pause) => {
          const { clock, tree, told, kept, arrive } = setUp()
          let asked = 0
          tree.delayBy(() => delays[asked++ % delays.length] as number)
          let sent = 0
          let late: { block: Block; left: number }[] = []
          const push = async (block: Block) => {
            await arrive([block])
            if (pause > 0) await clock.advance(pause)
          }
          for (const { depth, count } of steps) {
            const isReorg = depth > 0 && tree.chain().length > depth
            for (const block of isReorg ? tree.reorg(depth, count) : tree.mine(count)) {
              const { copies, late: by } = fates[sent++ % fates.length] as { copies: number; late: number }
              for (let copy = 0; copy < copies; copy++) {
                if (by === 0) await push(block)
                else late.push({ block, left: by })
              }
              const due = late.filter((one) => one.left-- <= 0)
              late = late.filter((one) => !due.includes(one))
              for (const one of due) await push(one.block)
            }
          }
          // In the end the source says where it is, higher than ever: a late frame may have told of a branch it has left.
          for (const one of late) await push(one.block)
          await arrive(tree.mine(10).slice(9))
          await clock.advance(60_000)
          expect(kept.map(nameOf)).toEqual(tree.chain().slice(1).map(nameOf))
          expect(told.filter((line) => line.startsWith('gap') || line === 'loose')).toEqual([])
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('after the block that callers know', () => {
  test('default: it begins there, whether the newest block could be asked for or not', async () => {
    for (const isAsked of [true, false]) {
      const { tree, follower, told, p1, arrive } = setUp({ isBegun: false, known: 100 })
      const heads = tree.mine(4)
      follower.begin(isAsked ? heads.at(-1) : undefined, p1)
      await arrive(heads.slice(-1))
      expect([isAsked, told]).toEqual([isAsked, ['101', '102', '103', '104']])
    }
  })

  test('behavior: with more in between than may be filled in, the rest is told', async () => {
    const { tree, follower, told, p1, arrive } = setUp({ isBegun: false, known: 100, mostFilled: 2 })
    const heads = tree.mine(6)
    follower.begin(heads.at(-1), p1)
    await arrive(heads.slice(-1))
    expect(told).toEqual(['gap 101-103: the gap is wider than maxBackfillBlocks', '104', '105', '106'])
  })

  test('behavior: of the parent that it begins with, or begins anew with, it is known who has it', async () => {
    const { tree, follower, p1, arrive } = setUp({ isBegun: false, known: 100, mostFilled: 2 })
    const [head, ...later] = tree.mine(8).map((block) => ({ ...block, provider: block.number > 101 ? 'p3' : 'p2' }))
    follower.begin(head, p1)
    expect(follower.chain.tip()).toMatchObject({ number: 100, hash: head?.parentHash, provider: 'p2' })
    await arrive(later.slice(-1))
    expect(follower.chain.root()).toMatchObject({ number: 105, provider: tree.head().provider })
  })

  test('behavior: a reorg right at the start', async () => {
    const { tree, follower, told, p1, arrive } = setUp({ isBegun: false, known: 100 })
    const heads = tree.mine(2)
    follower.begin(heads.at(-1), p1)
    await arrive(heads.slice(-1))
    await arrive(tree.reorg(2, 3))
    expect(told.filter((entry) => !entry.startsWith('below'))).toEqual([
      ...['101', '102', 'reorg 102 101'],
      ...['101/1', '102/1', '103/1'],
    ])
  })

  test('behavior: the newest block is no later: it begins with what comes after that', async () => {
    const { tree, follower, told, p1, arrive } = setUp({ isBegun: false, known: 105 })
    follower.begin(tree.head(), p1)
    await arrive(tree.mine(1))
    expect(told).toEqual(['101'])
  })
})

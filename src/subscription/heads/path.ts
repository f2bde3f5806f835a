// How a new head hangs on the chain that is known: the blocks in between, from the frames that have come already, else
// through the pipeline. Patient with a block that cannot be had yet, but not for ever.

import { pauseAfter } from '../../base/backoff'
import type { Patience } from '../../base/patience'
import type { Pauses } from '../../base/pause'
import type { Backfill } from '../backfill'
import type { Block, BlockRef } from '../block'
import type { Arrivals, Origin } from './arrivals'
import type { Continuity } from './continuity'
import type { FollowerSink } from './follower'

export type Path =
  /** The first one's parent is known. */
  | { readonly type: 'linked'; readonly blocks: readonly Block[] }
  /** The first one's parent is not: what lies below could not be had, or is too much. */
  | { readonly type: 'loose'; readonly blocks: readonly Block[]; readonly why: string }
  /** A newer head has made it pointless, or nobody wants it any more. */
  | { readonly type: 'left' }

export type PathOptions = {
  readonly backfill: Backfill
  readonly pauses: Pauses
  /** Most blocks that are filled in. */
  readonly mostFilled: number
  readonly chain: Continuity
  readonly arrivals: Arrivals
  readonly sink: Pick<FollowerSink, 'onAstray'>
  /** Since nothing could be linked. */
  readonly patience: Patience
  /** Where the block comes from. */
  readonly origin: Origin
}

/** Gaps wider than this are asked for by number, all at once. */
const NARROW = 2
/** For so long (in ms) a block is tried; */
export const GIVEN_UP = 30_000
/** sooner, whoever shows what nothing links is left, if there is somebody else. */
export const ASTRAY = 10_000

export async function findPath(head: Block, options: PathOptions): Promise<Path> {
  const { chain, backfill, pauses, mostFilled, patience } = options
  let blocks: Block[] = [head]
  let near = new Map<string, Block>()
  for (let failures = 0; !pauses.isOver(); ) {
    const first = blocks[0] as Block
    const { number: floor, hash } = chain.root() as BlockRef
    if (chain.has(first.parentHash) || (hash === '' && first.number === floor + 1)) return { type: 'linked', blocks }
    if (first.number <= floor)
      return { type: 'loose', blocks, why: 'the new branch leaves the chain below all that is remembered' }
    if (blocks.length > mostFilled) return { type: 'loose', blocks, why: 'the gap is wider than maxBackfillBlocks' }
    const height = chain.height()
    if (near.size === 0 && first.number - height > NARROW + 1) {
      const from = Math.max(height + 1, first.number - mostFilled)
      near = new Map(
        (await backfill.inRange(from, first.number - 1, head.provider)).map((block) => [block.hash, block]),
      )
    }
    const parent = near.get(first.parentHash) ?? (await parentOf(first, options))
    if (parent) {
      blocks = [parent, ...blocks]
      failures = 0
    } else if (options.arrivals.hasUpTo(head.number + 1) && failures > 0) return { type: 'left' }
    else if (patience.left() < 0) return { type: 'loose', blocks, why: 'a block in between could not be had' }
    else if ((options.origin.patience?.left() ?? 0) < 0 && options.sink.onAstray(head)) return { type: 'left' }
    else await pauses.wait(pauseAfter(failures++))
  }
  return { type: 'left' }
}

/** From what has come, or comes while it is asked for: by its hash, else as the block below, if that is it. */
async function parentOf(
  { number, parentHash, provider }: Block,
  { arrivals, backfill }: PathOptions,
): Promise<Block | undefined> {
  const here = arrivals.find(parentHash)
  if (here) return here
  const asked = backfill.byHash(parentHash, provider).catch(async () => {
    const below = await backfill.byNumber(number - 1, provider)
    if (below.hash !== parentHash) throw new Error('It is on another branch.')
    return below
  })
  try {
    return await Promise.race([asked, arrivals.expect(parentHash)])
  } catch {
    return undefined // nobody has it yet: it is asked for again
  } finally {
    arrivals.forget(parentHash)
  }
}

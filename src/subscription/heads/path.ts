// The path from the known chain to a new head: the blocks in between, from heads that have come already, else through the
// pipeline. A block that cannot be had yet is asked for again, but not for ever.

import { pauseAfter } from '../../base/backoff'
import type { Patience } from '../../base/patience'
import type { Pauses } from '../../base/pause'
import type { Backfill } from '../backfill'
import type { Block, BlockRef } from '../block'
import type { Arrivals, Origin } from './arrivals'
import type { Continuity } from './continuity'

export type Path =
  /** The parent of the first block is in the chain. */
  | { readonly type: 'linked'; readonly blocks: readonly Block[] }
  /** The parent of the first block is not in the chain: the blocks below could not be had, or are too many. */
  | { readonly type: 'loose'; readonly blocks: readonly Block[]; readonly why: string }
  /** Given up: a newer head has made it pointless, the source was left for it, or the stream has ended. */
  | { readonly type: 'left' }

export type PathOptions = {
  readonly backfill: Backfill
  readonly pauses: Pauses
  /** Most blocks that are filled in. */
  readonly mostFilled: number
  readonly chain: Continuity
  readonly arrivals: Arrivals
  /** For too long nothing has linked this head to the chain. Returns whether its source was left; then the head is dropped. */
  readonly sink: { onAstray(block: Block): boolean | undefined }
  /** Runs while no head can be linked to the chain. */
  readonly patience: Patience
  /** Where the head comes from. */
  readonly origin: Origin
}

/** What stands for the hash of the parent in blocks that `hardhat_mine` made many of at once. */
const NO_HASH = /^0x0+$/
/** Wider gaps (in blocks) are fetched by number, many blocks at a time. */
const NARROW = 2
/** If no head could be linked for this long (in ms), the missing block is given up. */
export const GIVEN_UP = 30_000
/** If no head of a source could be linked for this long (in ms), the source is left, if there is another one. */
export const ASTRAY = 10_000

export async function findPath(head: Block, options: PathOptions): Promise<Path> {
  const { chain, backfill, pauses, mostFilled, patience } = options
  let blocks: Block[] = [head]
  let near = new Map<string, Block>()
  for (let failures = 0; !pauses.isOver(); ) {
    const first = blocks[0] as Block
    const { number: floor, hash } = chain.root() as BlockRef
    const isNamed = first.number === 0 || !NO_HASH.test(first.parentHash)
    if ((isNamed && chain.has(first.parentHash)) || (hash === '' && first.number === floor + 1))
      return { type: 'linked', blocks }
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
    const below = isNamed ? undefined : await belowOf(first, near, options)
    const parent = isNamed ? (near.get(first.parentHash) ?? (await parentOf(first, options))) : undefined
    if (below || parent) {
      blocks = below ? [{ ...first, parentHash: below.hash }, ...blocks.slice(1)] : [parent as Block, ...blocks]
      failures = 0
    } else if (options.arrivals.hasUpTo(head.number + 1) && failures > 0) return { type: 'left' }
    else if (patience.left() < 0) return { type: 'loose', blocks, why: 'a block in between could not be had' }
    else if ((options.origin.patience?.left() ?? 0) < 0 && options.sink.onAstray(head)) return { type: 'left' }
    else await pauses.wait(pauseAfter(failures++))
  }
  return { type: 'left' }
}

/** The block whose number is one less: a block that does not name its parent is taken to follow it. */
function belowOf(
  { number, provider }: Block,
  near: ReadonlyMap<string, Block>,
  { backfill }: PathOptions,
): Block | Promise<Block | undefined> {
  const here = [...near.values()].find((block) => block.number === number - 1)
  return here ?? backfill.byNumber(number - 1, provider).catch(() => undefined)
}

/** The parent: from heads that have come or come meanwhile, else fetched by its hash, else by its number if that fits. */
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
    return undefined // nobody has it yet: the caller asks again
  } finally {
    arrivals.forget(parentHash)
  }
}

// How far back a provider keeps state: declared by the user, or learned from its refusals.

/** How far back a node that is no archive keeps state (in blocks). */
const PRUNED = 128
/** Every node keeps state that is this new (in blocks): the trouble of one that does not have it will pass. */
const NEW = 32

export type StateDepth = {
  /** Whether the provider is thought to have the state of a block. @param head the newest block, if known */
  keepsState(block: number, head: number | undefined, now: number): boolean
  /** Whether the provider may lack old state. While no provider does, the block of a request is not looked at. */
  limitsState(): boolean
  /** The provider refused the state of a block. Returns whether that was news. */
  learnMissingState(block: number, head: number | undefined, now: number): boolean
  /** The provider gave the state of the block after all. */
  proveState(block: number): void
  /** The chain was set back: forgets what was learned about its blocks. */
  forgetState(): void
  /** The first block whose state the provider is thought to have; `undefined` if nothing was learned. */
  stateFrom(now: number): number | undefined
}

type Refused = {
  /** The newest block whose state was refused. */
  readonly block: number
  /** The newest block whose state is thought to be missing: `block` or later. */
  readonly last: number
  /** The head at that time, as the kept range moves on with the head. */
  readonly head: number | undefined
  /** How often a refusal was news. */
  readonly times: number
  /** When this is forgotten (in ms of the clock). */
  readonly until: number
}

/** @param lasts how long what is learned is believed (in ms). */
export function createStateDepth(declared: boolean | number | undefined, lasts: number): StateDepth {
  const depth = typeof declared === 'number' ? declared : declared === false ? PRUNED : Infinity
  let refused: Refused | undefined

  function isMissing(block: number, head: number | undefined, now: number) {
    if (refused && now >= refused.until) refused = undefined
    if (!refused) return false
    const moved = head === undefined || refused.head === undefined ? 0 : Math.max(0, head - refused.head)
    if (block <= refused.block + moved) return true
    // Without a head `last` was a guess that may reach up to the newest blocks: every node has their state.
    const isNewest = refused.head === undefined && head !== undefined && head - block <= PRUNED
    return block <= refused.last + moved && !isNewest
  }

  return {
    keepsState(block, head, now) {
      if (isMissing(block, head, now)) return false
      if (depth === Infinity) return true
      return head === undefined ? block > 0 : head - block <= depth
    },
    limitsState: () => depth !== Infinity || refused !== undefined,
    learnMissingState(block, head, now) {
      if (declared !== undefined || (head !== undefined && head - block <= NEW)) return false
      if (isMissing(block, head, now)) return false
      const times = (refused?.times ?? 0) + 1
      refused = { block, last: lastMissing(block, head, times), head, times, until: now + lasts }
      return true
    },
    proveState(block) {
      if (!refused) return
      if (block <= refused.block) refused = undefined
      else if (block <= refused.last) refused = { ...refused, last: block - 1 }
    },
    forgetState() {
      refused = undefined
    },
    stateFrom: (now) => (refused && now < refused.until ? refused.last + 1 : undefined),
  }
}

/**
 * The newest block that is thought to be missing, once the state of `block` was refused. If only that block were, a caller who
 * reads one block after the other would be refused at each. So the provider is thought to keep half as many blocks as it would
 * have needed to; while no head is known, to lack 128 more blocks, and twice as many with each refusal.
 */
function lastMissing(block: number, head: number | undefined, times: number): number {
  if (head === undefined) return block + PRUNED * 2 ** (times - 1)
  const age = head - block
  const half = Math.floor(age / 2)
  return head - 1 - (age > PRUNED ? Math.max(PRUNED, half) : half)
}

// How far back a provider keeps state: declared by the user, or learned from what it refused.

/** What a node keeps that is no archive (in blocks). */
const PRUNED = 128
/** State as new as this (in blocks) is kept by every node: one that does not have it is in a passing trouble. */
const NEW = 32

export type StateDepth = {
  /** Whether it has the state of a block, as far as was said or is known. @param head the newest block, if one is known */
  keepsState(block: number, head: number | undefined, now: number): boolean
  /** Whether it may not have all state: while nobody may, nobody needs to look at the block of a request. */
  limitsState(): boolean
  /** It has refused the state of a block. Returns whether that was news. */
  learnMissingState(block: number, head: number | undefined, now: number): boolean
  /** It has the state of the block after all. */
  proveState(block: number): void
  /** The chain was set back: what is known of its blocks is void. */
  forgetState(): void
  /** The first block whose state it is thought to have; `undefined` if nothing is known. */
  stateFrom(now: number): number | undefined
}

type Refused = {
  /** The newest block that it refused, and the last one after it that is thought to be missing as well. */
  readonly block: number
  readonly last: number
  /** The head at that time: what it keeps moves on with the head. */
  readonly head: number | undefined
  /** How often it was news. */
  readonly times: number
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
    // What was thought without a head may not be true of the newest.
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
 * Whoever reads one block after the other would otherwise be refused at each: it is thought to keep half as many blocks as it
 * would have had to, or, while no head is known, to lack twice as many more each time.
 */
function lastMissing(block: number, head: number | undefined, times: number): number {
  if (head === undefined) return block + PRUNED * 2 ** (times - 1)
  const age = head - block
  const half = Math.floor(age / 2)
  return head - 1 - (age > PRUNED ? Math.max(PRUNED, half) : half)
}

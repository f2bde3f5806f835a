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
  /** The first block whose state it has not refused; `undefined` if nothing is known. */
  stateFrom(now: number): number | undefined
}

/** @param lasts how long what is learned is believed (in ms). */
export function createStateDepth(declared: boolean | number | undefined, lasts: number): StateDepth {
  const depth = typeof declared === 'number' ? declared : declared === false ? PRUNED : Infinity
  /** The newest block that it refused, and the head at that time: what it keeps moves on with the head. */
  let refused: { readonly block: number; readonly head: number | undefined; readonly until: number } | undefined

  function isRefused(block: number, head: number | undefined, now: number) {
    if (refused && now >= refused.until) refused = undefined
    if (!refused) return false
    const moved = head === undefined || refused.head === undefined ? 0 : Math.max(0, head - refused.head)
    return block <= refused.block + moved
  }

  return {
    keepsState(block, head, now) {
      if (isRefused(block, head, now)) return false
      if (depth === Infinity) return true
      return head === undefined ? block > 0 : head - block <= depth
    },
    limitsState: () => depth !== Infinity || refused !== undefined,
    learnMissingState(block, head, now) {
      if (declared !== undefined) return false
      if (head !== undefined && head - block <= NEW) return false
      const isNews = !isRefused(block, head, now)
      if (isNews) refused = { block, head, until: now + lasts }
      return isNews
    },
    proveState(block) {
      if (refused && block <= refused.block) refused = undefined
    },
    forgetState() {
      refused = undefined
    },
    stateFrom: (now) => (refused && now < refused.until ? refused.block + 1 : undefined),
  }
}

// Pending transactions as nodes announce them. Pure.

/** What identifies a pending transaction: its hash. @param told the hash, or the whole transaction */
export function keyOfPending(told: unknown): unknown {
  return (told as { readonly hash?: unknown } | null)?.hash ?? told
}

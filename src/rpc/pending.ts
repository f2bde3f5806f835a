// Pending transactions as nodes tell of them. Pure.

/** What it is known by. @param told its hash, or all of it */
export function keyOfPending(told: unknown): unknown {
  return (told as { readonly hash?: unknown } | null)?.hash ?? told
}

// What one answer to a whole batch means: that the provider wants its members singly, or what it would say to each of them.
// Pure; what becomes of the members is not decided here.

import type { Failure } from './failure'

/** The members are to be asked singly. */
export type BatchRefusal = {
  /** How many the provider takes at a time, if the answer says something about that; 1: no batches at all. */
  readonly most?: number
}

/** Failures of the provider as such: it would say the same to each member. */
const OF_THE_PROVIDER = /^(rate-limit|quota|auth|network|timeout|invalid-response)$/
/** Failures of how it was asked. */
const OF_THE_FORM = /^(batch-refused|invalid-request|parse-error|unsupported-method)$/
const NO_BATCHES =
  /\bnot (be )?(supported|allowed|enabled|permitted|available|implemented)|unsupported|disabled|n't support/i
const OF_THE_SIZE = /size|limit|large|exceed|many|more than|max/i

/**
 * @param size of the batch that was answered so.
 * @returns `undefined` if the answer is one to each of the members.
 */
export function refusalOf({ kind, status = 200, message }: Failure, size: number): BatchRefusal | undefined {
  if (OF_THE_PROVIDER.test(kind)) return undefined
  const half = Math.max(1, size >> 1)
  if (kind === 'result-too-large' || status === 413) return { most: half }
  if (OF_THE_FORM.test(kind)) {
    if (NO_BATCHES.test(message) || !OF_THE_SIZE.test(message)) return { most: 1 }
    return { most: numberBelow(size, message) ?? half }
  }
  // A page or a text in place of JSON-RPC: a server that cannot read an array says 4xx, one that is down 5xx.
  if (kind === 'server-error' && status >= 400) return status < 500 ? { most: 1 } : undefined
  // About one of them, whichever that is: nothing is learned from it.
  return {}
}

/** The largest number in the text that is below `size`: the other one is the size that was too large. */
function numberBelow(size: number, text: string): number | undefined {
  let most = 0
  for (const [number] of text.matchAll(/\d+/g)) if (Number(number) < size) most = Math.max(most, Number(number))
  return most || undefined
}

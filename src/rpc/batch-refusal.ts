// What one error in answer to a whole batch means: either the provider wants the members singly, or it would give each of them
// the same error. Pure; what becomes of the members is not decided here.

import type { Failure } from './failure'

/** The members of the batch are to be sent again singly. */
export type BatchRefusal = {
  /** Most requests that the provider takes in one batch, if the answer tells; 1: it takes no batches. */
  readonly most?: number
}

/** Kinds of failure of the provider as a whole: it would answer each member alone the same way. */
const OF_THE_PROVIDER = /^(rate-limit|quota|auth|network|timeout|invalid-response)$/
/** Kinds of failure that may come from the request being a batch. */
const OF_THE_FORM = /^(batch-refused|invalid-request|parse-error|unsupported-method)$/
const NO_BATCHES =
  /\bnot (be )?(supported|allowed|enabled|permitted|available|implemented)|unsupported|disabled|n't support/i
const OF_THE_SIZE = /size|limit|large|exceed|many|more than|max/i

/**
 * @param size members of the batch that was answered with this failure.
 * @returns `undefined` if the failure stands for each of the members.
 */
export function refusalOf({ kind, status = 200, message }: Failure, size: number): BatchRefusal | undefined {
  if (OF_THE_PROVIDER.test(kind)) return undefined
  const half = Math.max(1, size >> 1)
  if (kind === 'result-too-large' || status === 413) return { most: half }
  if (OF_THE_FORM.test(kind)) {
    if (NO_BATCHES.test(message) || !OF_THE_SIZE.test(message)) return { most: 1 }
    return { most: numberBelow(size, message) ?? half }
  }
  // The body is no JSON-RPC. A server that cannot read an array answers 4xx, one that is down 5xx.
  if (kind === 'server-error' && status >= 400) return status < 500 ? { most: 1 } : undefined
  // The failure is about some one member: nothing is learned about batches.
  return {}
}

/** The largest number in the text that is below `size`. Texts often name the refused size as well. */
function numberBelow(size: number, text: string): number | undefined {
  let most = 0
  for (const [number] of text.matchAll(/\d+/g)) if (Number(number) < size) most = Math.max(most, Number(number))
  return most || undefined
}

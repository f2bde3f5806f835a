// What the rules of a storm are checked against, when it is over.

import type { CallRecord } from './calls'
import { isThat, refusalOf } from './reverts'
import type { StormWorld } from './world'

export type Facts = {
  readonly world: StormWorld
  readonly calls: readonly CallRecord[]
  /** How many of them were made before the engine was closed, */
  readonly made: number
  /** and when that was. */
  readonly closedAt: number
  /** Requests that were made beside the calls. */
  readonly polls: number
}

export function nameOf({ request: { method, params }, startedAt }: CallRecord): string {
  return `${method} ${JSON.stringify(params)} at ${startedAt}`
}

/** Whether it was told what every node says to it: that it cannot be done. */
export function isRefused({ request: { method, params }, error }: CallRecord): boolean {
  const refusal = refusalOf(method, params)
  return refusal !== undefined && isThat(error, refusal)
}

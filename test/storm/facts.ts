// The facts of a storm that is over, against which its rules are checked.

import type { CallRecord } from './calls'
import { isThat, refusalOf } from './reverts'
import type { StormWorld } from './world'

export type Facts = {
  readonly world: StormWorld
  readonly calls: readonly CallRecord[]
  /** How many of the calls were made before the engine was closed. */
  readonly made: number
  /** When the engine was closed (in ms). */
  readonly closedAt: number
  /** Requests of callers that were made beside the calls. */
  readonly polls: number
}

export function nameOf({ request: { method, params }, startedAt }: CallRecord): string {
  return `${method} ${JSON.stringify(params)} at ${startedAt}`
}

/** Whether a call failed with the revert that every node gives for it. */
export function isRefused({ request: { method, params }, error }: CallRecord): boolean {
  const refusal = refusalOf(method, params)
  return refusal !== undefined && isThat(error, refusal)
}

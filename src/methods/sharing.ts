// Identical reads in flight share one call: the first read asks, those that come soon after it wait for its answer.

import type { Clock } from '../base/clock'
import type { RpcRequest } from '../types'

export type Sharing = {
  /** An equal call that started a moment ago, with the same plan and signal. */
  find(key: string, plan: object, signal: AbortSignal | undefined): Promise<unknown> | undefined
  /** Makes a call known that has just started. */
  add(key: string, plan: object, signal: AbortSignal | undefined, promise: Promise<unknown>): void
  /** A send has ended: reads that were asked before it must not answer those that are asked after it. */
  invalidate(): void
}

/** A call can be joined this long after it started (in ms). */
export const JOINABLE = 250
/** Params longer than this many characters are not compared. */
const LONGEST = 4_096

type InFlight = { promise: Promise<unknown>; startedAt: number; plan: object }

export function createSharing(clock: Clock): Sharing {
  /** By signal, or by plan without a signal: a call with another signal does not replace one that others can join. */
  let calls = new WeakMap<object, Map<string, InFlight>>()

  return {
    find(key, plan, signal) {
      const call = calls.get(signal ?? plan)?.get(key)
      return call && call.plan === plan && clock.now() - call.startedAt < JOINABLE ? call.promise : undefined
    },
    add(key, plan, signal, promise) {
      const call: InFlight = { promise, startedAt: clock.now(), plan }
      const mine = calls.get(signal ?? plan) ?? new Map<string, InFlight>()
      calls.set(signal ?? plan, mine)
      mine.set(key, call)
      const forget = () => {
        if (mine.get(key) === call) mine.delete(key)
      }
      promise.then(forget, forget)
    },
    invalidate() {
      calls = new WeakMap()
    },
  }
}

/** Equal for equal calls; `undefined` if the params are too long to compare. @param length of the params as JSON, roughly */
export function keyOf({ method, params }: RpcRequest, length: number): string | undefined {
  if (length > LONGEST) return undefined
  return params === undefined ? method : method + JSON.stringify(params)
}

// One AbortSignal shared by all calls in flight over a viem transport. viem puts only calls with the same signal into one
// batch, and it cannot be seen from outside whether a transport makes batches. Knows no transport and no request.

import type { Signal } from '../base/abort'
import { ISOLATED } from '../base/isolated'

/** Makes a call under the shared signal. When the call's own signal is aborted, rejects at once with the reason of that one. */
export type ShareSignal = <value>(own: Signal, call: (shared: AbortSignal) => Promise<value>) => Promise<value>

type Group = {
  readonly controller: AbortController
  /** Calls that have joined the group so far. */
  joined: number
  /** Calls of the group that still wait for their answers. */
  waiting: number
  /** Whether one of the calls was given up. */
  isGivenUp: boolean
}

/** The part of Node (and of what is like it) that is used. */
type Platform = {
  process?: {
    getBuiltinModule?(name: string): { setMaxListeners?(most: number, signal: AbortSignal): void } | undefined
  }
}

/** Most calls of a group: as many as viem puts into one batch. Without batches the shared signal gets a listener for each. */
const MOST = 1_000

/**
 * Calls join the group that is in flight, until one of it is given up. The HTTP request of a call that was given up goes on
 * until the other calls of its group are answered or given up too; without others it ends at once.
 */
export function createSharedSignal(): ShareSignal {
  let open: Group | undefined

  return (own, call) => {
    if (own.aborted) return Promise.reject(own.reason)
    const group = open ?? createGroup()
    group.waiting++
    open = !ISOLATED && ++group.joined < MOST ? group : undefined
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        group.isGivenUp = true
        leave()
        reject(own.reason)
      }
      const leave = () => {
        own.removeEventListener('abort', giveUp)
        group.waiting--
        if (open === group && (group.isGivenUp || group.waiting === 0)) open = undefined
        if (group.isGivenUp && group.waiting === 0) group.controller.abort()
      }
      own.addEventListener('abort', giveUp)
      const ended =
        <value>(settle: (value: value) => void) =>
        (value: value) => {
          if (!own.aborted) leave()
          settle(value)
        }
      call(group.controller.signal).then(ended(resolve), ended(reject))
    })
  }
}

function createGroup(): Group {
  const controller = new AbortController()
  // Node would warn of more than ten listeners on one signal.
  const events = (globalThis as Platform).process?.getBuiltinModule?.('node:events')
  events?.setMaxListeners?.(0, controller.signal)
  return { controller, joined: 0, waiting: 0, isGivenUp: false }
}

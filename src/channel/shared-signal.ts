// One AbortSignal for all calls that are in flight over a viem transport: viem puts only calls with the same one into a batch,
// and from outside nobody sees whether a transport makes batches. Knows no transport and no request.

import type { Signal } from '../base/abort'

/** Makes a call under the shared signal. Rejects with the reason of its own at once when that is aborted. */
export type ShareSignal = <value>(own: Signal, call: (shared: AbortSignal) => Promise<value>) => Promise<value>

type Group = {
  readonly controller: AbortController
  /** How many have joined, and how many of them still wait for their answer. */
  joined: number
  waiting: number
  isGivenUp: boolean
}

/** Node, and what is like it. */
type Platform = {
  process?: {
    getBuiltinModule?(name: string): { setMaxListeners?(most: number, signal: AbortSignal): void } | undefined
  }
}

/** As many as viem puts into a batch; where it makes none, the signal has a listener for each. */
const MOST = 1_000

/**
 * Calls join while others are in flight, until one is given up. What is given up goes on until those that it shares the signal
 * with have their answers, or are given up too: with nobody beside it, it ends at once.
 */
export function createSharedSignal(): ShareSignal {
  let open: Group | undefined

  return (own, call) => {
    if (own.aborted) return Promise.reject(own.reason)
    const group = open ?? createGroup()
    group.waiting++
    open = ++group.joined < MOST ? group : undefined
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
  // Node would warn of more than ten.
  const events = (globalThis as Platform).process?.getBuiltinModule?.('node:events')
  events?.setMaxListeners?.(0, controller.signal)
  return { controller, joined: 0, waiting: 0, isGivenUp: false }
}

// The subscriptions of one socket at a simulated node: tells each of them what is new when the chain changes.

import type { Hash } from 'viem'
import type { Chain } from './chain'
import { hashOf } from './chain-block'
import type { ChainFollower } from './chain-follower'
import { createFollower, logsOfChange } from './chain-follower'
import { RpcFault, toRpcHead, toRpcLog } from './chain-rpc'

export type NodeSubscriptions = {
  /** Subscribes, and returns the new id. Events are held back until `release`, so that none overtakes the answer with the id. */
  open(params: readonly any[]): string
  close(id: string): boolean
  release(): void
  /** Tells all subscriptions what is new. */
  flush(): void
  addPending(hash: Hash): void
  /** The params of all open subscriptions. */
  list(): (readonly any[])[]
}

type Subscription = { params: readonly any[]; follower: ChainFollower; isReleased: boolean }

export type NodeSubscriptionsOptions = {
  chain: Chain
  headOf: () => number
  /** Makes the ids of this socket differ from those of others. */
  seed: string
  notify: (id: string, result: unknown) => void
}

const kinds = ['newHeads', 'logs', 'newPendingTransactions', 'syncing']

export function createNodeSubscriptions({ chain, headOf, seed, notify }: NodeSubscriptionsOptions): NodeSubscriptions {
  const subscriptions = new Map<string, Subscription>()
  let lastId = 0

  function tell(id: string, { params: [kind, filter], follower, isReleased }: Subscription) {
    if (!isReleased) return
    const change = follower.next()
    if (kind === 'newHeads') for (const block of change.added) notify(id, toRpcHead(block))
    if (kind === 'logs') {
      for (const { log, removed } of logsOfChange(change, filter ?? {})) notify(id, toRpcLog(log, removed))
    }
  }

  return {
    open(params) {
      if (!kinds.includes(params[0])) throw new RpcFault(-32601, `no "${params[0]}" subscription in eth namespace`)
      const id = hashOf(`${seed} subscription ${++lastId}`).slice(0, 34)
      subscriptions.set(id, { params, follower: createFollower(chain, headOf), isReleased: false })
      return id
    },
    close(id) {
      if (!subscriptions.delete(id)) throw new RpcFault(-32000, 'subscription not found')
      return true
    },
    release() {
      for (const [id, subscription] of subscriptions) {
        if (subscription.isReleased) continue
        subscription.isReleased = true
        tell(id, subscription)
      }
    },
    flush() {
      for (const [id, subscription] of [...subscriptions]) tell(id, subscription)
    },
    addPending(hash) {
      for (const [id, { params, isReleased }] of [...subscriptions]) {
        if (isReleased && params[0] === 'newPendingTransactions') notify(id, hash)
      }
    },
    list: () => [...subscriptions.values()].map(({ params }) => params),
  }
}

// The filters of a simulated node: their ids, and what has changed since each was last polled.

import type { Chain } from './chain'
import type { ChainFollower } from './chain-follower'
import { createFollower, logsOfChange } from './chain-follower'
import { RpcFault, toRpcLog } from './chain-rpc'
import type { LogFilter, LogLimits } from './node-logs'
import { findLogs } from './node-logs'

export type NodeFilters = {
  open(filter: LogFilter | 'blocks' | 'transactions'): string
  changes(id: string): unknown[]
  logs(id: string, head: number, limits: LogLimits | undefined): unknown[]
  close(id: string): boolean
  /** Adds a hash to the filters of pending transactions. */
  addPending(hash: string): void
  /** Forgets all filters, as a restart does. */
  forget(): void
}

type Filter = { kind: LogFilter | 'blocks' | 'transactions'; follower: ChainFollower; pending: string[] }

export function createNodeFilters(chain: Chain, headOf: () => number): NodeFilters {
  const filters = new Map<string, Filter>()
  let lastId = 0

  function filterOf(id: string): Filter {
    const filter = filters.get(id)
    if (!filter) throw new RpcFault(-32000, 'filter not found')
    return filter
  }

  return {
    open(kind) {
      const id = `0x${(++lastId).toString(16)}`
      filters.set(id, { kind, follower: createFollower(chain, headOf), pending: [] })
      return id
    },
    changes(id) {
      const { kind, follower, pending } = filterOf(id)
      const change = follower.next()
      if (kind === 'blocks') return change.added.map((block) => block.hash)
      if (kind === 'transactions') return pending.splice(0)
      return logsOfChange(change, kind).map(({ log, removed }) => toRpcLog(log, removed))
    },
    logs(id, head, limits) {
      const { kind } = filterOf(id)
      if (typeof kind === 'string') throw new RpcFault(-32000, 'filter not found')
      return findLogs(chain, kind, head, limits).map((log) => toRpcLog(log))
    },
    close: (id) => filters.delete(id),
    addPending(hash) {
      for (const { pending } of filters.values()) pending.push(hash)
    },
    forget: () => filters.clear(),
  }
}

// Filters that outlive any provider: the library gives out its own ids and answers polls itself, from blocks and logs asked
// through the pipeline (filter-changes.ts). No provider keeps anything for them but for those of pending transactions.

import type { Hex } from 'viem'
import { InternalRpcError, InvalidInputRpcError, numberToHex, RpcRequestError } from 'viem'
import { paramOf } from '../../rpc/params'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import type { WideLogs } from '../logs/wide-logs'
import type { LogFilter } from './filter-asking'
import { createFilterAsking } from './filter-asking'
import type { ChainFilter } from './filter-changes'
import { createFilterChanges } from './filter-changes'
import type { PendingFilter } from './filter-pending'
import { createPendingFilters } from './filter-pending'

export type Filters = {
  request(caller: Caller, request: RpcRequest): Promise<unknown>
  /** A lower head was taken by decision. */
  noteReset(): void
}

type Filter = { usedAt: number } & (
  | { readonly type: 'chain'; readonly own: ChainFilter }
  | { readonly type: 'pending'; readonly own: PendingFilter }
)

const MOST = 1_000
/** A filter that was not used for this long (in ms) is dropped. */
const UNUSED = 5 * 60_000

export function createFilters(calls: Calls, logs: WideLogs): Filters {
  const asking = createFilterAsking(calls, logs)
  const chain = createFilterChanges(calls, asking)
  const pending = createPendingFilters(asking, calls)
  /** Those unused for longest stand first. */
  const filters = new Map<string, Filter>()
  let lastId = 0

  function dropUnused() {
    const now = calls.clock.now()
    for (const [id, { usedAt }] of filters) {
      if (now - usedAt <= UNUSED) return
      filters.delete(id)
    }
  }

  function add(filter: Filter): Hex {
    if (filters.size >= MOST) filters.delete(filters.keys().next().value as string)
    const id = numberToHex(++lastId)
    filters.set(id, filter)
    return id
  }

  function find(id: string): Filter {
    const filter = filters.get(id)
    if (!filter) throw notFound()
    filter.usedAt = calls.clock.now()
    filters.delete(id)
    filters.set(id, filter)
    return filter
  }

  async function create(caller: Caller, request: RpcRequest): Promise<Hex> {
    const { method, params } = request
    if (method === 'eth_newPendingTransactionFilter') {
      const own = await pending.open(caller, request)
      return add({ type: 'pending', own, usedAt: calls.clock.now() })
    }
    const filter = (paramOf(params, 0) ?? {}) as LogFilter
    const own = await chain.open(caller, method === 'eth_newFilter' ? { type: 'logs', filter } : { type: 'blocks' })
    return add({ type: 'chain', own, usedAt: calls.clock.now() })
  }

  async function uninstall(caller: Caller, id: string): Promise<boolean> {
    const filter = filters.get(id)
    filters.delete(id)
    if (filter?.type === 'pending') await pending.close(caller, filter.own)
    return filter !== undefined
  }

  function changes(caller: Caller, filter: Filter): Promise<unknown> {
    const found = filter.type === 'chain' ? chain.changes(caller, filter.own) : pending.changes(caller, filter.own)
    return found.catch(keepFilter)
  }

  return {
    request(caller, request) {
      dropUnused()
      const { method, params } = request
      if (method.startsWith('eth_new')) return create(caller, request)
      const id = String(paramOf(params, 0))
      if (method === 'eth_uninstallFilter') return uninstall(caller, id)
      const filter = find(id)
      if (method === 'eth_getFilterChanges') return changes(caller, filter)
      if (filter.type === 'pending' || filter.own.wanted.type !== 'logs') throw notFound()
      return asking.ask(caller, { method: 'eth_getLogs', params: [filter.own.wanted.filter] })
    },
    noteReset: chain.noteReset,
  }
}

/** As a node says it: viem's watchers then make another filter. */
function notFound() {
  const error = { code: -32000, message: 'filter not found' }
  return new InvalidInputRpcError(new RpcRequestError({ body: {}, error, url: 'viem-lasso' }))
}

/** The same class from a provider that could not answer a poll would make them throw away one that is well. */
function keepFilter(error: unknown): never {
  if ((error as Error | undefined)?.name !== 'InvalidInputRpcError') throw error
  const { attempts } = error as { attempts?: unknown }
  throw Object.assign(new InternalRpcError(error as Error), { attempts })
}

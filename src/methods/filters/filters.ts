// Filters that outlive any provider: the library gives out its own ids and answers polls itself, from blocks and logs asked
// through the pipeline (filter-changes.ts). Only filters of pending transactions are kept by a provider.

import type { Hex } from 'viem'
import { InternalRpcError, InvalidInputRpcError, numberToHex, RpcRequestError } from 'viem'
import { field } from '../../base/fields'
import { createRecent } from '../../base/recent'
import { paramOf, textOf } from '../../rpc/params'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import type { WideLogs } from '../logs/wide-logs'
import type { Filter, LogFilter } from './filter'
import { createFilterAsking } from './filter-asking'
import { createChainFilters } from './filter-changes'
import { openPendingFilter } from './filter-pending'

export type Filters = {
  request(caller: Caller, request: RpcRequest): Promise<unknown>
  /** The chain was judged to have become shorter. */
  noteReset(): void
}

/** Most filters; past it the one that is unused for longest is dropped. */
const MOST = 1_000
/** A filter that was not used for this long (in ms) is dropped. */
const UNUSED = 5 * 60_000

export function createFilters(calls: Calls, logs: WideLogs): Filters {
  const asking = createFilterAsking(calls, logs)
  const chain = createChainFilters(calls, asking)
  const { clock } = calls
  /** By id. */
  const filters = createRecent<Filter>(MOST, UNUSED)
  let lastId = 0

  function open(caller: Caller, request: RpcRequest): Promise<Filter> {
    const { method, params } = request
    if (method === 'eth_newPendingTransactionFilter') return openPendingFilter(asking, calls, caller, request)
    return chain.open(caller, method === 'eth_newFilter' ? ((paramOf(params, 0) ?? {}) as LogFilter) : undefined)
  }

  async function create(caller: Caller, request: RpcRequest): Promise<Hex> {
    const filter = await open(caller, request)
    const id = numberToHex(++lastId)
    filters.set(id, filter, clock.now())
    return id
  }

  async function uninstall(caller: Caller, id: string): Promise<boolean> {
    const found = filters.get(id, clock.now())
    filters.delete(id)
    await found?.close?.(caller)
    return found !== undefined
  }

  return {
    request(caller, request) {
      const { method, params } = request
      if (method.startsWith('eth_new')) return create(caller, request)
      const id = textOf(paramOf(params, 0))
      if (method === 'eth_uninstallFilter') return uninstall(caller, id)
      const filter = filters.get(id, clock.now())
      if (!filter) throw notFound()
      filters.set(id, filter, clock.now())
      if (method === 'eth_getFilterChanges') return filter.changes(caller).catch(keepFilter)
      if (!filter.logs) throw notFound()
      return asking.logs(caller, filter.logs)
    },
    noteReset: chain.noteReset,
  }
}

/** The error as a node gives it: viem's watchers then make another filter. */
function notFound() {
  const error = { code: -32000, message: 'filter not found' }
  return new InvalidInputRpcError(new RpcRequestError({ body: {}, error, url: 'viem-lasso' }))
}

/** An error of the same class that a provider gave to a poll would make viem's watchers drop a filter that is well. */
function keepFilter(error: unknown): never {
  if (field(error, 'name') !== 'InvalidInputRpcError') throw error
  const { attempts } = error as { attempts?: unknown }
  throw Object.assign(new InternalRpcError(error as Error), { attempts })
}

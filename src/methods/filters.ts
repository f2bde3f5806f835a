// Filters that outlive any provider: the library gives out its own ids and answers polls itself, from logs and blocks asked
// through the pipeline. No provider keeps anything for them, so none can forget it. A chain that gets shorter is not seen yet.

import type { Hex } from 'viem'
import { InternalRpcError, InvalidInputRpcError, numberToHex, ResourceNotFoundRpcError, RpcRequestError } from 'viem'
import type { OnWinner } from '../request/flight'
import type { RpcRequest } from '../types'
import type { Caller, Calls } from './calls'
import { isOver, partOf, shareOf } from './calls'
import type { Logs } from './logs'

export type Filters = {
  request(caller: Caller, request: RpcRequest): Promise<unknown>
}

type LogFilter = { fromBlock?: unknown; toBlock?: unknown; [key: string]: unknown }
type Filter = { usedAt: number; cursor: bigint } & (
  | { type: 'logs'; params: LogFilter }
  | { type: 'blocks' }
  | { type: 'pending'; provider: string; upstreamId: unknown }
)

const MOST = 1_000
/** A filter that was not polled for this long (in ms) is dropped. */
const UNUSED = 5 * 60_000

export function createFilters(calls: Calls, logs: Logs): Filters {
  const filters = new Map<string, Filter>()
  let lastId = 0

  function add(filter: Filter): Hex {
    for (const [id, other] of filters) if (filter.usedAt - other.usedAt > UNUSED) filters.delete(id)
    if (filters.size >= MOST) filters.delete(filters.keys().next().value as string)
    const id = numberToHex(++lastId)
    filters.set(id, filter)
    return id
  }

  function find(id: unknown): Filter {
    const filter = filters.get(String(id))
    const now = calls.clock.now()
    filters.delete(String(id))
    if (!filter || now - filter.usedAt > UNUSED) throw notFound()
    filter.usedAt = now
    filters.set(String(id), filter) // those unused for longest stand first
    return filter
  }

  /** A part of the request, asked of `provider` alone if one is named, else of those that the caller wants. */
  function ask(
    caller: Caller,
    request: RpcRequest,
    { provider, exclude = [] }: { provider?: string | undefined; exclude?: readonly string[] } = {},
    onWinner?: OnWinner,
  ) {
    const { isPinned, ...limits } = caller.limits
    const plan = calls.planOf(request, {
      ...limits,
      exclude: [...(limits.exclude ?? []), ...exclude],
      ...(provider !== undefined && { provider }),
      allowFailover: provider === undefined && !isPinned,
    })
    const part = partOf(calls, caller, plan)
    return request.method === 'eth_getLogs'
      ? logs.request(caller, request, part)
      : calls.call(caller, request, part, onWinner)
  }

  /** Runs with the newest block of one provider; of another one, if that fails meanwhile or cannot serve the rest. */
  async function atHead<value>(
    caller: Caller,
    run: (caller: Caller, number: bigint, provider: string) => Promise<value>,
  ): Promise<value> {
    const failed: string[] = []
    let first: unknown
    for (;;) {
      let provider = ''
      const isLast = caller.limits.isPinned || failed.length + 1 >= calls.providers.length
      const part = isLast ? caller : shareOf(calls, caller)
      try {
        const number = await ask(caller, { method: 'eth_blockNumber' }, { exclude: failed }, (channel) => {
          provider = channel.provider.id
        })
        // What comes next is asked of the same provider: others may be behind.
        return await run(part, BigInt(number as Hex), provider)
      } catch (error) {
        if (isOver(caller, error)) throw error
        first ??= error
        if (!provider || isLast) throw first
        failed.push(provider)
      }
    }
  }

  async function create({ method, params }: RpcRequest, caller: Caller): Promise<Hex> {
    const usedAt = calls.clock.now()
    if (method === 'eth_newPendingTransactionFilter')
      return add({ type: 'pending', usedAt, cursor: 0n, ...(await openPending(caller)) })
    const number = BigInt((await ask(caller, { method: 'eth_blockNumber' })) as Hex)
    if (method === 'eth_newBlockFilter') return add({ type: 'blocks', usedAt, cursor: number })
    const filter: LogFilter = (Array.isArray(params) ? params[0] : undefined) ?? {}
    // Changes are what comes from now on, as nodes have it: what is older is for eth_getFilterLogs.
    const before = (heightOf(filter.fromBlock) ?? 0n) - 1n
    return add({ type: 'logs', usedAt, cursor: before > number ? before : number, params: filter })
  }

  function changes(caller: Caller, filter: Filter, method: string): Promise<unknown> {
    if (filter.type === 'pending') return pendingChanges(caller, filter, method)
    return atHead(caller, async (part, number, provider) => {
      const { cursor } = filter
      if (number <= cursor) return []
      const found =
        filter.type === 'logs'
          ? await newLogs(part, filter.params, cursor + 1n, number, provider)
          : await blockHashes(part, cursor + 1n, number, provider)
      // Two polls at once must not both deliver: the one that comes second starts where the first one ended.
      if (filter.cursor !== cursor) return []
      filter.cursor = number
      return found
    })
  }

  function newLogs(caller: Caller, filter: LogFilter, from: bigint, to: bigint, provider: string): Promise<unknown> {
    const last = heightOf(filter.toBlock) ?? to
    if (last < from) return Promise.resolve([])
    const range = { fromBlock: numberToHex(from), toBlock: numberToHex(last < to ? last : to) }
    return ask(caller, { method: 'eth_getLogs', params: [{ ...filter, ...range }] }, { provider })
  }

  async function pendingChanges(caller: Caller, filter: Filter & { type: 'pending' }, method: string) {
    try {
      return await ask(caller, { method, params: [filter.upstreamId] }, { provider: filter.provider })
    } catch (error) {
      if (isOver(caller, error)) throw error
      // What was pending meanwhile cannot be asked for again; the filter goes on at another provider.
      Object.assign(filter, await openPending(caller))
      return []
    }
  }

  async function openPending(caller: Caller) {
    let provider = ''
    const upstreamId = await ask(caller, { method: 'eth_newPendingTransactionFilter' }, {}, (channel) => {
      provider = channel.provider.id
    })
    return { provider, upstreamId }
  }

  async function uninstall(caller: Caller, id: string): Promise<boolean> {
    const filter = filters.get(id)
    filters.delete(id)
    if (filter?.type !== 'pending') return filter !== undefined
    const request = { method: 'eth_uninstallFilter', params: [filter.upstreamId] }
    // A provider that is gone has nothing left to uninstall.
    await ask(caller, request, { provider: filter.provider }).catch(() => {})
    return true
  }

  function blockHashes(caller: Caller, from: bigint, to: bigint, provider: string): Promise<unknown[]> {
    const numbers = Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index))
    return Promise.all(
      numbers.map(async (number) => {
        const request = { method: 'eth_getBlockByNumber', params: [numberToHex(number), false] }
        const block = await ask(caller, request, { provider })
        if (!block) throw new ResourceNotFoundRpcError(said(-32001, `block ${number} not found`))
        return (block as { hash: Hex }).hash
      }),
    )
  }

  return {
    request(caller, request) {
      const { method, params } = request
      if (method.startsWith('eth_new')) return create(request, caller)
      const id: unknown = Array.isArray(params) ? params[0] : undefined
      if (method === 'eth_uninstallFilter') return uninstall(caller, String(id))
      const filter = find(id)
      if (method === 'eth_getFilterChanges') return changes(caller, filter, method).catch(keepFilter)
      if (filter.type !== 'logs') throw notFound()
      return ask(caller, { method: 'eth_getLogs', params: [filter.params] })
    },
  }
}

function heightOf(block: unknown): bigint | undefined {
  return typeof block === 'string' && /^0x[\da-f]{1,16}$/i.test(block) ? BigInt(block) : undefined
}

/** As a node says it: viem's watchers then make another filter. */
function notFound() {
  return new InvalidInputRpcError(said(-32000, 'filter not found'))
}

/** The same class from a provider that could not answer a poll would make them throw away one that is well. */
function keepFilter(error: unknown): never {
  if ((error as Error | undefined)?.name !== 'InvalidInputRpcError') throw error
  const { attempts } = error as { attempts?: unknown }
  throw Object.assign(new InternalRpcError(error as Error), { attempts })
}

function said(code: number, message: string) {
  return new RpcRequestError({ body: {}, error: { code, message }, url: 'viem-lasso' })
}

// Filters that outlive any provider: the library gives out its own ids and answers polls itself, from logs and blocks asked
// through the pipeline. No provider keeps anything for them, so none can forget it.

import type { Hex } from 'viem'
import { numberToHex, RpcRequestError } from 'viem'
import type { ChannelState } from '../provider/provider'
import type { RpcRequest } from '../types'
import type { Caller, Calls } from './calls'
import { partOf } from './calls'

export type Filters = {
  request(caller: Caller, request: RpcRequest): Promise<unknown>
  close(): void
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

export function createFilters(calls: Calls): Filters {
  const filters = new Map<string, Filter>()
  let lastId = 0

  function add(filter: Filter): Hex {
    for (const [id, other] of filters) if (filter.usedAt - other.usedAt > UNUSED) filters.delete(id)
    if (filters.size >= MOST) filters.delete(filters.keys().next().value as string)
    const id = numberToHex(++lastId)
    filters.set(id, filter)
    return id
  }

  function find(id: unknown, method: string): Filter {
    const filter = filters.get(String(id))
    const now = calls.clock.now()
    if (!filter || now - filter.usedAt > UNUSED) {
      filters.delete(String(id))
      throw new RpcRequestError({
        body: { method },
        error: { code: -32000, message: 'filter not found' },
        url: 'viem-lasso',
      })
    }
    filter.usedAt = now
    return filter
  }

  /** A part of the request, asked of `provider` alone if one is named. */
  function ask(caller: Caller, request: RpcRequest, provider?: string, onWinner?: (channel: ChannelState) => void) {
    return calls.call(
      caller,
      request,
      partOf(calls, caller, calls.planOf(request, provider === undefined ? undefined : { provider })),
      onWinner,
    )
  }

  /** The newest block, and who has it: what comes next is asked of the same provider, since others may be behind. */
  async function head(caller: Caller): Promise<{ number: bigint; provider: string }> {
    let provider = ''
    const number = await ask(caller, { method: 'eth_blockNumber' }, undefined, (channel) => {
      provider = channel.provider.id
    })
    return { number: BigInt(number as Hex), provider }
  }

  /** Runs with the newest block; once more with another provider's if the one that gave it fails meanwhile. */
  async function atHead<value>(
    caller: Caller,
    run: (number: bigint, provider: string) => Promise<value>,
  ): Promise<value> {
    const first = await head(caller)
    try {
      return await run(first.number, first.provider)
    } catch {
      const second = await head(caller)
      return run(second.number, second.provider)
    }
  }

  async function create({ method, params }: RpcRequest, caller: Caller): Promise<Hex> {
    const usedAt = calls.clock.now()
    if (method === 'eth_newPendingTransactionFilter') {
      let provider = ''
      const upstreamId = await ask(caller, { method }, undefined, (channel) => {
        provider = channel.provider.id
      })
      return add({ type: 'pending', usedAt, cursor: 0n, provider, upstreamId })
    }
    const { number } = await head(caller)
    if (method === 'eth_newBlockFilter') return add({ type: 'blocks', usedAt, cursor: number })
    const filter = (Array.isArray(params) ? params[0] : undefined) ?? {}
    return add({ type: 'logs', usedAt, cursor: number, params: filter })
  }

  function changes(caller: Caller, filter: Filter, method: string): Promise<unknown> {
    if (filter.type === 'pending') return pendingChanges(caller, filter, method)
    return atHead(caller, async (number, provider) => {
      const { cursor } = filter
      if (number <= cursor) return []
      const found =
        filter.type === 'logs'
          ? await ask(caller, logsRequest(filter.params, cursor + 1n, number), provider)
          : await blockHashes(caller, cursor + 1n, number, provider)
      // Two polls at once must not both deliver: the one that comes second starts where the first one ended.
      if (filter.cursor !== cursor) return []
      filter.cursor = number
      return found
    })
  }

  async function pendingChanges(caller: Caller, filter: Filter & { type: 'pending' }, method: string) {
    try {
      return await ask(caller, { method, params: [filter.upstreamId] }, filter.provider)
    } catch {
      // What was pending meanwhile cannot be asked for again; the filter goes on at another provider.
      await ask(caller, { method: 'eth_newPendingTransactionFilter' }, undefined, (channel) => {
        filter.provider = channel.provider.id
      }).then((id) => {
        filter.upstreamId = id
      })
      return []
    }
  }

  function blockHashes(caller: Caller, from: bigint, to: bigint, provider: string): Promise<unknown[]> {
    const numbers = Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index))
    return Promise.all(
      numbers.map(async (number) => {
        const block = await ask(
          caller,
          { method: 'eth_getBlockByNumber', params: [numberToHex(number), false] },
          provider,
        )
        return (block as { hash: Hex }).hash
      }),
    )
  }

  return {
    async request(caller, request) {
      const { method, params } = request
      if (method.startsWith('eth_new')) return create(request, caller)
      const id = Array.isArray(params) ? params[0] : undefined
      if (method === 'eth_uninstallFilter') return filters.delete(String(id))
      const filter = find(id, method)
      if (method === 'eth_getFilterChanges') return await changes(caller, filter, method)
      if (filter.type !== 'logs')
        throw new RpcRequestError({
          body: { method },
          error: { code: -32000, message: 'filter not found' },
          url: 'viem-lasso',
        })
      return ask(caller, { method: 'eth_getLogs', params: [filter.params] })
    },
    close: () => filters.clear(),
  }
}

/** The part of a log filter that lies in the new blocks. */
function logsRequest(filter: LogFilter, from: bigint, to: bigint): RpcRequest {
  return { method: 'eth_getLogs', params: [{ ...filter, fromBlock: numberToHex(from), toBlock: numberToHex(to) }] }
}

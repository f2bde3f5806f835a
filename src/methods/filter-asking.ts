// How filters ask: the newest block of whoever the pipeline chooses, and what goes with it of the same provider, since others
// may be behind or on another branch.

import { numberToHex } from 'viem'
import { InvalidResponseError } from '../errors'
import type { Provider } from '../provider/provider'
import type { OnWinner, Parts } from '../request/flight'
import { heightOf } from '../rpc/block'
import type { FailureKind, RpcRequest } from '../types'
import type { Caller, Calls } from './calls'
import { isOver, partOf, shareOf } from './calls'
import type { FilterLog, Point } from './filter-trail'
import { inOrder } from './filter-trail'
import type { Logs } from './logs'
import { failuresOf } from './logs-refusals'

/** A block by its header. */
export type Header = Pick<Point, 'number' | 'hash' | 'time'> & { readonly parentHash: string }

/** One provider, as it is asked during a poll. */
export type Source = {
  readonly provider: string
  /** Its canonical block of this number; `undefined` if it has none. */
  block(number: number): Promise<Header | undefined>
  blockOfHash(hash: string): Promise<Header | undefined>
  /** All logs of a range, by block, the lowest first. */
  logs(filter: LogFilter, from: number, to: number): Promise<LoggedBlock[]>
  /** All logs of its newest block: past their head nodes have no logs, and do not say so. */
  logsOf(filter: LogFilter, block: Header): Promise<LoggedBlock[]>
}

export type LogFilter = Readonly<Record<string, unknown>>
export type LoggedBlock = Omit<Point, 'time'>

export type FilterParts = Pick<Parts, 'heads' | 'providers'>

/** Whom a part of the request may go to: `provider` alone if one is named, else those that the caller wants. */
export type Whom = { provider?: string | undefined; exclude?: readonly string[] | undefined; isOneShot?: boolean }

export type Newest = {
  readonly head: Header
  /** Id of the provider that answered. */
  readonly provider: string
  /** Whether it has that block. */
  readonly isItsOwn: boolean
}

export type FilterAsking = {
  ask(caller: Caller, request: RpcRequest, whom?: Whom, onWinner?: OnWinner): Promise<unknown>
  /** The newest block. */
  newest(caller: Caller): Promise<Newest>
  /** Runs with the newest block of one provider; of another one, if that fails meanwhile or cannot serve the rest. `undefined` if nobody has it. */
  atHead<value>(caller: Caller, run: (head: Header, source: Source) => Promise<value>): Promise<value | undefined>
}

/** What was heard of the chain does not fit together: it has changed in between, or behind one address there are several nodes. */
export class ChainMovedError extends InvalidResponseError {}

const LOGS = 'eth_getLogs'
const REFUSALS: readonly FailureKind[] = [
  'invalid-params',
  'invalid-request',
  'unsupported-method',
  'range-too-large',
  'result-too-large',
]
/** Before it is tried again with what does not fit together (in ms). */
const PAUSES = [100, 200, 400]

export function createFilterAsking({ heads, providers }: FilterParts, calls: Calls, logs: Logs): FilterAsking {
  function ask(caller: Caller, request: RpcRequest, whom: Whom = {}, onWinner?: OnWinner) {
    const { provider, exclude = [], isOneShot = false } = whom
    const { isPinned, ...limits } = caller.limits
    const plan = calls.planOf(request, {
      ...limits,
      exclude: [...(limits.exclude ?? []), ...exclude],
      ...(provider !== undefined && { provider }),
      allowFailover: provider === undefined && !isPinned,
    })
    const part = { ...partOf(calls, caller, plan), isOneShot }
    return request.method === LOGS ? logs.request(caller, request, part) : calls.call(caller, request, part, onWinner)
  }

  async function newest(caller: Caller, exclude?: readonly string[], onAnswer?: (provider: string) => void) {
    let by: Provider | undefined
    const request = { method: 'eth_getBlockByNumber', params: ['latest', false] }
    const raw = await ask(caller, request, { exclude }, (channel) => {
      by = channel.provider
      onAnswer?.(by.id)
    })
    const last = by && heads.lastOf(by)
    const provider = by?.id ?? ''
    const head = toHeader(raw)
    if (!head) throw new InvalidResponseError({ provider, method: request.method, reason: 'no block' })
    // While nobody has the block that was shown before, that one is given again, whoever was asked.
    return { head, provider, isItsOwn: last === undefined || last.height >= head.number }
  }

  async function atHead<value>(caller: Caller, run: (head: Header, source: Source) => Promise<value>) {
    let failed: string[] = []
    let errors: unknown[] = []
    for (let pauses = 0; ; ) {
      let provider: string | undefined
      const isLast = caller.limits.isPinned || failed.length + 1 >= calls.providers.length
      const part = isLast ? caller : shareOf(calls, caller)
      try {
        const { head, isItsOwn, ...by } = await newest(caller, failed, (id) => {
          provider = id
        })
        return isItsOwn ? await run(head, sourceOf(part, by.provider)) : undefined
      } catch (error) {
        if (isOver(caller, error)) throw error
        errors.push(error)
        if (provider !== undefined && !isLast) {
          failed.push(provider)
          continue
        }
        const pause = PAUSES[pauses++] ?? Infinity
        const isPassing = errors.some((one) => one instanceof ChainMovedError)
        if (!isPassing || calls.clock.now() + pause >= caller.deadline) throw errors[0]
        await calls.pause(caller, pause)
        failed = []
        errors = []
      }
    }
  }

  function sourceOf(caller: Caller, provider: string): Source {
    async function block(method: string, id: string) {
      const raw = await ask(caller, { method, params: [id, false] }, { provider })
      const header = toHeader(raw)
      if (raw !== null && !header) throw new InvalidResponseError({ provider, method, reason: 'no block' })
      return header
    }

    async function logsBy(filter: object): Promise<LoggedBlock[]> {
      const raw = await ask(caller, { method: LOGS, params: [filter] }, { provider })
      const found = Array.isArray(raw) ? byBlock(raw) : undefined
      if (!found) throw new InvalidResponseError({ provider, method: LOGS, reason: 'no list of logs' })
      return found
    }

    const inRange = (filter: LogFilter, from: number, to: number) =>
      logsBy({ ...filter, fromBlock: numberToHex(from), toBlock: numberToHex(to) })

    async function logsOf({ fromBlock: _, toBlock: __, ...filter }: LogFilter, { hash, number }: Header) {
      const asked = { ...filter, blockHash: hash }
      try {
        return await logsBy(asked)
      } catch (error) {
        const kinds = failuresOf(error, { method: LOGS, params: [asked] }, providers).map(({ failure }) => failure.kind)
        if (kinds.includes('block-not-available')) throw moved('it does not have its newest block any more')
        if (!kinds.some((kind) => REFUSALS.includes(kind))) throw error
        // Not every node takes hashes, and many addresses are only asked for in parts by range.
        const found = await inRange(filter, number, number)
        if (found.every((block) => block.hash === hash)) return found
        throw moved('its logs are of another branch than its newest block')
      }
    }

    function moved(reason: string) {
      return new ChainMovedError({ provider, method: LOGS, reason })
    }

    return {
      provider,
      block: (number) => block('eth_getBlockByNumber', numberToHex(number)),
      blockOfHash: (hash) => block('eth_getBlockByHash', hash),
      logs: inRange,
      logsOf,
    }
  }

  return { ask, newest, atHead }
}

function toHeader(raw: unknown): Header | undefined {
  const { number, hash, parentHash, timestamp } = (raw ?? {}) as Record<string, unknown>
  const height = heightOf(number)
  if (height === undefined || typeof hash !== 'string' || typeof parentHash !== 'string') return undefined
  return { number: height, hash, parentHash, time: Number(timestamp ?? 0) }
}

function byBlock(logs: readonly FilterLog[]): LoggedBlock[] | undefined {
  const blocks = new Map<string, { number: number; logs: FilterLog[] }>()
  for (const log of logs) {
    const number = heightOf(log?.blockNumber)
    if (number === undefined || typeof log.blockHash !== 'string') return undefined
    const block = blocks.get(log.blockHash) ?? { number, logs: [] }
    block.logs.push(log)
    blocks.set(log.blockHash, block)
  }
  const points = [...blocks].map(([hash, block]) => ({ hash, number: block.number, logs: inOrder(block.logs) }))
  return points.sort((a, b) => a.number - b.number)
}

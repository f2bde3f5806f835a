// How filters ask: for the newest block of whoever the pipeline chooses, and for everything else of the same provider, since
// others may be behind or on another branch.

import { numberToHex } from 'viem'
import { shortPauseAfter } from '../../base/backoff'
import { InvalidResponseError } from '../../errors'
import type { Provider } from '../../provider/provider'
import type { Plan } from '../../request/route/plan'
import { toHeader } from '../../rpc/header'
import type { LoggedBlock } from '../../rpc/log'
import { byBlock, toLogs } from '../../rpc/log'
import type { FailureKind, RpcRequest } from '../../types'
import type { Answer, Caller, Calls } from '../calls'
import { attemptsOf, isOver, partOf, shareOf } from '../calls'
import { TAIL } from '../logs/logs-plan'
import type { WideLogs } from '../logs/wide-logs'
import type { LogFilter } from './filter'
import type { Point } from './filter-trail'

/** A block by its header. */
export type Header = Pick<Point, 'number' | 'hash' | 'time'> & { readonly parentHash: string }

/** One provider, as it is asked during a poll. */
export type Source = {
  readonly provider: string
  /** How far back blocks may be asked for again: at most half of the range that it takes at once. */
  readonly overlap: number
  /** Its canonical block of this number; `undefined` if it has none. */
  block(number: number): Promise<Header | undefined>
  blockOfHash(hash: string): Promise<Header | undefined>
  /** All logs of a range, by block, the lowest first. */
  logs(filter: LogFilter, from: number, to: number): Promise<LoggedBlock[]>
  /** All logs of one block by its hash, which only a node that has it answers; `undefined` if that does not work. */
  logsOf(filter: LogFilter, block: Header): Promise<LoggedBlock[] | undefined>
}

/** Whom a part of the request may go to: `provider` alone if one is named, else those that the caller wants. */
export type Whom = { provider?: string | undefined; exclude?: readonly string[] | undefined; isOneShot?: boolean }

export type Newest = {
  readonly head: Header
  /** Id of the provider that answered. */
  readonly provider: string
  /** Whether this provider is known to have that block. */
  readonly isItsOwn: boolean
}

export type FilterAsking = {
  ask(caller: Caller, request: RpcRequest, whom?: Whom): Promise<Answer>
  /** `eth_getLogs`, of any width. */
  logs(caller: Caller, filter: LogFilter, whom?: Whom): Promise<unknown>
  /** The newest block. */
  newest(caller: Caller): Promise<Newest>
  /**
   * Runs with the newest block of one provider; with that of another one if the first fails. `undefined` if the provider does
   * not have the newest block that was shown, or if the answers do not fit together for now.
   */
  atHead<value>(caller: Caller, run: (head: Header, source: Source) => Promise<value>): Promise<value | undefined>
}

/**
 * The answers do not fit together: the chain has changed in between, or several nodes are behind one address. Is caught in
 * `atHead`.
 */
export class ChainMovedError extends Error {}

const LOGS = 'eth_getLogs'
const NEWEST = { method: 'eth_getBlockByNumber', params: ['latest', false] }
/** Failures of a query by hash that one by range may not have: a node may not take hashes, or lack the block or the room. */
const NOT_BY_HASH: readonly FailureKind[] = [
  'block-not-available',
  'invalid-params',
  'invalid-request',
  'unsupported-method',
  'range-too-large',
  'result-too-large',
]

export function createFilterAsking(calls: Calls, getLogs: WideLogs): FilterAsking {
  const { clock, heads, providers } = calls

  function planFor(caller: Caller, request: RpcRequest, { provider, exclude = [], isOneShot = false }: Whom): Plan {
    const { isPinned, ...limits } = caller.limits
    const plan = calls.planOf(request, {
      ...limits,
      exclude: [...limits.exclude, ...exclude],
      ...(provider !== undefined && { provider }),
      allowFailover: provider === undefined && !isPinned,
    })
    // A provider that only the filter has pinned gets one round: another one can be asked in its place.
    const rounds = plan.isPinned && !isPinned ? 1 : plan.rounds
    return { ...partOf(clock.now(), caller, plan), isOneShot, rounds }
  }

  function ask(caller: Caller, request: RpcRequest, whom: Whom = {}) {
    return calls.ask(caller, request, planFor(caller, request, whom))
  }

  function logs(caller: Caller, filter: LogFilter, whom: Whom = {}) {
    const request = { method: LOGS, params: [filter] }
    return getLogs(caller, request, planFor(caller, request, whom))
  }

  function newestOf({ value, by }: Answer): Newest {
    const last = heads.lastOf(by)
    const head = headerOf(value)
    if (!head) throw new InvalidResponseError({ provider: by.id, method: NEWEST.method, reason: 'no block' })
    // If nobody has a block as high as the one shown before, the pipeline gives that again: whoever was asked may lack it.
    return { head, provider: by.id, isItsOwn: last === undefined || last.height >= head.number }
  }

  async function atHead<value>(caller: Caller, run: (head: Header, source: Source) => Promise<value>) {
    let failed: string[] = []
    let errors: unknown[] = []
    for (let pauses = 0; ; ) {
      let by: Provider | undefined
      const isLast = caller.limits.isPinned || failed.length + 1 >= providers.length
      try {
        const found = await ask(caller, NEWEST, { exclude: failed })
        by = found.by
        const { head, isItsOwn } = newestOf(found)
        const part = isLast ? caller : shareOf(clock.now(), caller)
        return isItsOwn ? await run(head, sourceOf(part, by)) : undefined
      } catch (error) {
        if (isOver(caller, error)) throw error
        errors.push(error)
        if (by && !isLast) {
          failed.push(by.id)
          continue
        }
        const pause = shortPauseAfter(pauses++) ?? Infinity
        const isPassing = errors.some((one) => one instanceof ChainMovedError)
        if (!isPassing) throw errors[0]
        if (clock.now() + pause >= caller.deadline) return undefined
        await calls.pause(caller, pause)
        failed = []
        errors = []
      }
    }
  }

  function sourceOf(caller: Caller, { id: provider, capability }: Provider): Source {
    async function block(method: string, id: string) {
      const { value } = await ask(caller, { method, params: [id, false] }, { provider })
      const header = headerOf(value)
      if (value !== null && !header) throw new InvalidResponseError({ provider, method, reason: 'no block' })
      return header
    }

    async function logsBy(filter: LogFilter): Promise<LoggedBlock[]> {
      const found = toLogs(await logs(caller, filter, { provider }))
      if (!found) throw new InvalidResponseError({ provider, method: LOGS, reason: 'no list of logs' })
      return byBlock(found)
    }

    async function logsOf({ fromBlock: _, toBlock: __, ...filter }: LogFilter, { hash }: Header) {
      try {
        return await logsBy({ ...filter, blockHash: hash })
      } catch (error) {
        if (!attemptsOf(error).some(({ kind }) => NOT_BY_HASH.includes(kind))) throw error
        return undefined
      }
    }

    return {
      provider,
      overlap: Math.min(TAIL, capability.logLimits(clock.now()).maxBlockRange) >> 1,
      // On chains that leave out numbers, some nodes refuse a number without a block instead of giving null.
      block: (number) =>
        block('eth_getBlockByNumber', numberToHex(number)).catch((error) => {
          if (attemptsOf(error).at(-1)?.kind !== 'block-not-available') throw error
          return undefined
        }),
      blockOfHash: (hash) => block('eth_getBlockByHash', hash),
      logs: (filter, from, to) => logsBy({ ...filter, fromBlock: numberToHex(from), toBlock: numberToHex(to) }),
      logsOf,
    }
  }

  return { ask, logs, newest: async (caller) => newestOf(await ask(caller, NEWEST)), atHead }
}

function headerOf(raw: unknown): Header | undefined {
  const header = toHeader(raw)
  return header && { ...header, time: Number((raw as { timestamp?: unknown }).timestamp ?? 0) }
}

// `eth_getLogs` of any width. It is sent as it is if a provider takes it so, else in pieces (logs-scan.ts). Before it is cut,
// `latest` is fixed to a number, so that the answer is for exactly these blocks.

import { defined } from '../../base/fields'
import { sortedBy } from '../../base/lists'
import { InvalidResponseError } from '../../errors'
import { UNLIMITED } from '../../provider/log-limits'
import type { Provider } from '../../provider/provider'
import type { Plan } from '../../request/route/plan'
import { barredFrom } from '../../request/route/route'
import type { LogQuery, LogTag } from '../../rpc/block'
import { heightOf, logQueryOf } from '../../rpc/block'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import { isOver } from '../calls'
import { createLanes } from './lanes'
import type { Log, Piece, SplitLimits } from './logs-plan'
import { fits, shapeOf, TAIL } from './logs-plan'
import type { Before, ScanSetup } from './logs-scan'
import { isCutShort, isRefusal, scan } from './logs-scan'
import { foremost, isWell, poolOf, rankOf } from './pool'

/** How an `eth_getLogs` that is wider than the providers take is split. */
export type LogsOptions = {
  /**
   * Most requests that one `eth_getLogs` is split into. If it is known to take more, it fails with a `LogRangeTooWideError`
   * before anything is sent.
   * @default 500
   */
  maxRequests?: number | undefined
  /** Most pieces in flight at one provider; a lower `limits.concurrency` of the provider holds. @default 4 */
  concurrency?: number | undefined
  /** Limit for all pieces together (in ms); 0 for none. Each piece also has the `timeout` of the request. @default 120_000 */
  timeout?: number | undefined
}

const DEFAULTS: SplitLimits = { maxRequests: 500, concurrency: 4, timeout: 120_000 }

export type WideLogs = (caller: Caller, request: RpcRequest, plan: Plan) => Promise<unknown>

export function createWideLogs(calls: Calls, options: LogsOptions): WideLogs {
  const limits: SplitLimits = { ...DEFAULTS, ...defined<Partial<SplitLimits>>(options) }
  const { clock, heads, providers } = calls
  const lanes = createLanes<Provider>(({ setup }) => Math.min(limits.concurrency, setup.limits.concurrency ?? Infinity))

  async function getLogs(caller: Caller, asked: RpcRequest, plan: Plan): Promise<unknown> {
    const startedAt = clock.now()
    const inPieces = (before?: Before) => split(caller, asked, plan, startedAt, before)
    const misfits = misfitsOf(asked, startedAt)
    const isForNobody = () => {
      const well = poolOf(plan, calls, startedAt).filter((one) => isWell(one, startedAt))
      return foremost(well, plan).every((one) => misfits.includes(one))
    }
    if (misfits.length > 0 && isForNobody()) return inPieces()
    const own = misfits.length > 0 ? { ...plan, exclude: [...plan.exclude, ...misfits.map(({ id }) => id)] } : plan
    try {
      const { value, by } = await calls.ask(caller, asked, own)
      return isCutShort(value, by, clock.now()) ? inPieces({ logs: value }) : value
    } catch (error) {
      if (isOver(caller, error)) throw error
      const failures = calls.failuresOf(error, asked).map(({ failure }) => failure)
      // Providers that were not asked, as the request is too wide for them, may take it in pieces.
      const hasOthers = misfits.length > 0 && failures.length > 0 && failures.every(({ verdict }) => verdict === 'next')
      if (!hasOthers && !failures.some(isRefusal)) throw error
      return inPieces({ error })
    }
  }

  /** The providers that are known not to take the request as it is. */
  function misfitsOf({ params }: RpcRequest, now: number): readonly Provider[] {
    // Reading many addresses takes longer than all the rest of a request: it is only done if a provider has limits.
    const isLimited = ({ capability }: Provider) => capability.logLimits(now) !== UNLIMITED
    const query = providers.some(isLimited) ? logQueryOf(params) : undefined
    if (!query) return []
    const from = typeof query.from === 'number' ? query.from : heads.best(now)
    const to = typeof query.to === 'number' ? query.to : newest(now)
    if (from === undefined || from > to) return []
    const piece = pieceOf(query, from, to)
    return providers.filter(({ capability }) => !fits(piece, capability.logLimits(now)))
  }

  /** The highest block that may exist by now, as more may have come since the head was seen; `Infinity` without a head. */
  function newest(now: number): number {
    const seenAt = Math.max(...providers.map((one) => heads.lastOf(one)?.at ?? -Infinity))
    return (heads.best(now) ?? Infinity) + heads.blocksIn(now - seenAt)
  }

  async function split(
    caller: Caller,
    asked: RpcRequest,
    plan: Plan,
    startedAt: number,
    before: Before | undefined,
  ): Promise<unknown> {
    const pool = poolOf(plan, calls, clock.now())
    const query = logQueryOf(asked.params)
    if (!query || pool.length === 0) return endOf(before) ?? calls.call(caller, asked, plan)
    const deadline = limits.timeout === 0 ? Infinity : startedAt + limits.timeout
    const patient = {
      ...caller,
      deadline: caller.deadline === Infinity ? deadline : Math.max(caller.deadline, deadline),
    }
    let seenBy: Provider | undefined
    const fixed = async (bound: number | LogTag) => {
      if (typeof bound === 'number') return bound
      const head = await headOf(bound, patient, plan)
      seenBy = head.by
      return head.number
    }
    const from = await fixed(query.from)
    const end = query.to === query.from ? from : await fixed(query.to)
    // Past the head each piece would be of another moment, and blocks between them could be missing.
    const isPast = typeof query.to === 'number' && end > from && isPastHead(pieceOf(query, from, end), pool)
    const to = isPast ? Math.max(from, Math.min(end, await fixed('latest'))) : end
    // There is nothing to cut: the node answers for itself.
    if (from > to) return endOf(before) ?? calls.call(caller, asked, plan)
    const setup: ScanSetup = {
      calls,
      lanes,
      limits,
      // The provider that gave the head has the newest blocks: among equals it comes first.
      pool: sortedBy(pool, (one) => rankOf(one, plan) + Number(one !== seenBy) / 2),
      isWalled: false,
      caller: patient,
      plan,
      rest: query.rest,
    }
    return scan(setup, pieceOf(query, from, to), to === end ? before : undefined)
  }

  /** Whether the piece may end past the head. If none is known it may, unless the piece is refused anyway. */
  function isPastHead(piece: Piece, pool: readonly Provider[]): boolean {
    const now = clock.now()
    const head = heads.best(now)
    if (head !== undefined) return piece.to > head
    const all = pool.map(({ capability }) => capability.logLimits(now))
    return shapeOf(piece, all, limits).requests <= limits.maxRequests
  }

  function pieceOf({ to: bound, addresses }: LogQuery, from: number, to: number): Piece {
    const head = heads.best(clock.now())
    const isTail = bound === 'latest' || (typeof bound === 'number' && (head === undefined || to > head - TAIL))
    return { from, to, addresses, isTail, requests: 1, avoid: [] }
  }

  /** The block that a tag stands for, and the provider that says so. */
  async function headOf(tag: LogTag, caller: Caller, plan: Plan) {
    const asked =
      tag === 'latest' ? { method: 'eth_blockNumber' } : { method: 'eth_getBlockByNumber', params: [tag, false] }
    const { provider, channel, isPinned } = plan
    const exclude = [...plan.exclude, ...barredFrom(plan, providers)]
    const own = calls.planOf(asked, { provider, channel, exclude, allowFailover: !isPinned })
    const { value, by } = await calls.ask(caller, asked, own)
    const number = heightOf(tag === 'latest' ? value : (value as { number?: unknown } | null)?.number)
    if (number === undefined)
      throw new InvalidResponseError({ provider: by.id, method: asked.method, reason: 'no block number' })
    return { number, by }
  }

  return getLogs
}

function endOf(before: Before | undefined): Log[] | undefined {
  if (!before) return undefined
  if ('error' in before) throw before.error
  return before.logs
}

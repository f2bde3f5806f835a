// `eth_getLogs` of any width: as it is, where a provider takes it as it is; else in pieces (logs-scan.ts). What it asks for is
// fixed before it is cut: never less, never more.

import { someOrAll } from '../../base/some-or-all'
import { InvalidResponseError } from '../../errors'
import type { Provider } from '../../provider/provider'
import type { Parts } from '../../request/flight'
import type { Plan } from '../../request/plan'
import { planRoute } from '../../request/route'
import type { LogQuery, LogTag } from '../../rpc/block'
import { heightOf, logQueryOf } from '../../rpc/block'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import { isOver } from '../calls'
import { createLanes } from './lanes'
import type { Log, Piece } from './logs-plan'
import { fits, TAIL } from './logs-plan'
import type { Before } from './logs-scan'
import { createScan, isCutShort, isRefusal, isWell } from './logs-scan'

export type LogsOptions = {
  /** Most requests that one `eth_getLogs` is split into: what takes more is refused before anything is sent. @default 500 */
  maxRequests?: number | undefined
  /** Pieces at a time at each provider; a lower `limits.concurrency` of its holds. @default 4 */
  concurrency?: number | undefined
  /** For all pieces together (in ms); 0 for none. The request's own timeout holds for each of them. @default 120_000 */
  timeout?: number | undefined
}

export type WideLogs = {
  request(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown>
}

export function createWideLogs(parts: Parts, calls: Calls, options: LogsOptions): WideLogs {
  const { maxRequests = 500, concurrency = 4, timeout = 120_000 } = options
  const { clock, providers } = parts
  const lanes = createLanes<Provider>(({ setup }) => Math.min(concurrency, setup.limits.concurrency ?? Infinity))

  async function request(caller: Caller, asked: RpcRequest, plan: Plan): Promise<unknown> {
    const startedAt = clock.now()
    const inPieces = (before?: Before) => split(caller, asked, plan, startedAt, before)
    const misfits = misfitsOf(asked, startedAt)
    const isForNobody = () => !poolOf(plan, startedAt).some((one) => isWell(one, startedAt) && !misfits.includes(one))
    if (misfits.length > 0 && isForNobody()) return inPieces()
    const own =
      misfits.length > 0 ? { ...plan, exclude: [...(plan.exclude ?? []), ...misfits.map(({ id }) => id)] } : plan
    try {
      const { value, by } = await calls.ask(caller, asked, own)
      return isCutShort(value, by, clock.now()) ? inPieces({ logs: value }) : value
    } catch (error) {
      if (isOver(caller, error)) throw error
      const failures = calls.failuresOf(error, asked).map(({ failure }) => failure)
      // Those that were not asked because it is too wide for them may take it in pieces.
      const hasOthers = misfits.length > 0 && failures.length > 0 && failures.every(({ verdict }) => verdict === 'next')
      if (!hasOthers && !failures.some(isRefusal)) throw error
      return inPieces({ error })
    }
  }

  /** Those that do not take it as it is, as far as that is known. */
  function misfitsOf({ params }: RpcRequest, now: number): readonly Provider[] {
    const isLimited = ({ capability }: Provider) => capability.logLimits(now) !== undefined
    const query = providers.some(isLimited) ? logQueryOf(params) : undefined
    if (!query) return []
    const head = parts.heads.best(clock.now())
    const from = typeof query.from === 'number' ? query.from : head
    const to = typeof query.to === 'number' ? query.to : Math.max(head ?? -1, from ?? -1)
    if (from === undefined || from > to) return []
    const piece = pieceOf(query, from, to)
    return providers.filter(({ capability }) => !fits(piece, capability.logLimits(now)))
  }

  /** Providers that may be asked, in order, backups only where there are no others; those that are down last. */
  function poolOf(plan: Plan, now: number): readonly Provider[] {
    const { candidates, open } = planRoute(plan.need, plan, parts.channels, parts.ranking, now)
    const able = [...new Set([...candidates, ...open].map(({ provider }) => provider))]
    const pool = someOrAll(able, ({ setup }) => !setup.isBackup)
    const isNamed = ({ id }: Provider) => id === plan.provider
    return plan.isPinned ? pool.filter(isNamed) : someOrAll(pool, isNamed)
  }

  async function split(
    caller: Caller,
    asked: RpcRequest,
    plan: Plan,
    startedAt: number,
    before: Before | undefined,
  ): Promise<unknown> {
    const pool = poolOf(plan, clock.now())
    const query = logQueryOf(asked.params)
    if (!query || pool.length === 0) return endOf(before) ?? calls.call(caller, asked, plan)
    const deadline = timeout === 0 ? Infinity : startedAt + timeout
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
    const to = query.to === query.from ? from : await fixed(query.to)
    // Nothing to cut: the node's own word on it.
    if (from > to) return endOf(before) ?? calls.call(caller, asked, plan)
    const scan = createScan({
      calls,
      lanes,
      // Who gave the head has the newest blocks.
      pool: [...pool].sort((a, b) => Number(b === seenBy) - Number(a === seenBy)),
      isWalled: false,
      caller: patient,
      plan,
      rest: query.rest,
      concurrency,
      maxRequests,
      timeout,
    })
    return scan(pieceOf(query, from, to), before)
  }

  function pieceOf({ to: bound, addresses }: LogQuery, from: number, to: number): Piece {
    const head = parts.heads.best(clock.now())
    const isTail = bound === 'latest' || (typeof bound === 'number' && (head === undefined || to > head - TAIL))
    return { from, to, addresses, isTail, requests: 1, avoid: [] }
  }

  /** The block that a tag stands for, and who says so. */
  async function headOf(tag: LogTag, caller: Caller, plan: Plan) {
    const asked =
      tag === 'latest' ? { method: 'eth_blockNumber' } : { method: 'eth_getBlockByNumber', params: [tag, false] }
    const { provider, channel, isPinned, wall } = plan
    const outside = wall ? providers.filter(({ id }) => !wall.includes(id)) : []
    const exclude = [...(plan.exclude ?? []), ...outside.map(({ id }) => id)]
    const own = calls.planOf(asked, { provider, channel, exclude, allowFailover: !isPinned })
    const { value, by } = await calls.ask(caller, asked, own)
    const number = heightOf(tag === 'latest' ? value : (value as { number?: unknown } | null)?.number)
    if (number === undefined)
      throw new InvalidResponseError({ provider: by.id, method: asked.method, reason: 'no block number' })
    return { number, by }
  }

  return { request }
}

function endOf(before: Before | undefined): Log[] | undefined {
  if (!before) return undefined
  if ('error' in before) throw before.error
  return before.logs
}

// One `eth_getLogs` in pieces: each goes to a provider that takes it and has room, is cut again if it is refused, and fails
// over by itself. The first piece that nobody can serve ends them all. How pieces are cut is decided in logs-plan.ts.

import { numberToHex } from 'viem'
import { reasonOf, throwIfAborted } from '../../base/abort'
import { someOrAll } from '../../base/lists'
import { untilAborted, whenAborted } from '../../base/when-aborted'
import { AllProvidersFailedError, InvalidResponseError, LogRangeTooWideError } from '../../errors'
import type { Provider } from '../../provider/provider'
import type { Plan } from '../../request/route/plan'
import { LEAST } from '../../request/waiting/timing'
import type { Failure } from '../../rpc/failure'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import { isOver } from '../calls'
import type { Lanes } from './lanes'
import type { Cut, Log, Piece, SplitLimits } from './logs-plan'
import { blocksOf, cutOffTail, cutTo, fits, halve, isOneTail, join, shapeOf, takersOf } from './logs-plan'
import { foremost, isWell } from './pool'

export type ScanSetup = {
  readonly calls: Calls
  readonly lanes: Lanes<Provider>
  readonly limits: SplitLimits
  /** Providers that may be asked for pieces, in order, backups last. */
  readonly pool: readonly Provider[]
  /** Whether nobody outside of the pool may be asked when those in it fail. */
  readonly isWalled: boolean
  /** The caller, with the deadline of the whole request. */
  readonly caller: Caller
  readonly plan: Plan
  /** What the filter says beside blocks and addresses. */
  readonly rest: object
}

/** What became of a piece that was asked for before: its refusal or failure, or an answer that may be cut short. */
export type Before = { readonly error: unknown } | { readonly logs: Log[] }

const METHOD = 'eth_getLogs'

/** Serves a piece. @param before what became of it, if it was asked for already: the scan goes on from there */
export async function scan(setup: ScanSetup, whole: Piece, before?: Before | undefined): Promise<Log[]> {
  const { calls, lanes, limits, pool, isWalled, plan, rest } = setup
  const { maxRequests } = limits
  /** Stops all pieces: those in flight are aborted, those in line leave it when their turn comes. */
  const end = new AbortController()
  const caller: Caller = { ...setup.caller, signal: end.signal }
  let { requests } = whole

  const limitsOf = (provider: Provider) => provider.capability.logLimits(calls.clock.now())

  async function serve(piece: Piece): Promise<Log[]> {
    const provider = await lanes.take(end, (hasRoom) => choose(piece, hasRoom))
    if (!provider) {
      throwIfAborted(end.signal)
      return serveParts(piece, cutToFit(piece))
    }
    let outcome: Before
    try {
      const { logs, by } = await ask(piece, provider)
      if (!isCutShort(logs, by, calls.clock.now())) return logs
      outcome = { logs }
    } catch (error) {
      outcome = { error }
    } finally {
      lanes.give(provider)
    }
    return goOn(piece, outcome)
  }

  function goOn(piece: Piece, outcome: Before): Promise<Log[]> {
    if ('logs' in outcome) {
      const cut = cutAfter(piece, [])
      return cut ? serveParts(piece, cut) : Promise.resolve(outcome.logs)
    }
    const { error } = outcome
    if (isOver(caller, error)) throw error
    const failed = calls.failuresOf(error, requestOf(piece))
    const failures = failed.map(({ failure }) => failure)
    if (failures.some(isRefusal)) {
      const cut = cutAfter(piece, failures)
      if (cut) return serveParts(piece, cut)
      throw error
    }
    const avoid = [...piece.avoid, ...failed.map(({ provider }) => provider)]
    const isFinal = failures.length === 0 || failures.some(({ verdict }) => verdict === 'final')
    // Providers that were not asked, as the piece is too large for them, may take smaller ones.
    if (isFinal || pool.every(({ id }) => avoid.includes(id))) throw error
    return serve({ ...piece, avoid })
  }

  function serveParts(piece: Piece, cut: Cut): Promise<Log[]> {
    if (isOneTail(piece)) return serveByOne(piece)
    if (piece.isTail && cut.by === 'addresses') return serveParts(piece, cutOffTail(piece))
    requests += cut.parts.reduce((sum, part) => sum + part.requests, 0) - piece.requests
    if (requests > maxRequests)
      throw new LogRangeTooWideError({ method: METHOD, blocks: blocksOf(piece), requests, maxRequests })
    // The newest part first: the provider that comes first in the pool is known to have it.
    const answers = [...cut.parts].reverse().map((part) => serve(part))
    return Promise.all(answers).then((logs) => join(cut.by, logs.reverse()))
  }

  /** The whole piece comes from one provider: the first one that can serve all of it. */
  async function serveByOne(piece: Piece): Promise<Log[]> {
    let first: unknown
    const providers = wellOf(piece)
    for (const provider of providers) {
      // A provider is not waited for while there are others.
      const own = provider === providers.at(-1) ? plan : { ...plan, rounds: 1, isOneShot: true }
      try {
        return await scan(
          { ...setup, caller, plan: own, pool: [provider], isWalled: true },
          { ...piece, isTail: false },
        )
      } catch (error) {
        if (isOver(caller, error)) throw error
        first ??= error
      }
    }
    throw first
  }

  /** Those of `leftOf` that are well, if any are; else all of them. */
  function wellOf(piece: Piece): readonly Provider[] {
    const now = calls.clock.now()
    return someOrAll(leftOf(piece), (provider) => isWell(provider, now))
  }

  /** The providers of the pool that have not failed this piece. */
  function leftOf({ avoid }: Piece): readonly Provider[] {
    return pool.filter(({ id }) => !avoid.includes(id))
  }

  /** The providers for the piece. One that is down is among them only if without it there would be too many pieces. */
  function serversOf(piece: Piece): readonly Provider[] {
    const well = foremost(wellOf(piece), plan)
    if (takersOf(piece, well, limitsOf).length > 0) return well
    const left = maxRequests - requests + piece.requests
    return shapeFor(piece, well).requests <= left ? well : leftOf(piece)
  }

  function choose(piece: Piece, hasRoom: (provider: Provider) => boolean) {
    if (end.signal.aborted) return undefined
    const now = calls.clock.now()
    const takers = takersOf(piece, serversOf(piece), limitsOf)
    if (takers.length === 0) return undefined
    return someOrAll(takers, ({ quota }) => quota.cooldownUntil(now) === undefined).find(hasRoom) ?? 'wait'
  }

  function shapeFor(piece: Piece, servers: readonly Provider[]) {
    return shapeOf(piece, servers.map(limitsOf), limits)
  }

  function cutToFit(piece: Piece): Cut {
    return cutTo(piece, shapeFor(piece, serversOf(piece)))
  }

  /** Cuts to the size that providers are known by now to take; in two if that is no smaller. `undefined` if nothing is left. */
  function cutAfter(piece: Piece, failures: readonly Failure[]): Cut | undefined {
    if (takersOf(piece, serversOf(piece), limitsOf).length === 0) return cutToFit(piece)
    const offered = failures.find(({ suggestedRange }) => suggestedRange?.fromBlock === piece.from)
    const ofAddresses = failures.some(({ excess }) => excess === 'addresses')
    return halve(piece, ofAddresses, offered?.suggestedRange?.toBlock)
  }

  async function ask(piece: Piece, provider: Provider) {
    // The scan may have ended since there was room.
    throwIfAborted(end.signal)
    if (caller.deadline - calls.clock.now() < LEAST)
      throw new AllProvidersFailedError({ method: METHOD, attempts: [], timeout: limits.timeout })
    const request = requestOf(piece)
    const { need, hedge } = calls.planOf(request)
    const isOut = (other: Provider) =>
      other !== provider && (!fits(piece, limitsOf(other)) || (isWalled && !pool.includes(other)))
    const exclude = [...plan.exclude, ...piece.avoid, ...calls.providers.filter(isOut).map(({ id }) => id)]
    const own = { ...plan, need, hedge: plan.isPinned ? undefined : hedge, provider: provider.id, exclude }
    const { value, by } = await calls.ask(caller, request, own)
    if (Array.isArray(value)) return { logs: value as Log[], by }
    throw new InvalidResponseError({ provider: by.id, method: METHOD, reason: 'no list of logs' })
  }

  function requestOf({ from, to, addresses }: Piece): RpcRequest {
    const address = addresses.length > 0 && { address: addresses.length === 1 ? addresses[0] : addresses }
    return { method: METHOD, params: [{ ...rest, ...address, fromBlock: numberToHex(from), toBlock: numberToHex(to) }] }
  }

  const { signal } = setup.caller
  const offAbort = signal && whenAborted(signal, () => end.abort(reasonOf(signal)))
  try {
    throwIfAborted(signal)
    return await untilAborted(before ? goOn(whole, before) : serve(whole), end.signal)
  } catch (error) {
    end.abort(error)
    throw error
  } finally {
    offAbort?.()
  }
}

/** Whether a provider that fails like this may take a smaller piece. */
export function isRefusal({ kind, isRpc, excess }: Failure): boolean {
  if (excess === 'filter') return false
  // If the node itself says that a query takes too long, the range is too wide.
  return kind === 'range-too-large' || kind === 'result-too-large' || (kind === 'timeout' && isRpc)
}

/** Whether an answer may be cut short: it has exactly as many logs as the provider gives at most. */
export function isCutShort(logs: unknown, by: Provider, now: number): logs is Log[] {
  return Array.isArray(logs) && logs.length > 0 && logs.length === by.capability.logLimits(now).maxResults
}

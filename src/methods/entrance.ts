// Leads each request to the wrapper of its method, and requests that need none straight into the pipeline.

import { numberToHex } from 'viem'
import { throwIfAborted } from '../base/abort'
import { ISOLATED } from '../base/isolated'
import { jsonLength } from '../base/json'
import { InvalidOptionsError } from '../errors'
import type { ChannelState } from '../provider/provider'
import type { Asked, OnEnd, Parts } from '../request/flight'
import type { RequestEnd } from '../request/landing/emit'
import { emitEnd } from '../request/landing/emit'
import { fly } from '../request/pipeline'
import type { Plan } from '../request/route/plan'
import { LEAST } from '../request/waiting/timing'
import { takesSigned } from '../rpc/methods'
import { paramOf } from '../rpc/params'
import type { FailureKind, RpcRequest } from '../types'
import type { Caller } from './calls'
import { attemptsOf, createCalls, isOver } from './calls'
import { createFilters } from './filters/filters'
import type { LogsOptions } from './logs/wide-logs'
import { createWideLogs } from './logs/wide-logs'
import { createSharing, JOINABLE, keyOf } from './sharing'
import { createLookUps } from './transactions/look-ups'
import { createSend, describeSend } from './transactions/transactions'

export type EntranceOptions = {
  readonly share: boolean
  readonly broadcast: 'first' | 'all'
  readonly logs: LogsOptions
  readonly hasOwnSerializer: boolean
}

/** The time that the deadline of `eth_sendRawTransactionSync` leaves beyond the node's own timeout (in ms). */
const SYNC_MARGIN = 5_000

/** The one way in, for requests of callers and for those of the library itself. */
export function createEntrance(parts: Parts, options: EntranceOptions): (asked: Asked) => Promise<unknown> {
  const { clock, counts, providers } = parts
  const chainId = parts.chainId === undefined ? undefined : numberToHex(parts.chainId)
  const wallets = providers.filter(({ setup }) => setup.isWallet)
  const sharing = options.share && !ISOLATED ? createSharing(clock) : undefined
  const calls = createCalls(parts)
  const logs = createWideLogs(calls, options.logs)
  const filters = createFilters(calls, logs)
  const lookUps = createLookUps(calls)
  const sendRaw = createSend(calls, lookUps, options)
  parts.truth?.onReset.add(lookUps.forget)
  parts.truth?.onReset.add(filters.noteReset)

  function enter(given: Asked): Promise<unknown> {
    const { request, signal } = given
    const plan = ownPlanOf(given)
    const asked = plan === given.plan ? given : { ...given, plan }
    const { method, params } = request
    const length = params === undefined ? 0 : jsonLength(params)
    if (length === undefined) {
      const rule = 'must be JSON, without BigInt and cycles'
      return Promise.reject(new InvalidOptionsError({ path: 'params', rule, value: params }))
    }
    // The traits of the method itself: those in `plan` may be a wallet's.
    const { kind, isShareable } = given.plan.need.traits
    if (kind === 'raw-send') return change(send(asked))
    if (kind === 'filter') return inParts(asked, (caller) => filters.request(caller, request))
    if (method === 'eth_chainId' && isChainKnown(plan)) return inParts(asked, () => chainId)
    if (lookUps.isOurs(request)) return inParts(asked, (caller) => lookUps.request(caller, request, plan))
    if (kind === 'wallet' || kind === 'write') return change(fly(parts, asked))
    const key = isShareable ? keyOf(request, length) : undefined
    if (!sharing || key === undefined || plan.isInner) return read(asked)
    const { base = given.plan } = given.plan
    const other = sharing.find(key, base, signal)
    if (other) return inParts(asked, (caller) => join(other, caller, asked))
    const answer = read(asked)
    sharing.add(key, base, signal, answer)
    return answer
  }

  /** The plan, changed for requests that private providers or a wallet must get. */
  function ownPlanOf({ plan, request: { method } }: Asked): Plan {
    if (calls.privates.length > 0 && takesSigned(method)) return { ...plan, isPrivate: true }
    // `eth_chainId` asks whether the wallet is on the chain of the client, which nobody else can answer for it. Like a send it
    // goes to the wallet first, even behind an open breaker, and to others only if the wallet cannot be reached.
    const { need, provider } = plan
    const wallet = method === 'eth_chainId' && wallets.find(({ id }) => provider === undefined || provider === id)
    if (!wallet) return plan
    const traits = { ...need.traits, kind: 'wallet' as const }
    return { ...plan, provider: wallet.id, hedge: undefined, need: { ...need, traits } }
  }

  function read(asked: Asked): Promise<unknown> {
    const { request, plan } = asked
    if (request.method !== 'eth_getLogs') return fly(parts, asked)
    return inParts(asked, (caller) => logs(caller, request, plan))
  }

  /** The answer of the other call. If its deadline ended it before ours, the request is sent with the time that is left. */
  async function join(other: Promise<unknown>, caller: Caller, { request, plan }: Asked) {
    try {
      return await other
    } catch (error) {
      const timeout = caller.deadline - clock.now()
      // A call that failed before its deadline would fail again.
      const isLate = plan.timeout < Infinity && timeout >= LEAST && timeout <= JOINABLE + LEAST
      if ((error as Error).name !== 'AllProvidersFailedError' || !isLate) throw error
      return calls.call(caller, request, plan)
    }
  }

  /** For requests that may change something: reads that were asked before the end must not answer those asked after it. */
  async function change(answer: Promise<unknown>) {
    try {
      return await answer
    } catch (error) {
      throw describeSend(error as Error)
    } finally {
      sharing?.invalidate()
    }
  }

  function send({ request, plan, ...asked }: Asked) {
    const own = { ...plan, timeout: Math.max(plan.timeout, nodeTimeoutOf(request) + SYNC_MARGIN) }
    return inParts({ ...asked, request, plan: own }, (caller) => sendRaw(caller, request, own))
  }

  /** Runs a request that is not just one flight through the pipeline: counts and announces it here, if it is a caller's. */
  async function inParts({ channels, request, plan, signal, ...asked }: Asked, run: (caller: Caller) => unknown) {
    const id = parts.nextId++
    const startedAt = clock.now()
    const { isInner } = plan
    const tell = (outcome: RequestEnd['outcome'], attempts: number, how: Partial<RequestEnd>) => {
      if (!isInner) emitEnd(parts, { id, method: request.method, startedAt, outcome, attempts, ...how })
    }
    let by: ChannelState | undefined
    let kind: FailureKind | undefined
    let made = 0
    const onEnd: OnEnd = (attempts, channel, how) => {
      by = channel ?? by
      kind = how
      made += attempts
      asked.onEnd?.(attempts, channel, how)
    }
    if (!isInner) counts.total++
    try {
      throwIfAborted(signal)
      const deadline = startedAt + plan.timeout
      const value = await run({ channels, signal, deadline, limits: plan, id, onEnd })
      tell('success', made, { by })
      return value
    } catch (error) {
      const isAborted = isOver({ signal }, error)
      if (!isAborted && !isInner) counts.failed++
      const attempts = attemptsOf(error)
      const told = attempts.find((attempt) => attempt.kind === kind) ?? attempts.at(-1)
      tell(isAborted ? 'aborted' : 'error', made, { by, error, kind: told?.kind })
      throw error
    }
  }

  function isChainKnown({ provider }: Plan) {
    return !wallets[0] && provider === undefined && providers.some(({ chain }) => chain.state === 'verified')
  }

  return enter
}

/** How long the node may wait for the receipt (in ms), as its params say (EIP-7966). */
function nodeTimeoutOf({ method, params }: RpcRequest): number {
  const given = method === 'eth_sendRawTransactionSync' ? paramOf(params, 1) : undefined
  const timeout = typeof given === 'object' ? Number.NaN : Number(given)
  return Number.isFinite(timeout) ? timeout : -SYNC_MARGIN
}

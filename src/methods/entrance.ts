// Leads each request to the wrapper of its method, and those that need none straight into the pipeline.

import { numberToHex } from 'viem'
import { jsonLength } from '../base/json'
import { InvalidOptionsError, TransportClosedError } from '../errors'
import type { ChannelState } from '../provider/provider'
import type { OnWinner, Parts } from '../request/flight'
import { fly } from '../request/pipeline'
import type { ClientChannels, Face, Plan } from '../request/plan'
import { LEAST } from '../request/timing'
import { isSignedSend } from '../rpc/methods'
import type { RpcRequest } from '../types'
import type { Caller, Calls } from './calls'
import { pauseWith } from './calls'
import { createFilters } from './filters/filters'
import type { LogsOptions } from './logs/logs'
import { createLogs } from './logs/logs'
import { createSharing, JOINABLE, keyOf } from './sharing'
import { tellEnd } from './tell'
import { createLookUps } from './transactions/look-ups'
import { createTransactions } from './transactions/transactions'

export type EntranceSetup = {
  readonly parts: Parts
  readonly chainId: number | undefined
  readonly share: boolean
  readonly broadcast: 'first' | 'all'
  readonly logs: LogsOptions
  readonly hasOwnSerializer: boolean
  readonly isClosed: () => boolean
}

export type Entrance = {
  request(face: Face, request: RpcRequest, plan: Plan, signal: AbortSignal | undefined): Promise<unknown>
  /** A read of the library's own: not told of; logs may be of any width. */
  part(
    channels: ClientChannels,
    request: RpcRequest,
    plan: Plan,
    signal: AbortSignal,
    onAnswer: OnWinner,
  ): Promise<unknown>
}

/** What the deadline of `eth_sendRawTransactionSync` leaves beside the node's own timeout (in ms). */
const SYNC_MARGIN = 5_000

export function createEntrance({
  parts,
  chainId,
  share,
  broadcast,
  logs: logsOptions,
  hasOwnSerializer,
  isClosed,
}: EntranceSetup): Entrance {
  const { clock, counts, providers } = parts
  const isHex = chainId === undefined ? undefined : numberToHex(chainId)
  const hasWallet = providers.some(({ setup }) => setup.isWallet)
  const sharing = share ? createSharing(clock) : undefined
  const ids = providers.map(({ id }) => id)
  const calls: Calls = {
    clock,
    providers: ids,
    planOf: parts.planner,
    call(caller, request, plan, onWinner) {
      if (isClosed()) return Promise.reject(new TransportClosedError())
      const onAnswer = (channel: ChannelState, attempts: number) => {
        caller.onAnswer(channel, attempts)
        onWinner?.(channel, attempts)
      }
      return fly(parts, caller.channels, request, plan, caller.signal, onAnswer, caller.id)
    },
    pause: pauseWith(clock, parts.ends),
  }
  const privates = providers.filter(({ setup }) => setup.isPrivate).map(({ id }) => id)
  const logs = createLogs(parts, calls, logsOptions)
  const filters = createFilters(parts, calls, logs)
  const lookUps = createLookUps({ calls, privates })
  parts.truth?.onReset.add(lookUps.forget)
  parts.truth?.onReset.add(filters.noteReset)
  const transactions = createTransactions({
    calls,
    lookUps,
    broadcast,
    hasOwnSerializer,
    privates,
    rulesOf: (id) => providers.find((provider) => provider.id === id)?.capability.errors,
  })

  function enter(face: Face, request: RpcRequest, plan: Plan, signal: AbortSignal | undefined): Promise<unknown> {
    const length = request.params === undefined ? 0 : jsonLength(request.params)
    if (length === undefined)
      return Promise.reject(
        new InvalidOptionsError({
          path: 'params',
          rule: 'must be JSON, without BigInt and cycles',
          value: request.params,
        }),
      )
    const { kind, isShareable } = plan.need.traits
    if (kind === 'raw-send') return send(face, request, plan, signal)
    if (kind === 'filter') return inParts(face, request, plan, signal, (caller) => filters.request(caller, request))
    if (isHex && request.method === 'eth_chainId' && isChainKnown(plan))
      return inParts(face, request, plan, signal, () => Promise.resolve(isHex))
    if (lookUps.isOurs(request))
      return inParts(face, request, plan, signal, (caller) => lookUps.request(caller, request, plan))
    if (kind === 'wallet' || kind === 'write') return change(face, request, plan, signal)
    if (!sharing || !isShareable) return read(face, request, plan, signal)
    const key = keyOf(request, length)
    if (key === undefined) return read(face, request, plan, signal)
    const { base = plan } = plan
    const other = sharing.find(key, base, signal)
    if (other) return inParts(face, request, plan, signal, () => join(other, face, request, plan, signal))
    const promise = read(face, request, plan, signal)
    sharing.add(key, base, signal, promise)
    return promise
  }

  function part(
    channels: ClientChannels,
    request: RpcRequest,
    plan: Plan,
    signal: AbortSignal,
    onAnswer: OnWinner,
  ): Promise<unknown> {
    if (request.method !== 'eth_getLogs') return fly(parts, channels, request, plan, signal, onAnswer)
    const deadline = clock.now() + plan.timeout
    const caller = { channels, signal, deadline, limits: plan, id: parts.nextId++, onAnswer }
    return logs.request(caller, request, plan)
  }

  function read(face: Face, request: RpcRequest, plan: Plan, signal: AbortSignal | undefined): Promise<unknown> {
    if (request.method !== 'eth_getLogs') return fly(parts, face.channels, request, plan, signal)
    return inParts(face, request, plan, signal, (caller) => logs.request(caller, request, plan))
  }

  /** The other's answer; if the other's deadline ended it first, what is left of our own time is used. */
  async function join(
    other: Promise<unknown>,
    face: Face,
    request: RpcRequest,
    plan: Plan,
    signal: AbortSignal | undefined,
  ) {
    const startedAt = clock.now()
    try {
      return await other
    } catch (error) {
      const left = startedAt + plan.timeout - clock.now()
      // What failed before its time would fail again.
      const isLate = plan.timeout < Infinity && left >= LEAST && left <= JOINABLE + LEAST
      if ((error as Error).name !== 'AllProvidersFailedError' || !isLate) throw error
      return fly(parts, face.channels, request, { ...plan, timeout: left, isInner: true, kept: undefined }, signal)
    }
  }

  /** What may change something: what was asked before it has ended is not the answer to what is asked after it. */
  async function change(face: Face, request: RpcRequest, plan: Plan, signal: AbortSignal | undefined) {
    // Other forms of signed transactions are no less private.
    const own =
      privates.length > 0 && isSignedSend(request.method) ? { ...plan, isPrivate: true, kept: undefined } : plan
    try {
      return await fly(parts, face.channels, request, own, signal)
    } finally {
      sharing?.invalidate()
    }
  }

  async function send(face: Face, request: RpcRequest, plan: Plan, signal: AbortSignal | undefined) {
    const timeout = Math.max(plan.timeout, nodeTimeoutOf(request) + SYNC_MARGIN)
    const own = timeout > plan.timeout ? { ...plan, timeout } : plan
    try {
      return await inParts(face, request, own, signal, (caller) => transactions.send(caller, request, own))
    } finally {
      sharing?.invalidate()
    }
  }

  /** A request that is answered by other means than one flight: it is counted and told of here. */
  async function inParts(
    face: Face,
    request: RpcRequest,
    plan: Plan,
    signal: AbortSignal | undefined,
    run: (caller: Caller) => Promise<unknown>,
  ) {
    const id = parts.nextId++
    const startedAt = clock.now()
    let by: ChannelState | undefined
    let made = 0
    const onAnswer = (channel: ChannelState, attempts: number) => {
      by = channel
      made += attempts
    }
    counts.total++
    try {
      signal?.throwIfAborted()
      const deadline = startedAt + plan.timeout
      const value = await run({ channels: face.channels, signal, deadline, limits: plan, id, onAnswer })
      tellEnd(parts, { id, method: request.method, startedAt, outcome: 'success', made, by })
      return value
    } catch (error) {
      const isAborted = signal?.aborted === true || (error as Error | undefined)?.name === 'TransportClosedError'
      if (!isAborted) counts.failed++
      tellEnd(parts, { id, method: request.method, startedAt, outcome: isAborted ? 'aborted' : 'error', made, error })
      throw error
    }
  }

  function isChainKnown(plan: Plan) {
    return !hasWallet && plan.provider === undefined && providers.some(({ chain }) => chain.state === 'verified')
  }

  return { request: enter, part }
}

/** How long the node may wait for the receipt (in ms), as its params say (EIP-7966). */
function nodeTimeoutOf({ method, params }: RpcRequest): number {
  const timeout = method === 'eth_sendRawTransactionSync' && Array.isArray(params) ? Number(params[1]) : Number.NaN
  return Number.isFinite(timeout) ? timeout : -SYNC_MARGIN
}

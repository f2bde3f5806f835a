// Raw transactions: the bytes are signed, so sending them twice is harmless, and what a provider says of them may be good
// news. Private providers keep them to themselves. Wallets and signing are not here: those are ordinary requests.

import type { Hex } from 'viem'
import type { AttemptSummary } from '../errors'
import type { Plan } from '../request/flight'
import type { Overrides } from '../request/plan'
import type { Failure } from '../rpc/failure'
import { failureOf } from '../rpc/failure'
import type { RpcRequest } from '../types'
import type { Caller, Calls } from './calls'
import { partOf } from './calls'
import { hashOf } from './hash'

export type TransactionSetup = {
  readonly calls: Calls
  readonly broadcast: 'first' | 'all'
  /** Ids of all providers, and of those that are private. */
  readonly providers: readonly string[]
  readonly privates: readonly string[]
  /** Whether the chain serialises transactions in its own way: then no hash can be known beforehand. */
  readonly hasOwnSerializer: boolean
}

export type Transactions = {
  /** `eth_sendRawTransaction` and `eth_sendRawTransactionSync` (EIP-7966). */
  send(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown>
  /** Whether the request looks up a transaction that only private providers have seen. */
  isPrivateLookUp(request: RpcRequest): boolean
  /** Asks private providers, and the others only after they answered `null`. */
  lookUpPrivately(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown>
}

type SendError = Error & { attempts?: readonly AttemptSummary[]; mayHaveBeenSent?: boolean; transactionHash?: Hex }

const LOOK_UPS = new Set(['eth_getTransactionByHash', 'eth_getTransactionReceipt'])
/** Privately sent hashes that are remembered, the newest. */
const MOST_REMEMBERED = 1_000
/** Between two looks for a receipt (in ms). */
const RECEIPT_PAUSE = 250

export function createTransactions({
  calls,
  broadcast,
  providers,
  privates,
  hasOwnSerializer,
}: TransactionSetup): Transactions {
  const isPrivate = privates.length > 0
  const sentPrivately = new Set<string>()

  async function send(caller: Caller, request: RpcRequest, plan: Plan) {
    const hash = hasOwnSerializer ? undefined : hashOf(Array.isArray(request.params) ? request.params[0] : undefined)
    if (isPrivate && hash) remember(hash)
    try {
      return await offer(caller, request, { ...plan, isPrivate, isInner: true, kept: undefined })
    } catch (error) {
      if (hash && (await isIn(caller, request, error as SendError, hash)))
        return request.method === 'eth_sendRawTransaction' ? hash : await receiptOf(caller, hash, error as Error)
      throw describeSend(error as SendError, hash)
    }
  }

  function offer(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown> {
    if (broadcast === 'first') return calls.call(caller, request, plan)
    const ids = isPrivate ? privates : providers
    const allowed = plan.provider === undefined ? ids : ids.filter((id) => id === plan.provider)
    const sends = allowed.map((provider) => calls.call(caller, request, { ...plan, provider, isPinned: true }))
    return Promise.any(sends).catch((all: AggregateError) => {
      // What says that the bytes are in is better news than any other refusal.
      const errors = all.errors as SendError[]
      throw errors.find((error) => lastFailure(error, request)?.transaction === 'known') ?? errors[0]
    })
  }

  /** Whether a refused send is in the pool or in a block all the same. */
  async function isIn(caller: Caller, request: RpcRequest, error: SendError, hash: Hex): Promise<boolean> {
    const failure = lastFailure(error, request)
    if (failure?.transaction === 'known') return true
    const isUnclear =
      request.method !== 'eth_sendRawTransaction' && error.mayHaveBeenSent === true && failure?.code !== 4
    if (failure?.transaction !== 'nonce-taken' && !isUnclear) return false
    if (isUnclear) return true
    const lookUp = { method: 'eth_getTransactionByHash', params: [hash] }
    if (isPrivate) return isThere(lookUpPrivately(caller, lookUp, calls.planOf(lookUp)), hash)
    const said = error.attempts?.at(-1)?.provider
    return (
      (await isThere(ask(caller, lookUp, { provider: said }), hash)) ||
      isThere(ask(caller, lookUp, said === undefined ? {} : { exclude: [said] }), hash)
    )
  }

  function ask(caller: Caller, lookUp: RpcRequest, who: Overrides) {
    return calls.call(caller, lookUp, { ...partOf(calls, caller, calls.planOf(lookUp, who)), rounds: 1 })
  }

  /** The receipt, looked for until the deadline; then the error that made us look. */
  async function receiptOf(caller: Caller, hash: Hex, error: Error): Promise<unknown> {
    const lookUp = { method: 'eth_getTransactionReceipt', params: [hash] }
    while (caller.deadline - calls.clock.now() > RECEIPT_PAUSE) {
      const plan = partOf(calls, caller, calls.planOf(lookUp))
      const receipt = await (isPrivate
        ? lookUpPrivately(caller, lookUp, plan)
        : calls.call(caller, lookUp, plan)
      ).catch(() => null)
      if (receipt) return receipt
      await new Promise<void>((resolve) => calls.clock.after(RECEIPT_PAUSE, resolve))
      caller.signal?.throwIfAborted()
    }
    throw describeSend(error, hash)
  }

  async function lookUpPrivately(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown> {
    // A private provider that fails has not said that it does not know it: then nobody else is told of the hash.
    const found = await calls.call(caller, request, { ...partOf(calls, caller, plan), isPrivate: true })
    if (found || privates.length === providers.length) return found
    return calls.call(caller, request, {
      ...partOf(calls, caller, plan),
      exclude: [...(plan.exclude ?? []), ...privates],
    })
  }

  function remember(hash: Hex) {
    if (sentPrivately.size >= MOST_REMEMBERED) sentPrivately.delete(sentPrivately.values().next().value as string)
    sentPrivately.add(hash)
  }

  return {
    send,
    isPrivateLookUp: ({ method, params }) =>
      isPrivate && LOOK_UPS.has(method) && Array.isArray(params) && sentPrivately.has(String(params[0]).toLowerCase()),
    lookUpPrivately,
  }
}

/** Whether a look-up found the transaction; one that failed did not. */
async function isThere(lookUp: Promise<unknown>, hash: Hex): Promise<boolean> {
  const transaction = (await lookUp.catch(() => null)) as { hash?: unknown } | null
  return String(transaction?.hash).toLowerCase() === hash
}

/** What the provider that had the last word said. */
function lastFailure(error: SendError, { method, params }: RpcRequest): Failure | undefined {
  const last = error.attempts?.at(-1)
  return last && failureOf(last.error, { method, params })
}

/** Says in the error what is known about the transaction. */
function describeSend(error: SendError, hash: Hex | undefined): SendError {
  if (error.mayHaveBeenSent === undefined) return error
  const line = error.mayHaveBeenSent ? 'The transaction may have been sent' : 'The transaction was not sent'
  try {
    if (hash) error.transactionHash = hash
    error.message = `${error.message}\n${line}${hash ? `: ${hash}` : '.'}`
  } catch {
    // A frozen error says less.
  }
  return error
}

// Raw transactions: the bytes are signed, so sending them twice is harmless, and a refusal may be good news (already known).
// With private providers only those get them. Wallets and signing are not here: those are ordinary requests.

import type { Hex } from 'viem'
import { keccak256 } from 'viem'
import { assign } from '../../base/fields'
import { sortedBy } from '../../base/lists'
import type { AttemptSummary } from '../../errors'
import type { Plan, RequestOverrides } from '../../request/route/plan'
import { paramOf } from '../../rpc/params'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import { isOver, shareOf } from '../calls'
import type { LookUps } from './look-ups'
import { payloadOf } from './payload'

export type SendOptions = {
  /** Whether one provider is offered the bytes after another, or all at once. */
  readonly broadcast: 'first' | 'all'
  /** Whether the chain serialises transactions in its own way: then the hash is not known before the answer. */
  readonly hasOwnSerializer: boolean
}

type SendError = Error & {
  attempts?: readonly AttemptSummary[]
  mayHaveBeenSent?: boolean
  transactionHash?: Hex
  metaMessages?: string[]
}

/** One raw transaction on its way. */
type Sending = {
  readonly caller: Caller
  readonly request: RpcRequest
  /** `undefined` if it is not known before the answer. */
  readonly hash: Hex | undefined
  /** Notes that a provider has the transaction. */
  note(provider: string): void
}

const SEND = 'eth_sendRawTransaction'
/** Time between two look-ups of a receipt (in ms). */
const RECEIPT_PAUSE = 250
/** The error code of EIP-7966 for a transaction that was taken, but not mined in time. */
const NOT_MINED_IN_TIME = 4

/** Makes the function that serves `eth_sendRawTransaction` and `eth_sendRawTransactionSync` (EIP-7966). */
export function createSend(calls: Calls, lookUps: LookUps, options: SendOptions) {
  const { clock, providers, privates } = calls
  const { broadcast, hasOwnSerializer } = options
  const isPrivate = privates.length > 0

  async function send(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown> {
    const payload = hasOwnSerializer ? undefined : payloadOf(paramOf(request.params, 0))
    const hash = payload && keccak256(payload)
    if (isPrivate && hash) lookUps.hide(hash)
    const note = (provider: string) => hash && lookUps.note(hash, provider, payload)
    const sending: Sending = { caller, request, hash, note }
    try {
      const answer = await offer(sending, { ...plan, isPrivate })
      if (isPrivate && !hash && typeof answer === 'string') lookUps.hide(answer)
      return answer
    } catch (error) {
      if (!hash || isOver(caller, error)) throw describeSend(error as SendError, hash)
      return lookFor(sending, hash, error as SendError).catch((end: SendError) => {
        throw describeSend(closedAfter([error as SendError], end), hash)
      })
    }
  }

  function offer(sending: Sending, plan: Plan): Promise<unknown> {
    const { caller, request, hash, note } = sending
    const call = async (own: Plan) => {
      const { value, by } = await calls.ask(caller, request, own)
      note(by.id)
      return value
    }
    if (broadcast === 'first' || plan.isPinned) return call(plan)
    const ids = isPrivate ? privates : providers.map(({ id }) => id)
    const allowed = ids.filter((id) => !plan.exclude.includes(id))
    if (allowed.length === 0) return call(plan)
    const sends = allowed.map((provider) =>
      call({ ...plan, provider, isPinned: true, rounds: 1, isOneShot: true }).catch((error: SendError) => {
        if (isOver(caller, error) || !hash || request.method !== SEND) throw error
        // If this provider knows it already, slower ones need not be waited for: the transaction spreads by itself.
        return lookFor(sending, hash, error)
      }),
    )
    return Promise.any(sends).catch((all: AggregateError) => {
      const over = all.errors.find((error) => isOver(caller, error))
      if (over !== undefined) throw closedAfter(all.errors, over)
      const telling = mostTelling(all.errors, request)
      // Nobody took the bytes or said why: they are offered to one provider after another while there is time.
      if (telling.name !== 'AllProvidersFailedError' || caller.deadline - clock.now() < 1) throw telling
      return call(plan)
    })
  }

  /** Answers after all if the transaction of a failed send turns out to be in the pool or in a block. */
  async function lookFor({ caller, request, note }: Sending, hash: Hex, error: SendError) {
    const isSync = request.method !== SEND
    const last = calls.failuresOf(error, request).at(-1)
    const says = last?.failure.transaction
    if (last && (says === 'known' || (says === 'nonce-taken' && (await isFound(caller, last.provider, hash))))) {
      // The provider that said so counts as the one that took the transaction.
      note(last.provider)
      caller.onEnd(0, last.by)
    } else {
      const isUnclear = says !== 'nonce-taken' && error.mayHaveBeenSent && last?.failure.code !== NOT_MINED_IN_TIME
      if (!isSync || !isUnclear) throw error
    }
    return isSync ? receiptOf(caller, hash, error) : hash
  }

  /** The error that says most: best, that the bytes may be in the pool. It is given the attempts of all the sends. */
  function mostTelling(errors: readonly SendError[], request: RpcRequest): SendError {
    const rank = (error: SendError) => {
      const says = calls.failuresOf(error, request).at(-1)?.failure.transaction
      const known = ['known', 'nonce-taken'].indexOf(says ?? '')
      if (known >= 0) return known
      return error.name === 'AllProvidersFailedError' ? 3 : error.attempts ? 2 : 4
    }
    const [telling, ...others] = sortedBy(errors, rank) as [SendError, ...SendError[]]
    if (!telling.attempts) return telling
    return assign(telling, {
      // Its own attempts come last, as the last attempt is taken for the one whose error is passed on.
      attempts: [...others, telling].flatMap(({ attempts = [] }) => attempts),
      mayHaveBeenSent: errors.some(({ mayHaveBeenSent }) => mayHaveBeenSent),
    })
  }

  /** Looks the hash up at the provider that spoke of its nonce, then at the others. */
  async function isFound(caller: Caller, said: string, hash: Hex): Promise<boolean> {
    const lookUp = { method: 'eth_getTransactionByHash', params: [hash] }
    if (isPrivate) return isThere(caller, lookUps.request(caller, lookUp), hash)
    const { provider, exclude } = caller.limits
    const ask = (who: RequestOverrides, by: Caller) =>
      isThere(by, calls.call(by, lookUp, { ...calls.planOf(lookUp, who), rounds: 1 }), hash)
    if (await ask({ provider: said }, shareOf(clock.now(), caller))) return true
    // Providers that the caller ruled out for the send are not asked about it either.
    return provider === undefined && ask({ exclude: [said, ...exclude] }, caller)
  }

  /** The receipt, looked up until the deadline; then throws the error that led here. */
  async function receiptOf(caller: Caller, hash: Hex, error: SendError): Promise<unknown> {
    const lookUp = { method: 'eth_getTransactionReceipt', params: [hash] }
    while (caller.deadline - clock.now() > RECEIPT_PAUSE) {
      const receipt = await orNull(caller, lookUps.request(caller, lookUp))
      if (receipt) return receipt
      await calls.pause(caller, RECEIPT_PAUSE)
    }
    throw error
  }

  return send
}

async function isThere(caller: Caller, lookUp: Promise<unknown>, hash: Hex): Promise<boolean> {
  const transaction = (await orNull(caller, lookUp)) as { hash?: unknown } | null
  const found = transaction?.hash
  return typeof found === 'string' && found.toLowerCase() === hash
}

/** A look-up that fails counts as one that finds nothing. */
async function orNull(caller: Caller, lookUp: Promise<unknown>): Promise<unknown> {
  try {
    return await lookUp
  } catch (error) {
    if (isOver(caller, error)) throw error
    return null
  }
}

/** If the engine was closed, the error still says whether the transaction may have been sent before. */
function closedAfter(sends: readonly SendError[], end: SendError): SendError {
  if (end?.name !== 'TransportClosedError') return end
  return assign(end, { mayHaveBeenSent: sends.some(({ mayHaveBeenSent }) => mayHaveBeenSent) })
}

/** Says in the error what is known about the transaction, once. */
export function describeSend(error: SendError, hash?: Hex | undefined): SendError {
  // The reason of an abort may be any value.
  if (error?.mayHaveBeenSent === undefined) return error
  const state = `The transaction ${error.mayHaveBeenSent ? 'may have been' : 'was not'} sent`
  // It may be said already: by another list inside of this one, or as the error was thrown before.
  if (error.message.includes(state)) return error
  const line = `${state}${hash ? `: ${hash}` : '.'}`
  return assign(error, {
    ...(hash && { transactionHash: hash }),
    message: `${error.message}\n${line}`,
    // viem's wallet client builds the message of its own error from these.
    metaMessages: [...(error.metaMessages ?? []), line],
  })
}

// Look-ups of what was sent through one engine: the provider that took a transaction is asked first, private providers before
// all others, and a pending nonce is not below those that its sender has used here. Sending is in transactions.ts.

import type { Hex } from 'viem'
import { numberToHex } from 'viem'
import { field } from '../../base/fields'
import { createRecent } from '../../base/recent'
import type { Plan } from '../../request/route/plan'
import { heightOf } from '../../rpc/block'
import { paramOf, textOf } from '../../rpc/params'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import { isOver } from '../calls'
import type { Sent } from './sent'
import { createSentTransactions, REMEMBERED } from './sent'

export type LookUps = {
  /** Whether the answer depends on what was sent from here. */
  isOurs(request: RpcRequest): boolean
  request(caller: Caller, request: RpcRequest, plan?: Plan): Promise<unknown>
  /** Notes that only private providers may have seen the transaction. */
  hide(hash: string): void
  /** Notes who took the transaction. */
  note(hash: Hex, provider: string, payload: Hex): void
  /** The chain was reset: what was sent before says nothing about it any more. */
  forget(): void
}

const BY_HASH = new Set([
  'eth_getTransactionByHash',
  'eth_getTransactionReceipt',
  'eth_getRawTransactionByHash',
  'debug_getRawTransaction',
  'debug_traceTransaction',
  'trace_transaction',
])
const NONCE = 'eth_getTransactionCount'
/** Most hashes of private sends that are remembered, the newest ones. */
const MOST_HIDDEN = 1_000
/** Most addresses whose nonce is remembered, the newest ones. */
const MOST_GIVEN = 256

export function createLookUps({ clock, privates, planOf, call }: Calls): LookUps {
  const hidden = createRecent<true>(MOST_HIDDEN)
  const isHidden = (hash: string) => hidden.get(hash, clock.now()) === true
  const sent = createSentTransactions(clock)
  /** The pending nonces that were given last, by address. */
  const given = createRecent<number>(MOST_GIVEN, REMEMBERED)

  function byHash(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown> {
    const hash = keyOf(request)
    const preferred = preferring(plan, sent.takerOf(hash))
    return isHidden(hash) ? privately(caller, request, preferred) : call(caller, request, preferred)
  }

  async function privately(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown> {
    // Throws if no private provider answers: as one may know the transaction, nobody else is told of the hash then.
    const found = await call(caller, request, { ...plan, isPrivate: true })
    if (found) return found
    try {
      return await call(caller, request, { ...plan, exclude: [...plan.exclude, ...privates] })
    } catch (error) {
      if (isOver(caller, error)) throw error
      // Nobody else has answered: the answer is that of the private provider.
      return found
    }
  }

  async function pendingNonce(caller: Caller, request: RpcRequest, plan: Plan): Promise<unknown> {
    const address = keyOf(request)
    const ours = await sent.by(address)
    const answer = await call(caller, request, preferring(plan, ours[0]?.provider))
    const raised = await raisedNonce(caller, ours, Number(answer), given.get(address, clock.now()))
    given.set(address, raised ?? Number(answer), clock.now())
    return raised === undefined ? answer : numberToHex(raised)
  }

  /**
   * The nonce is never below the highest one sent here plus one, while that transaction is pending or mined. One that leaves
   * out nonces after the last one given counts only once it is mined: until then the sender's next nonce is one of those.
   * `undefined` if the provider's answer holds.
   */
  async function raisedNonce(caller: Caller, ours: readonly Sent[], answer: number, last = Infinity) {
    let next = Math.max(answer, last)
    while (ours.some(({ nonce }) => nonce === next)) next++
    for (const { hash, nonce } of ours) {
      if (answer > nonce) return undefined
      const found = await find(caller, hash)
      if (found === null) sent.forget(hash)
      else if (nonce < next || heightOf(field(found, 'blockNumber')) !== undefined) return nonce + 1
    }
    return undefined
  }

  /** The transaction; `null` if no provider knows it any more, `undefined` if nobody can say: then it is taken to be pending. */
  async function find(caller: Caller, hash: Hex): Promise<unknown> {
    const request = { method: 'eth_getTransactionByHash', params: [hash] }
    try {
      return await byHash(caller, request, planOf(request))
    } catch (error) {
      if (isOver(caller, error)) throw error
      return undefined
    }
  }

  return {
    isOurs(request) {
      const { method, params } = request
      if (!BY_HASH.has(method)) return method === NONCE && paramOf(params, 1) === 'pending'
      const hash = keyOf(request)
      return isHidden(hash) || sent.takerOf(hash) !== undefined
    },
    request: (caller, request, plan = planOf(request)) =>
      (request.method === NONCE ? pendingNonce : byHash)(caller, request, plan),
    hide: (hash) => hidden.set(hash.toLowerCase(), true, clock.now()),
    note: sent.add,
    forget() {
      sent.clear()
      given.clear()
    },
  }
}

/** The hash or address that is asked about. */
function keyOf({ params }: RpcRequest): string {
  return textOf(paramOf(params, 0)).toLowerCase()
}

/** The plan with this provider first, and without a hedge beside it; a provider that the caller named stays. */
function preferring(plan: Plan, provider: string | undefined): Plan {
  return provider === undefined || plan.provider !== undefined ? plan : { ...plan, provider, hedge: undefined }
}

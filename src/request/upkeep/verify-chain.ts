// Whether a provider is on the client's chain. It is asked together with the first read, whose answer is held until that is
// known; requests that change something wait for it before they are sent.

import { numberToHex } from 'viem'
import { ASLEEP } from '../../base/clock'
import { ISOLATED } from '../../base/isolated'
import { ChainMismatchError } from '../../errors'
import { classify } from '../../provider/classify'
import type { ChannelState, Provider } from '../../provider/provider'
import { forgetChain } from '../../provider/provider'
import type { Need } from '../../rpc/need'
import { tell } from '../answer/learn'
import type { Attempt } from '../attempt/attempt'
import { send } from '../attempt/attempt'
import type { Flight, Parts } from '../flight'
import type { ClientChannels } from '../route/plan'
import { askUpkeep, UPKEEP_LIMIT } from './upkeep'

/** After a check that failed, the next one may leave this much later (in ms). Doubles with each failure in a row. */
const CHECK_AGAIN = 2_000
/** The longest time after a failed check until the next one may leave (in ms). */
const LONGEST_AGAIN = 60_000
/** Most further checks that a request waits for if something makes each of them void. */
const MOST_CHECKS = 3
/** A check of a wallet counts for this long (in ms), as a wallet may change its chain at any time. */
const WALLET_FRESH = 1_000

/**
 * Whether the chain id must be asked for before an answer of this provider may be used.
 * @param wasAway whether the provider was down, so that another node may have taken its place
 */
export function needsCheck(provider: Provider, need: Need, parts: Parts, now: number, wasAway = false): boolean {
  const { chain, setup } = provider
  if (parts.chainId === undefined || need.traits.kind === 'wallet') return false
  if (setup.isWallet) return chain.check !== undefined || now - chain.askedAt > WALLET_FRESH
  const isDoubtful = wasAway ? chain.state !== 'wrong' : chain.state === 'unknown'
  return isDoubtful && (chain.check !== undefined || now >= chain.againAt)
}

/** Asks for the chain id, with one call for all that wait for it. Never rejects; the result is in `provider.chain`. */
export function checkChain(channel: ChannelState, channels: ClientChannels, parts: Parts): Promise<void> {
  const { provider } = channel
  const { chain } = provider
  if (chain.check) return chain.check
  provider.upkeep.chain++
  chain.askedAt = parts.clock.now()
  const answer = askUpkeep(channel, channels, parts, { method: 'eth_chainId' }).then(toChainId, () => undefined)
  const check = answer.then((id) => {
    // The chain was forgotten meanwhile (`forgetChain`), so this answer is void.
    if (chain.check !== check && !ISOLATED) return
    chain.check = undefined
    learn(provider, id, parts)
  })
  if (!ISOLATED) chain.check = check
  return check
}

/** Sends an attempt unless the provider is on another chain; with a check if the chain is not known. */
export function sendToChain(flight: Flight, attempt: Attempt, now: number): Promise<unknown> {
  const { parts, channels, plan, signal } = flight
  const { channel, request } = attempt
  const { provider } = channel
  const answer = needsCheck(provider, plan.need, parts, now, attempt.permit?.type === 'probe')
    ? sendChecked(flight, attempt)
    : provider.chain.state === 'wrong' && plan.need.traits.kind !== 'wallet'
      ? Promise.reject(mismatchOf(provider))
      : send(attempt, channels, signal)
  if (provider.setup.isWallet && request.method.startsWith('wallet_')) {
    // A `wallet_` method may change the wallet's chain, even if it fails: the chain is forgotten now, and when the call ends.
    const forget = () => forgetChain(provider)
    forget()
    answer.then(forget, forget)
  }
  return answer
}

/** A read leaves together with the check, but what it is answered waits for that. Sends, and reads of wallets, leave after it. */
async function sendChecked(flight: Flight, attempt: Attempt): Promise<unknown> {
  const { parts, channels, plan } = flight
  const { channel, request } = attempt
  const { chain, setup } = channel.provider
  const isSame = request.method === 'eth_chainId'
  const waits = isSame || plan.need.traits.kind !== 'read' || setup.isWallet
  let check = waits ? checkChain(channel, channels, parts) : undefined
  if (check) await whenChecked(flight, attempt, check)
  assertChain(channel.provider)
  if (attempt.isFinished) return undefined
  if (isSame && chain.state === 'verified' && chain.failures === 0) return numberToHex(parts.chainId as number)
  const answer = send(attempt, channels, flight.signal)
  check ??= checkChain(channel, channels, parts)
  // An error that ends the request is an answer too: that of another chain says nothing.
  const isAnswer = (error: unknown) => classify(channel.provider, request, error).verdict === 'final'
  await answer.catch((error) => isAnswer(error) || Promise.reject(error))
  await whenChecked(flight, attempt, check)
  assertChain(channel.provider)
  return answer
}

/** Waits for the check, and for a further one if it is void: the chain was forgotten meanwhile, or the process slept. */
async function whenChecked({ parts, channels }: Flight, attempt: Attempt, check: Promise<void>) {
  const { channel } = attempt
  const { chain } = channel.provider
  const isVoid = () => chain.askedAt === -Infinity || chain.check !== undefined
  await check
  for (let again = 0; isVoid() && !attempt.isFinished && again < MOST_CHECKS; again++)
    await checkChain(channel, channels, parts)
}

function assertChain(provider: Provider) {
  if (provider.chain.state === 'wrong') throw mismatchOf(provider)
}

function mismatchOf({ id, chain }: Provider): Error {
  return new ChainMismatchError({ provider: id, chainId: chain.id })
}

function learn(provider: Provider, id: number | undefined, parts: Parts) {
  const { chain } = provider
  if (id === undefined) {
    const now = parts.clock.now()
    // The process slept while the check was in flight: its failure says nothing, and it is made again.
    if (now - chain.askedAt > UPKEEP_LIMIT + ASLEEP) {
      chain.askedAt = -Infinity
      return
    }
    // The provider stays usable. If its checks hang, they must not hold back every read: the next one waits.
    chain.againAt = now + Math.min(LONGEST_AGAIN, CHECK_AGAIN * 2 ** chain.failures++)
    return
  }
  chain.failures = 0
  chain.id = id
  const wasWrong = chain.state === 'wrong'
  chain.state = id === parts.chainId ? 'verified' : 'wrong'
  if (chain.state === 'verified') return
  parts.version++
  parts.heads.forget(provider, parts.clock.now())
  if (wasWrong) return
  tell(parts, provider, 'chain', parts.chainId, id, 'its eth_chainId differs from the chain of the client')
  parts.onWrongChain(provider)
}

function toChainId(value: unknown): number | undefined {
  const id = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined
}

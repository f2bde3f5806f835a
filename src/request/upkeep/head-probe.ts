// Head probes: small calls that ask providers for heads which would change whom to ask, within a budget, and only while
// requests read near the head. A head far ahead of all others is put to the proof.

import { within } from '../../base/clock'
import { ISOLATED } from '../../base/isolated'
import { isOffline } from '../../base/online'
import { classify } from '../../provider/classify'
import type { ChannelState, Provider } from '../../provider/provider'
import { heightOf } from '../../rpc/block'
import { isUnreachable } from '../../rpc/failure'
import type { RpcRequest } from '../../types'
import { learnFrom } from '../answer/learn'
import { noteHead } from '../answer/sight'
import type { Flight, Parts } from '../flight'
import { shownIn } from '../route/head-order'
import type { ClientChannels } from '../route/plan'
import { isAllowed, isFree } from '../route/route'
import { isLate } from '../waiting/timing'
import { ASK_EVERY, isAffordable } from './head-ledger'
import { askUpkeep, UPKEEP_LIMIT } from './upkeep'
import { checkChain } from './verify-chain'

/** A head is asked for again after a block time, but at the latest after this (in ms). */
const LONGEST_INTERVAL = 15_000
/** Requests look this often at most which heads are wanted (in ms). */
const LOOK_EVERY = 100
/** The first answers near the head wait this long at most for the first probes (in ms). */
export const FIRST_LIMIT = 100

export const HEAD = { method: 'eth_blockNumber' }

/** Whether the request reads near the head. The very first look-up by a hash counts too: a provider without it may lag. */
export function isNearHead({ parts, plan, reach, height }: Flight): boolean {
  if (reach === 'newest' || height >= 0) return true
  if (parts.headProbes.lookAt !== -Infinity || plan.need.traits.block?.shows !== 'look-up') return false
  return plan.provider === undefined && !plan.isPrivate && !plan.exclude?.length
}

/** Called for each request that reads near the head: probes the heads of candidates whose lag is not known well enough. */
export function probeHeads(flight: Flight, now: number) {
  const { parts, route, plan } = flight
  const { headProbes, truth, heads } = parts
  if (!truth || plan.isPinned || now < headProbes.lookAt) return
  const isFirst = headProbes.lookAt === -Infinity
  headProbes.lookAt = now + LOOK_EVERY
  const doubted = heads.doubted(now)
  if (doubted && isAffordable(doubted.provider, headProbes, now))
    void proveHead(flight, doubted.provider, doubted.height)
  // The provider that was just asked for the head by the request itself will tell it anyway.
  const first = plan.need.traits.block?.shows === 'head' ? flight.inFlight[0]?.channel.provider : undefined
  const others = route.candidates.filter(({ provider }) => provider !== first)
  const asked = others.flatMap((channel) => probeHead(channel, flight.channels, parts, now) ?? [])
  if (isFirst && asked.length > 0 && !ISOLATED) awaitFirst(asked, parts)
}

function awaitFirst(asked: readonly Promise<void>[], { headProbes, clock }: Parts) {
  const end = () => {
    headProbes.first = undefined
  }
  // The probes never reject, and end at the latest when the engine closes.
  const told = Promise.all(asked).then(end)
  let wait: Promise<void> | undefined
  // The wait starts with the first answer: providers that are about as quick have told their heads a moment later.
  headProbes.first = () => (wait ??= within(clock, FIRST_LIMIT, told).then(end))
}

/** Asks one provider for its head, if the user lets it see `eth_blockNumber`. Never rejects. */
export async function askHead(channel: ChannelState, channels: ClientChannels, parts: Parts) {
  if (!mayAsk(channel, HEAD, parts)) return
  const { provider } = channel
  const askedAt = parts.clock.now()
  const isUnverified = parts.chainId !== undefined && provider.chain.state === 'unknown'
  const check = isUnverified ? checkChain(channel, channels, parts) : undefined
  const height = heightOf(await askForHead(channel, channels, parts, HEAD))
  await check
  const isOld = askedAt < (parts.truth?.resetAt ?? 0)
  if (height === undefined || isOld || provider.chain.state === 'wrong' || parts.closed) return
  noteHead(parts, provider, height, askedAt, askedAt, parts.clock.now())
}

/** Asks the provider for the block that it has told as its head. Never rejects. */
export async function proveHead({ parts, channels }: Flight, provider: Provider, height: number) {
  const request = { method: 'eth_getBlockByNumber', params: [`0x${height.toString(16)}`, false] }
  const channel = parts.channels.find(
    (one) => one.provider === provider && one.breaker.isClosed() && mayAsk(one, request, parts),
  )
  const block = channel && (await askForHead(channel, channels, parts, request))
  if (block !== undefined) parts.heads.prove(provider, height, block !== null, parts.clock.now())
}

/**
 * Sends one upkeep call. Returns its answer, or `undefined` if it failed. Only a failure counts, and only if no attempt was in
 * flight on the channel meanwhile: that attempt says as much about the channel.
 */
async function askForHead(channel: ChannelState, channels: ClientChannels, parts: Parts, request: RpcRequest) {
  const askedAt = parts.clock.now()
  const endedBefore = channel.attempts - channel.inFlight
  channel.provider.upkeep.heads++
  try {
    return await askUpkeep(channel, channels, parts, request)
  } catch (error) {
    if (parts.closed) return undefined
    const now = parts.clock.now()
    const failure = classify(channel.provider, request, error)
    learnFrom(failure, { channel, request, need: parts.planner(request).need }, parts, now)
    const { kind, code, status, blame } = failure
    // The machine is offline, or the process slept meanwhile: the channel is not to blame.
    const isExcused = isUnreachable(failure) && (isOffline() || isLate(now - askedAt - UPKEEP_LIMIT, UPKEEP_LIMIT))
    if (blame === 'nobody' || isExcused) return undefined
    channel.lastFailure = { kind, code, status, at: now }
    if (channel.attempts === endedBefore) channel.breaker.recordFailure(now, kind)
    return undefined
  }
}

/** Whether the user lets the provider see the method of this request. */
export function mayAsk(channel: ChannelState, request: RpcRequest, { planner }: Parts): boolean {
  return isAllowed(channel, planner(request))
}

/** Asks for the head of the channel's provider, if that may change whom to ask and the budget pays for it. Never rejects. */
export function probeHead(channel: ChannelState, channels: ClientChannels, parts: Parts, now: number) {
  const { provider } = channel
  if (!parts.truth || parts.closed || parts.providers.length < 2 || !isUsable(channel, parts, now)) return undefined
  if (!isWanted(provider, parts, now) || !isAffordable(provider, parts.headProbes, now)) return undefined
  return askHead(channel, channels, parts)
}

function isUsable(channel: ChannelState, parts: Parts, now: number): boolean {
  const { setup, capability } = channel.provider
  return isFree(channel, now) && !setup.isWallet && !capability.lacks(HEAD.method, now) && mayAsk(channel, HEAD, parts)
}

function isWanted(provider: Provider, parts: Parts, now: number): boolean {
  const { heads } = parts
  const { height, at } = heads.lastOf(provider) ?? { height: -1, at: -Infinity }
  const isLow = height < shownIn(parts)
  const interval = isLow ? 0 : Math.min(LONGEST_INTERVAL, heads.blockTime() ?? 0)
  return now - at >= Math.max(ASK_EVERY, interval)
}

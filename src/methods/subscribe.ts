// `transport.subscribe`: hands a subscription through to the first provider, in the order of the route, that confirms it on
// its socket. No sharing, no filling of gaps, no switching to another provider yet: whatever comes from the socket, errors
// included, is passed on as it is.

import type { Hex } from 'viem'
import { TimeoutError } from 'viem'
import type { Channel, UpstreamSubscription } from '../channel/channel'
import { ChainMismatchError, NoProviderError, TransportClosedError } from '../errors'
import type { ChannelState } from '../provider/provider'
import type { ClientChannels, Parts, Plan } from '../request/flight'
import { asViemError } from '../request/outcome'
import { exclusionOf, planRoute } from '../request/route'
import { checkChain, needsCheck } from '../request/verify-chain'

/** viem's: what is pushed, and where to. */
export type SubscribeOptions = {
  params: readonly unknown[]
  /** The `params` of a notification: `{ subscription, result }`. */
  onData(data: unknown): void
  /** The socket was lost; what was pushed meanwhile is not filled in. */
  onError?: ((error: unknown) => void) | undefined
}

export type Subscription = {
  readonly subscriptionId: Hex
  unsubscribe(): Promise<unknown>
}

type Way = { readonly state: ChannelState; readonly channel: Channel & Required<Pick<Channel, 'subscribe'>> }

/**
 * @param turnedOff why nobody may be asked, if so
 * @throws NoProviderError without a provider that has a socket, else what the last one said
 */
export async function subscribe(
  parts: Parts,
  channels: ClientChannels,
  plan: Plan,
  options: SubscribeOptions,
  turnedOff?: string | undefined,
): Promise<Subscription> {
  const ways = turnedOff === undefined ? waysOf(parts, channels, plan) : []
  let last: unknown = new NoProviderError({ method: 'eth_subscribe', reasons: reasonsOf(parts, plan, turnedOff) })
  const deadline = parts.clock.now() + plan.timeout
  for (const [index, way] of ways.entries()) {
    const now = parts.clock.now()
    if (now >= deadline) break
    const limit = index < ways.length - 1 ? (deadline - now) * SHARE : deadline - now
    try {
      return await open(parts, channels, plan, way, options, limit)
    } catch (error) {
      last = error
      if ((error as Error | undefined)?.name === 'TransportClosedError') break
    }
  }
  throw await asViemError(last, 'eth_subscribe')
}

const SHARE = 0.6

function waysOf(parts: Parts, channels: ClientChannels, plan: Plan): Way[] {
  const { candidates, open } = planRoute(plan.need, plan, parts.channels, parts.ranking, parts.clock.now())
  return [...candidates, ...open].flatMap((state) => {
    const channel = channels[state.slot]
    return channel?.subscribe ? [{ state, channel: channel as Way['channel'] }] : []
  })
}

function reasonsOf(parts: Parts, plan: Plan, turnedOff: string | undefined) {
  return parts.channels.map((channel) => ({
    provider: channel.provider.id,
    reason: turnedOff ?? exclusionOf(channel, plan.need, plan) ?? 'has no socket',
  }))
}

function open(
  parts: Parts,
  channels: ClientChannels,
  plan: Plan,
  way: Way,
  { params, onData, onError }: SubscribeOptions,
  limit: number,
): Promise<Subscription> {
  return new Promise((resolve, reject) => {
    let state: { type: 'opening' } | { type: 'live'; upstream: UpstreamSubscription } | { type: 'over' } = {
      type: 'opening',
    }
    const end = () => {
      const last = state
      state = { type: 'over' }
      timer?.cancel()
      parts.ends.delete(onClose)
      return last.type === 'live' ? last.upstream.unsubscribe() : Promise.resolve()
    }
    const fail = (error: unknown) => {
      void end()
      reject(error)
    }
    const onClose = () => {
      const wasLive = state.type === 'live'
      void end().catch(() => {}) // the engine is gone, whatever the socket says to it
      if (wasLive) onError?.(new TransportClosedError())
      else reject(new TransportClosedError())
    }
    const giveUp = () => fail(new TimeoutError({ body: { method: 'eth_subscribe' }, url: way.state.provider.id }))
    const timer = limit === Infinity ? undefined : parts.clock.after(limit, giveUp)
    parts.ends.add(onClose)
    const sink = {
      onData: (data: unknown) => state.type !== 'over' && onData(data),
      onError: (error: unknown) => state.type === 'live' && onError?.(error),
    }
    const start = async () => {
      await checkFirst(parts, channels, plan, way)
      if (state.type === 'over') return
      const upstream = await way.channel.subscribe(params, sink)
      // Nobody waits for it any more: it is ended, whatever comes of that.
      if ((state as { type: string }).type === 'over') return void upstream.unsubscribe().catch(() => {})
      timer?.cancel()
      state = { type: 'live', upstream }
      resolve({
        get subscriptionId() {
          return upstream.id as Hex
        },
        unsubscribe: end,
      })
    }
    start().catch(fail)
  })
}

/** What is pushed cannot be taken back: the chain must be known before. */
async function checkFirst(parts: Parts, channels: ClientChannels, plan: Plan, { state }: Way) {
  const { provider } = state
  if (needsCheck(provider, plan.need, parts, parts.clock.now())) await checkChain(state, channels, parts)
  if (provider.chain.state === 'wrong') throw new ChainMismatchError({ provider: provider.id })
}

// The way in for subscribers: `subscribe` in viem's shape, `heads()` and `logs()` as async iterators. Each list of providers
// that clients want to be asked (all, or those of a `with()`) has a hub of its own.

import type { Hex } from 'viem'
import type { SubscriptionGapError } from '../errors'
import { NoProviderError, TransportClosedError } from '../errors'
import type { Face } from '../request/route/plan'
import type { SocketState } from '../types'
import type { Hub, HubOptions, Subscription } from './hub'
import { createHub } from './hub'
import type { HeadOfChain, LogsOfBlock } from './items'
import { createLogItems, readHead } from './items'
import { createIteration } from './iteration'
import type { SubscriptionKey } from './key'
import { subscriptionKeyOf } from './key'
import type { SharedStatus } from './shared'
import type { Item } from './stream'
import type { SubscriberOptions } from './subscriber'

/** The options of `subscribe`, in viem's shape. */
export type SubscribeOptions<result = unknown> = {
  /** The params of `eth_subscribe`: the kind, and for `'logs'` the filter. */
  params: readonly unknown[]
  /** Called with the `params` of each notification. If it returns a promise, the next call waits for it, up to 10 s. */
  onData(data: { readonly subscription: Hex; readonly result: result }): unknown
  /** Called with a `SubscriptionGapError` if blocks are missing (the stream goes on), or with the error that ends it. */
  onError?(error: unknown): void
}

/** The options of `client.transport.heads()`. */
export type HeadStreamOptions = {
  /** Ends the iterator, and with it a `for await` loop, when aborted. */
  signal?: AbortSignal | undefined
}

/** The filter of `client.transport.logs()`: addresses and topics, as in `eth_getLogs`. */
export type LogsFilter = {
  /** One address, or several of which any may match. @default all */
  address?: Hex | readonly Hex[] | undefined
  /** Topics by position: one, several of which any may match, or `null` for any. @default all */
  topics?: readonly (Hex | readonly Hex[] | null)[] | undefined
}

/** The options of `client.transport.logs()`. */
export type LogStreamOptions = HeadStreamOptions & {
  /** The first block whose logs are given; it may be an old one. @default the next block */
  fromBlock?: bigint | undefined
  /** How many blocks must follow a block before its logs are given. @default 0 */
  confirmations?: number | undefined
}

export type Subscriptions = {
  /** @param turnedOff why there are no subscriptions, if they are turned off */
  subscribe(face: Face, options: SubscribeOptions, turnedOff: string | undefined): Promise<Subscription>
  heads(face: Face, options?: HeadStreamOptions | undefined): AsyncIterableIterator<HeadOfChain>
  logs(
    face: Face,
    filter?: LogsFilter | undefined,
    options?: LogStreamOptions | undefined,
  ): AsyncIterableIterator<LogsOfBlock>
  status(): SharedStatus[]
  onSocket(provider: string, to: SocketState): void
  onWrongChain(provider: string): void
  close(): void
}

export type SubscriptionsOptions = HubOptions & {
  /** The option `pollingInterval` of the list (in ms). */
  readonly pollingInterval: number | undefined
}

/** A promise that a subscriber returns is waited for this long (in ms). */
const PATIENCE = 10_000
/** The polling interval where neither the list nor the client has one (in ms): viem's default. */
const INTERVAL = 4_000

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { parts, pollingInterval } = options
  const hubs = new Map<string, Hub>()

  function hubOf(face: Face): Hub {
    const { wall, provider, isPinned, channel, exclude } = face.planner({ method: 'eth_subscribe' })
    const scope = JSON.stringify([wall, provider, isPinned, channel, exclude])
    const hub = hubs.get(scope) ?? createHub(options, face)
    hubs.set(scope, hub)
    return hub
  }

  function intervalOf(face: Face) {
    return pollingInterval ?? face.pollingInterval ?? INTERVAL
  }

  /** @param read the values that the iterator yields for an item */
  function iterate<value>(
    face: Face,
    key: SubscriptionKey,
    read: (item: Item) => readonly value[],
    onGap: (gap: SubscriptionGapError) => void,
    { signal, from }: { signal: AbortSignal | undefined; from?: number | undefined },
  ): AsyncIterableIterator<value> {
    return createIteration<value>(async ({ give, fail, leaveBy }) => {
      if (parts.closed) throw new TransportClosedError()
      const subscriber: SubscriberOptions = {
        read,
        onEvent: (value) => give(value as value),
        onError: (error) =>
          (error as Error).name === 'SubscriptionGapError' ? onGap(error as SubscriptionGapError) : fail(error),
        patience: Infinity,
        interval: intervalOf(face),
        from,
        isToldProgress: true,
      }
      await hubOf(face).subscribe(face, key, () => subscriber, leaveBy)
    }, signal)
  }

  return {
    async subscribe(face, { params, onData, onError = ignore }, turnedOff) {
      if (turnedOff !== undefined) {
        const reasons = parts.providers.map(({ id }) => ({ provider: id, reason: turnedOff }))
        throw new NoProviderError({ method: 'eth_subscribe', reasons })
      }
      if (parts.closed) throw new TransportClosedError()
      return await hubOf(face).subscribe(face, subscriptionKeyOf(params), (subscription) => ({
        read: resultsOf,
        subscription,
        onEvent: onData as (data: unknown) => unknown,
        onError,
        patience: PATIENCE,
        interval: intervalOf(face),
      }))
    },
    heads: (face, { signal } = {}) => iterate(face, subscriptionKeyOf(['newHeads']), readHead, ignore, { signal }),
    logs(face, filter = {}, { fromBlock, confirmations = 0, signal } = {}) {
      const key = subscriptionKeyOf(['logs', filter])
      const from = fromBlock === undefined ? undefined : Number(fromBlock)
      const items = createLogItems(confirmations, from)
      return iterate(face, key, items.read, (gap) => items.noteGap(gap.from, gap.to), { signal, from })
    },
    status: () => [...hubs.values()].flatMap((hub) => hub.status()),
    onSocket(provider, to) {
      for (const hub of hubs.values()) hub.onSocket(provider, to)
    },
    onWrongChain(provider) {
      for (const hub of hubs.values()) hub.onWrongChain(provider)
    },
    close() {
      for (const hub of hubs.values()) hub.close()
      hubs.clear()
    },
  }
}

function resultsOf({ results }: Item) {
  return results
}

function ignore() {}

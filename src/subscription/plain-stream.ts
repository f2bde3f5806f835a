// A stream that knows no blocks (pending transactions, what vendors add): shared, subscribed again elsewhere when it is lost,
// without doubles. What was pushed while nobody was connected cannot be asked for again.

import { createNovelty } from '../base/novelty'
import type { AttemptSummary } from '../errors'
import type { Parts } from '../request/flight'
import { keyOfPending } from '../rpc/pending'
import type { RpcRequest } from '../types'
import type { SubscriptionKey } from './key'
import type { Place } from './source/place'
import type { Places } from './source/places'
import { createPoller } from './source/poller'
import { openUpstream } from './source/upstream'
import type { Stream, StreamSink } from './stream'

export type PlainStreamParts = {
  readonly parts: Pick<Parts, 'clock' | 'providers'>
  readonly places: Places
  /** A request like a caller's: for filters. */
  readonly request: (request: RpcRequest) => Promise<unknown>
  /** Between two polls (in ms). */
  readonly interval: () => number
}

const PENDING = 'newPendingTransactions'
const FILTER = 'eth_newPendingTransactionFilter'
/** Transactions that are remembered, so that a new source does not tell them again. */
const MOST_SEEN = 10_000

export function createPlainStream(
  { parts, places, request, interval }: PlainStreamParts,
  { kind, params }: SubscriptionKey,
  sink: StreamSink,
): Stream {
  const { clock, providers } = parts
  const isPending = kind === PENDING
  const isNew = createNovelty(MOST_SEEN)
  /** The filter that stands in for a place, maybe still on its way; its identity tells whether it has been dropped. */
  let filter: Promise<unknown> | undefined
  /** Why no place serves it, if so. */
  let refusal: unknown
  const poller = createPoller(clock, poll, interval)

  function give(result: unknown) {
    if (isPending && !isNew(keyOfPending(result))) return
    sink.onItem({ type: 'plain', results: [result] })
  }

  function onLive(place: Place) {
    dropFilter()
    sink.onState({ name: 'live', source: { provider: place.id, channel: 'ws' } })
  }

  function onRest(why: unknown) {
    refusal = why
    // Whole transactions are told by no filter.
    if (isPending && params.length === 1) poller.start()
    else if (refusal) sink.onRefused(refusal)
  }

  async function poll() {
    filter ??= request({ method: FILTER })
    const own = filter
    try {
      const id = await own
      if (filter !== own) return
      const found = await request({ method: 'eth_getFilterChanges', params: [id] })
      if (filter !== own) return
      sink.onState({ name: 'polling' })
      for (const hash of Array.isArray(found) ? found : []) give(hash)
    } catch (error) {
      if (filter !== own) return
      filter = undefined // it is made again with the next poll
      if (refusal && isUnserved(error)) sink.onRefused(error)
    }
  }

  /** Whether all providers say so, and not only those that are up. */
  function isUnserved(error: unknown): boolean {
    const { attempts = [] } = error as { attempts?: readonly AttemptSummary[] }
    const asked = providers.filter(({ capability }) => capability.declares(FILTER) !== false)
    return (
      attempts.every(({ kind }) => kind === 'unsupported-method') &&
      asked.every(({ id }) => attempts.some(({ provider }) => provider === id))
    )
  }

  function dropFilter() {
    poller.stop()
    filter?.then((id) => request({ method: 'eth_uninstallFilter', params: [id] })).catch(() => {})
    filter = undefined
  }

  const closeUpstream = openUpstream({
    params,
    places,
    clock,
    sink: {
      onLive,
      onData: give,
      onDown: (why) => sink.onState({ name: 'switching' }, why),
      onRest,
      isLevel: async () => true,
    },
  })

  return {
    cursor: () => undefined,
    replay: (from) => Promise.resolve({ items: [], upTo: from }),
    stop() {
      dropFilter()
      closeUpstream()
    },
  }
}

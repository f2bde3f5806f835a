// A stream of a kind without blocks: pending transactions, kinds that vendors add. When its place is lost it goes on at another
// one; a pending transaction is told once. What was pushed while no place was live cannot be asked for later.

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
  /** Sends a request as a caller would: for filters, which outlive their provider. */
  readonly request: (request: RpcRequest) => Promise<unknown>
  /** Time between two polls (in ms). */
  readonly interval: () => number
}

const PENDING = 'newPendingTransactions'
const FILTER = 'eth_newPendingTransactionFilter'
/** Most transactions that are remembered, so that a new source does not tell them again. */
const MOST_SEEN = 10_000

export function createPlainStream(
  { parts, places, request, interval }: PlainStreamParts,
  { kind, params }: SubscriptionKey,
  sink: StreamSink,
): Stream {
  const { clock, providers } = parts
  const isPending = kind === PENDING
  const isNew = createNovelty(MOST_SEEN)
  /** The id of the filter that stands in for a place, maybe still to come. Another identity, or none: that one was dropped. */
  let filter: Promise<unknown> | undefined
  /** Why no place serves the kind; `undefined` while one may. */
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
    // No filter tells whole transactions, which a second param asks for.
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
      filter = undefined // the next poll makes another one
      if (refusal && isUnserved(error)) sink.onRefused(error)
    }
  }

  /** Whether every provider that may have filters was asked and does not: one that is down has not been asked. */
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

// One subscriber of a storm: joins, takes events at its own pace, and records them. They are judged by event-verdict.

import { subscriptionKeyOf } from '../../src/subscription/key'
import type { LogsFilter } from '../../src/subscription/subscriptions'
import type { LogMatch } from '../support/chain-block'
import type { Sighting, Truth, Verdict } from '../support/event-verdict'
import { judgeHeads, judgeLogs } from '../support/event-verdict'
import type { StormWorld } from './world'

export type WatcherPlan = {
  readonly kind: 'heads' | 'logs'
  readonly via: 'subscribe' | 'iterator'
  /** The filter of a subscription to logs. */
  readonly filter: LogMatch
  /** When the watcher joins (in ms). */
  readonly from: number
  /** When the watcher leaves (in ms); `Infinity` if it stays to the end. */
  readonly to: number
  /** Longest time the watcher takes for one event (in ms). */
  readonly pace: number
}

export type Watcher = {
  readonly plan: WatcherPlan
  readonly name: string
  readonly sightings: readonly Sighting[]
  /** The gaps that the watcher was told of. */
  readonly gaps: readonly { from: number; to: number; at: number }[]
  readonly errors: readonly unknown[]
  /** The first block that the watcher must be told of; `undefined` while its stream is not live. */
  readonly first: number | undefined
  readonly hasLeft: boolean
  /** Checks whether its stream is live by now. */
  look(): void
  leave(): void
  judge(truth: Truth): Verdict
}

/** Starts a watcher. @param after calls a function after some ms, which makes the watcher slow */
export function startWatcher(
  { clock, chain, engine, face, random, note }: StormWorld,
  plan: WatcherPlan,
  name: string,
  after: (ms: number, run: () => void) => void,
): Watcher {
  const { subscriptions } = engine
  const isHeads = plan.kind === 'heads'
  const params = isHeads ? ['newHeads'] : ['logs', plan.filter]
  const key = subscriptionKeyOf(params)
  const sightings: Sighting[] = []
  const gaps: { from: number; to: number; at: number }[] = []
  const errors: unknown[] = []
  const abort = new AbortController()
  let first: number | undefined
  let isJoined = false
  let hasLeft = false
  let unsubscribe = () => {}
  engine.events.on('gap', ({ key: of, late, from, to }) => {
    if (late && of === key.name && !hasLeft) sightings.push({ type: 'late', at: clock.now(), from, to })
  })

  const busy = () => (plan.pace > 0 ? new Promise<void>((resolve) => after(random() * plan.pace, resolve)) : undefined)

  function see(result: any) {
    const at = clock.now()
    const { number, hash, parentHash, blockNumber, blockHash, logIndex, removed = false } = result
    note(
      isHeads
        ? `${name} < ${Number(number)} ${hash.slice(0, 8)}`
        : `${name} < ${removed ? 'removed ' : ''}${Number(blockNumber)}.${Number(logIndex)} ${blockHash.slice(0, 8)}`,
    )
    if (isHeads) sightings.push({ type: 'head', at, number: Number(number), hash, parentHash })
    else
      sightings.push({
        type: 'log',
        at,
        blockNumber: Number(blockNumber),
        blockHash,
        logIndex: Number(logIndex),
        removed,
      })
  }

  function onError(error: any) {
    note(`${name} < ${error.message.split('\n')[0]}`)
    if (error.name === 'SubscriptionGapError')
      gaps.push({ from: Number(error.from), to: Number(error.to), at: clock.now() })
    else if (!hasLeft) errors.push(error)
  }

  async function iterate() {
    if (isHeads) {
      for await (const head of subscriptions.heads(face, { signal: abort.signal })) {
        see(head)
        await busy()
      }
      return
    }
    for await (const { logs, removed, gap } of subscriptions.logs(face, plan.filter as LogsFilter, {
      signal: abort.signal,
    })) {
      if (gap && !gap.late) gaps.push({ from: Number(gap.from), to: Number(gap.to), at: clock.now() })
      for (const log of logs) see({ ...log, removed })
      await busy()
    }
  }

  /** Subscribes. A watcher with an iterator does so too, as only `subscribe` tells when the stream is live. */
  function join(onData: (data: any) => unknown) {
    subscriptions.subscribe(face, { params, onData, onError }, undefined).then((subscription) => {
      unsubscribe = () => void subscription.unsubscribe()
      isJoined = true
      if (hasLeft || plan.via === 'iterator') unsubscribe()
      look()
    }, onError)
  }

  function look() {
    if (!isJoined || first !== undefined) return
    const state = subscriptions.status().find((one) => one.key === key.name)?.state
    if (state === undefined || state === 'opening') return
    first = chain.head.number + 1
    note(`${name} is live, from ${first}`)
  }

  if (plan.via === 'iterator') {
    iterate().catch(onError)
    join(() => {})
  } else
    join(({ result }) => {
      see(result)
      return busy()
    })

  return {
    plan,
    name,
    sightings,
    gaps,
    errors,
    get first() {
      return first
    },
    get hasLeft() {
      return hasLeft
    },
    look,
    leave() {
      if (hasLeft) return
      hasLeft = true
      unsubscribe()
      abort.abort()
    },
    judge: (truth) => (isHeads ? judgeHeads(sightings, truth) : judgeLogs(sightings, truth, plan.filter)),
  }
}

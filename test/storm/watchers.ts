// One subscriber in a storm: joins, takes what it is told at its own pace, and writes it down. What it is worth is
// judged by event-verdict.

import { subscriptionKeyOf } from '../../src/subscription/key'
import type { LogsFilter } from '../../src/subscription/subscriptions'
import type { LogMatch } from '../support/chain-block'
import type { Sighting, Truth, Verdict } from '../support/event-verdict'
import { judgeHeads, judgeLogs } from '../support/event-verdict'
import type { StormWorld } from './world'

export type WatcherPlan = {
  readonly kind: 'heads' | 'logs'
  readonly via: 'subscribe' | 'iterator'
  /** Of logs. */
  readonly filter: LogMatch
  readonly from: number
  /** `Infinity`: to the end. */
  readonly to: number
  /** Longest time it takes for one event (in ms). */
  readonly pace: number
}

export type Watcher = {
  readonly plan: WatcherPlan
  readonly name: string
  readonly sightings: readonly Sighting[]
  /** Told of what was missed. */
  readonly gaps: readonly { from: number; to: number; at: number }[]
  readonly errors: readonly unknown[]
  /** The first block that it must be told of; `undefined` while its stream is not there. */
  readonly first: number | undefined
  readonly hasLeft: boolean
  /** Looks whether its stream is there now. */
  look(): void
  leave(): void
  judge(truth: Truth): Verdict
}

/** @param after runs it later (in ms): what makes it slow */
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

  /** With an iterator, beside it: it says when the stream is there. */
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

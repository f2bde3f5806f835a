// Plays one scenario for the watchers of one client, over a fleet of its own, and has judged what they were told.

import type { Hash } from 'viem'
import { pad, toHex } from 'viem'
import type { Chain } from './chain'
import { createChain } from './chain'
import type { ChainBlock, LogSpec } from './chain-block'
import { transferTopic } from './chain-block'
import type { Scenario, Stage } from './event-scenarios'
import type { Truth, Verdict } from './event-verdict'
import { judgeHeads, judgeLogs, worstOf } from './event-verdict'
import type { EventPeer, EventPeerMaker, Watch } from './event-watch'
import { blockTime, token } from './event-watch'
import { createFleet } from './fleet'
import type { FleetProvider } from './fleet-provider'

export type EventOutcome = {
  /** The worst of all watchers, for each count by itself; below the same of logs. */
  readonly heads: Verdict
  readonly logs: Verdict
  readonly watches: readonly { readonly name: string; readonly verdict: Verdict }[]
  /** Equal upstream subscriptions over all providers: the most at a time (`most`), and at the end (`left`). */
  readonly upstream: { readonly most: number; readonly left: number }
  readonly errors: readonly unknown[]
}

export type RunOptions = {
  /** @default 'full' */
  readonly length?: 'full' | 'short' | undefined
  /** How long it may take until the watchers are told of the last blocks (in ms). */
  readonly patience: number
}

const height = 100
const logsPerBlock = 3

export async function runScenario(
  scenario: Scenario,
  maker: EventPeerMaker,
  { length = 'full', patience }: RunOptions,
): Promise<EventOutcome> {
  const startTime = Math.floor(Date.now() / 1_000 - (height * blockTime) / 1_000)
  const { providers: scripts = [{}, {}, {}], hasBlooms, start: startLimit = Math.max(3_000, patience) } = scenario
  const chain = createChain({ height, blockTime: blockTime / 1_000, startTime, logs: transfersIn, hasBlooms })
  await using fleet = await createFleet(scripts, { chain })
  const { providers } = fleet
  const miner = startMiner(chain)
  const counter = startCounter(providers)
  const peer = maker.start({ providers, chain })
  try {
    await until(() => peer.watches.every(({ sightings }) => sightings.length > 0), startLimit)
    const first = chain.head.number + 1
    const start = performance.now()
    const stage: Stage = {
      providers: providers as Stage['providers'],
      chain,
      blocks: miner.blocks,
      turns: (full, short) => (length === 'full' ? full : short),
    }
    await scenario.play(stage)
    miner.stop()
    const blocks = Array.from({ length: chain.head.number - first + 1 }, (_, i) => chain.block(first + i) as ChainBlock)
    const truth = { blocks, start, end: performance.now() }
    await until(() => peer.watches.every((watch) => judge(watch, truth).lost === 0), patience)
    const upstream = counter.stop()
    return { ...judgeAll(peer, truth), upstream, errors: [...peer.errors] }
  } finally {
    miner.stop()
    counter.stop()
    await peer.close()
  }
}

function judgeAll({ watches }: EventPeer, truth: Truth) {
  const judged = watches.map((watch) => ({ kind: watch.kind, name: watch.name, verdict: judge(watch, truth) }))
  const worst = (kind: Watch['kind']) =>
    worstOf(judged.flatMap((watch) => (watch.kind === kind ? [watch.verdict] : [])))
  return {
    heads: worst('heads'),
    logs: worst('logs'),
    watches: judged.map(({ kind, name, verdict }) => ({ name: `${kind}, ${name}`, verdict })),
  }
}

function judge({ kind, sightings }: Watch, truth: Truth): Verdict {
  return kind === 'heads' ? judgeHeads(sightings, truth) : judgeLogs(sightings, truth, { address: token })
}

/** The logs of a block: three transfers of the watched token. */
function transfersIn(number: number): LogSpec[] {
  const topics: readonly Hash[] = [transferTopic, pad('0x01'), pad('0x02')]
  return Array.from({ length: logsPerBlock }, (_, i) => ({ address: token, topics, data: pad(toHex(number * 10 + i)) }))
}

/** Mines a block every `blockTime`. */
function startMiner(chain: Chain) {
  let waiting: { height: number; resolve: () => void }[] = []
  const timer = setInterval(() => {
    mined++
    chain.mine()
    const due = waiting.filter((one) => one.height <= mined)
    waiting = waiting.filter((one) => one.height > mined)
    for (const { resolve } of due) resolve()
  }, blockTime)
  let mined = 0
  return {
    blocks: (count: number) => new Promise<void>((resolve) => void waiting.push({ height: mined + count, resolve })),
    stop: () => clearInterval(timer),
  }
}

/** Counts the upstream subscriptions every few ms. */
function startCounter(providers: readonly FleetProvider[]) {
  let most = 0
  const look = () => {
    const counts = new Map<string, number>()
    for (const params of providers.flatMap(({ sockets }) => sockets.subscriptions)) {
      const key = JSON.stringify(params)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const now = Math.max(0, ...counts.values())
    most = Math.max(most, now)
    return now
  }
  const timer = setInterval(look, 10)
  return {
    stop() {
      clearInterval(timer)
      return { most, left: look() }
    },
  }
}

/** Resolves when `isSo` returns true, at the latest after `limit` (in ms). */
function until(isSo: () => boolean, limit: number): Promise<void> {
  return new Promise((resolve) => {
    const from = performance.now()
    const timer = setInterval(() => {
      if (!isSo() && performance.now() - from < limit) return
      clearInterval(timer)
      resolve()
    }, 10)
  })
}

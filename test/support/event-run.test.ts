// The runs of event scenarios: a client that is told everything is flawless, one that reads a single socket is found out.

import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createFollower, logsOfChange } from './chain-follower'
import type { EventOutcome } from './event-run'
import { runScenario } from './event-run'
import type { Scenario } from './event-scenarios'
import { scenarios } from './event-scenarios'
import type { EventPeerMaker } from './event-watch'
import { createWatch, token } from './event-watch'

const options = { length: 'short', patience: 100 } as const
const scenario = (name: string) => scenarios.find((one) => one.name === name) as Scenario

/** Reads the chain itself. */
const knowing: EventPeerMaker = {
  name: 'knowing',
  start({ chain }) {
    const [heads, logs] = [createWatch('heads', 'heads'), createWatch('logs', 'logs')]
    const follower = createFollower(chain, () => chain.head.number)
    const unfollow = chain.onChange(() => {
      const change = follower.next()
      change.added.forEach(heads.head)
      for (const { log, removed } of logsOfChange(change, { address: token })) logs.log({ ...log, removed })
    })
    return { watches: [heads, logs], errors: [], close: async () => unfollow() }
  },
}

/** Believes the first provider's socket, and never dials again. */
const naive: EventPeerMaker = {
  name: 'naive',
  start({ providers: [first] }) {
    const [heads, logs] = [createWatch('heads', 'heads'), createWatch('logs', 'logs')]
    const kinds = [['newHeads'], ['logs', { address: token }]]
    const [headId, logId] = [1, 2].map((id) => ({ id, subscription: '' })) as [{ subscription: string }, any]
    const socket = new WebSocket(first?.wsUrl as string)
    socket.on('open', () => {
      for (const [index, params] of kinds.entries())
        socket.send(JSON.stringify({ id: index + 1, method: 'eth_subscribe', params }))
    })
    socket.on('message', (data) => {
      const { id, result, params } = JSON.parse(data.toString())
      if (id === 1) headId.subscription = result
      if (id === 2) logId.subscription = result
      if (params?.subscription === headId.subscription) heads.head(params.result)
      if (params?.subscription === logId.subscription) logs.log(params.result)
    })
    return { watches: [heads, logs], errors: [], close: async () => socket.terminate() }
  },
}

const flawless = { lost: 0, doubled: 0, ghosts: 0, disordered: 0, late: 0 }
const countsOf = ({ heads, logs, upstream }: EventOutcome) => ({
  heads: [heads.lost, heads.doubled, heads.ghosts, heads.disordered].map((count) => count > 0),
  logs: [logs.lost, logs.doubled, logs.ghosts, logs.disordered].map((count) => count > 0),
  upstream,
})

test.concurrent('default: who knows everything is flawless', async () => {
  const outcome = await runScenario(scenario('reorg of 3'), knowing, options)
  expect(outcome).toMatchObject({ heads: flawless, logs: flawless, upstream: { most: 0, left: 0 }, errors: [] })
  expect([outcome.heads.expected >= 30, outcome.logs.expected]).toEqual([true, outcome.heads.expected * 3])
})

test.concurrent.each([
  ['quiet', { heads: [false, false, false, false], logs: [false, false, false, false], upstream: 1 }],
  [
    'first provider gone for good',
    { heads: [true, false, false, false], logs: [true, false, false, false], upstream: 0 },
  ],
  [
    'socket killed during a reorg of 2',
    { heads: [true, false, true, false], logs: [true, false, true, false], upstream: 0 },
  ],
  [
    '15 % of frames dropped, 15 % doubled',
    { heads: [true, true, false, false], logs: [true, true, false, false], upstream: 1 },
  ],
  ['frames swapped', { heads: [false, false, false, true], logs: [false, false, false, true], upstream: 1 }],
])('behavior: who believes one socket: %s', async (name, { upstream, ...counts }) => {
  const outcome = countsOf(await runScenario(scenario(name), naive, options))
  expect(outcome).toEqual({ ...counts, upstream: { most: 1, left: upstream } })
})

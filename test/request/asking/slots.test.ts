// Requests over sockets of which all slots are taken: another candidate with room, else they wait for a slot. Real socket
// channels over scripted sockets, each answering after 5 ms, on the manual clock.

import { expect, test } from 'vitest'
import type { WsChannel } from '../../../src/channel/ws'
import { createWsChannel } from '../../../src/channel/ws'
import type { TestEngine, TestEngineOptions, TestProvider } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { createManualClock } from '../../support/manual-clock'
import type { ScriptedChannel, ScriptedChannelOptions } from '../../support/scripted-channel'
import { createScriptedChannel } from '../../support/scripted-channel'
import { createScriptedSockets } from '../../support/scripted-sockets'

const SLOTS = 256
const READ = 'eth_getBalance'

type Server = { reply: ((asked: unknown) => object) | 'hang'; asked: unknown[]; inFlight: number; peak: number }

/** One server for each provider with a socket; the others are scripted and answer at once. */
function setUp(providers: readonly TestProvider[], options: TestEngineOptions['options'] = {}) {
  const clock = createManualClock()
  const servers: Server[] = []
  const sockets: ReturnType<typeof createScriptedSockets>[] = []
  const channels: WsChannel[] = []

  function createChannel(given: ScriptedChannelOptions): ScriptedChannel {
    if (given.type !== 'ws') return createScriptedChannel(given)
    const server: Server = { reply: (asked) => ({ result: asked }), asked: [], inFlight: 0, peak: 0 }
    const made = createScriptedSockets({
      onSend({ id, params: [asked] }) {
        const socket = made.last
        server.asked.push(asked)
        server.peak = Math.max(server.peak, ++server.inFlight)
        if (server.reply === 'hang') return
        const answer = server.reply(asked)
        clock.after(5, () => {
          server.inFlight--
          socket.receive({ id, ...answer })
        })
      },
    })
    const provider = `p${channels.length + 1}`
    const socketOptions = { clock, random: () => 0.5, open: made.open }
    const channel = createWsChannel({
      url: `wss://${provider}.example`,
      provider,
      onSocket: (change) => t.engine.onSocket(provider, change),
      ...socketOptions,
    })
    servers.push(server)
    sockets.push(made)
    channels.push(channel)
    return Object.assign(channel, { reply: () => channel }) as unknown as ScriptedChannel
  }

  let socketed = 0
  const entries = providers.map((entry): TestProvider => {
    if (!entry.channels?.includes('ws')) return entry
    const place = socketed++
    return { ...entry, socket: () => channels[place]?.socket() ?? 'idle' }
  })
  const t: TestEngine = createTestEngine({ providers: entries, options, clock, createChannel })
  for (const channel of channels) channel.dial()
  for (const { last } of sockets) last.open()
  const many = (count: number, from = 0, more = {}) =>
    Array.from({ length: count }, (_, index) => t.start(READ, [from + index], more))
  return { ...t, inFlight: t.inFlight, clock, servers: servers as [Server, Server], sockets, many }
}

type Requests = readonly ReturnType<TestEngine['start']>[]

const WS: TestProvider = { channels: ['ws'] }
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)
const values = (requests: Requests) => requests.map(({ ended }) => ended?.value)
const failed = (t: TestEngine) => t.eventsOf('attempt').filter(({ outcome }) => outcome !== 'success')

test('default: where there is one socket only, 2 000 reads at once are answered, 256 at a time', async () => {
  const t = setUp([WS])
  const [one] = t.servers
  const reads = t.many(2_000)
  await t.clock.advance(100)
  expect(values(reads)).toEqual(upTo(2_000))
  expect([one.asked.length, one.peak, failed(t), t.inFlight()]).toEqual([2_000, SLOTS, [], 0])
  expect(t.status().requests).toEqual({ total: 2_000, failed: 0, hedged: 0, retried: 0 })
})

test('behavior: another candidate with room goes first, without an attempt that fails', async () => {
  const t = setUp([WS, {}, { isBackup: true }])
  const reads = t.many(SLOTS + 300)
  await t.clock.advance(10)
  expect(reads.every(({ ended }) => ended && !ended.error)).toBe(true)
  expect([t.servers[0].asked.length, t.channel('p2').count(), t.channel('p3').count()]).toEqual([SLOTS, 300, 0])
  expect([failed(t), t.eventsOf('failover')]).toEqual([[], []])
})

test('behavior: where all sockets are full, they wait where there is the least to do, and none is hedged for that', async () => {
  const t = setUp([WS, WS])
  const [one, two] = t.servers
  t.many(20)
  await t.clock.advance(10)
  const reads = t.many(4_000)
  await t.clock.advance(200)
  expect(values(reads)).toEqual(upTo(4_000))
  expect([one.asked.length, two.asked.length, one.peak, two.peak]).toEqual([2_020, 2_000, SLOTS, SLOTS])
  expect([t.status().requests.hedged, failed(t)]).toEqual([0, []])
})

test('behavior: where all sockets hang and are full, nobody is hedged by waiting for a slot of the other', async () => {
  const t = setUp([WS, WS], { hedge: { delay: 50, budget: 1_000 } })
  const [one, two] = t.servers
  one.reply = 'hang'
  two.reply = 'hang'
  t.many(4 * SLOTS)
  await t.clock.advance(300)
  expect([one.asked.length, two.asked.length, t.status().requests.hedged]).toEqual([SLOTS, SLOTS, 0])
})

test('behavior: a declared concurrency holds for a socket too', async () => {
  const t = setUp([{ ...WS, limits: { concurrency: 10 } }])
  const reads = t.many(100)
  await t.clock.advance(100)
  expect([values(reads), t.servers[0].peak]).toEqual([upTo(100), 10])
})

test('behavior: those that are given up while they wait end once and are never sent', async () => {
  const t = setUp([WS])
  const controller = new AbortController()
  t.many(SLOTS)
  const given = t.many(100, 1_000, { signal: controller.signal })
  const last = t.many(1, 5_000)
  await t.clock.advance(1)
  controller.abort(new Error('enough'))
  await t.clock.advance(100)
  expect(given.every(({ ended, times }) => ended?.error.message === 'enough' && times === 1)).toBe(true)
  expect([t.servers[0].asked, values(last), t.inFlight()]).toEqual([[...upTo(SLOTS), 5_000], [5_000], 0])
})

test('behavior: close() ends those that wait, once, and nothing of them is sent', async () => {
  const t = setUp([WS])
  const reads = t.many(1_000)
  await t.clock.advance(1)
  t.engine.close()
  await t.clock.advance(100)
  expect(new Set(reads.map(({ ended, times }) => `${ended?.error.name} ${times}`))).toEqual(
    new Set(['TransportClosedError 1']),
  )
  expect([t.servers[0].asked.length, t.inFlight()]).toEqual([SLOTS, 0])
})

test('behavior: a socket that is lost while others wait: what has left is asked again, what has not goes on the next one, each once', async () => {
  const t = setUp([WS], { retryBudget: 1_000 })
  const [one] = t.servers
  one.reply = 'hang'
  const reads = t.many(1_000)
  await t.clock.advance(1)
  one.reply = (asked) => ({ result: asked })
  t.sockets[0]?.last.end()
  await t.clock.advance(1)
  t.sockets[0]?.last.open()
  await t.clock.advance(2_000)
  expect(values(reads)).toEqual(upTo(1_000))
  expect(reads.every(({ times }) => times === 1)).toBe(true)
  const times = upTo(1_000).map((asked) => one.asked.filter((other) => other === asked).length)
  expect([new Set(times.slice(0, SLOTS)), new Set(times.slice(SLOTS))]).toEqual([new Set([2]), new Set([1])])
  expect([t.state('p1'), t.inFlight()]).toEqual(['closed', 0])
})

test('behavior: one that is down keeps nobody waiting for its slots: they go on with others', async () => {
  const t = setUp([WS, { limits: { concurrency: 1 } }], { hedge: false })
  t.servers[0].reply = 'hang'
  t.channel('p2').reply('two', { after: 1 })
  const reads = t.many(SLOTS + 20)
  await t.clock.advance(10)
  expect(reads.filter(({ ended }) => ended)).toHaveLength(1)
  t.breaker('p1').open(t.clock.now(), 60_000)
  await t.clock.advance(30)
  expect(values(reads.slice(SLOTS))).toEqual(Array(20).fill('two'))
  expect(t.servers[0].asked).toEqual(upTo(SLOTS))
})

test('behavior: one whose time runs out while it waits is held against nobody, and was not sent', async () => {
  const t = setUp([{ ...WS, breaker: { failures: 1 } }], { rounds: 1, hedge: false })
  t.servers[0].reply = 'hang'
  t.many(SLOTS, 0, { timeout: 0 })
  const send = t.start('eth_sendPrivateTransaction', ['0x01'], { timeout: 5_000 })
  await t.clock.advance(5_000)
  expect(send.ended?.error).toMatchObject({ name: 'AllProvidersFailedError', attempts: [{ kind: 'timeout' }] })
  expect([t.state('p1'), t.servers[0].asked.length]).toEqual(['closed', SLOTS])
})

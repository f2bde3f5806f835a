// A socket has 256 slots: what may wait for one leaves in order when others have come back. Over scripted sockets.

import { expect, test, vi } from 'vitest'
import type { Travel } from '../../src/channel/channel'
import { createWsChannel } from '../../src/channel/ws'
import { failureOf } from '../../src/rpc/failure'
import { createManualClock } from '../support/manual-clock'
import type { ScriptedSocketsOptions } from '../support/scripted-sockets'
import { createScriptedSockets } from '../support/scripted-sockets'

const SLOTS = 256
const head = { method: 'eth_blockNumber' }

type Sent = { value?: unknown; error?: any; times: number; leftAt: number | undefined; giveUp(): void }

function setUp(options: ScriptedSocketsOptions = {}) {
  const clock = createManualClock()
  const sockets = createScriptedSockets(options)
  const url = 'wss://one.example'
  const channel = createWsChannel({ url, provider: 'p1', clock, random: () => 0.5, open: sockets.open })

  /** One that may wait for a slot, and what became of it. */
  function send(name: unknown): Sent {
    const sent: Sent = { times: 0, leftAt: undefined, giveUp: () => travel.giveUp?.() }
    const travel: Travel = {
      isAlone: true,
      key: undefined,
      size: () => 1,
      onLeave() {
        sent.leftAt = clock.now()
      },
      giveUp: undefined,
    }
    channel.request({ method: 'eth_call', params: [name] }, { travel }).then(
      (value) => Object.assign(sent, { value, times: sent.times + 1 }),
      (error) => Object.assign(sent, { error, times: sent.times + 1 }),
    )
    return sent
  }

  const many = (count: number) => Array.from({ length: count }, (_, index) => send(index))
  const namesOn = (socket = sockets.last) => socket.sent.flatMap(({ params }) => params ?? [])
  /** The answer to each is what it asked for. */
  const answer = (count: number, from = 0) => {
    for (const { id, params } of sockets.last.sent.slice(from, from + count))
      sockets.last.receive({ id, result: params[0] })
  }
  return { clock, sockets, channel, send, many, namesOn, answer }
}

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

test('default: those that find no slot leave in order, each when one has come back', async () => {
  const t = setUp()
  const calls = t.many(SLOTS + 3)
  t.sockets.last.open()
  expect([t.namesOn(), t.channel.load?.()]).toEqual([upTo(SLOTS), (SLOTS + 3) / SLOTS])
  await t.clock.advance(5)
  t.answer(2)
  await t.clock.settle()
  expect(t.namesOn()).toEqual(upTo(SLOTS + 2))
  expect(calls.slice(-4).map(({ leftAt }) => leftAt)).toEqual([0, 5, 5, undefined])
  t.answer(SLOTS, 2)
  await t.clock.settle()
  t.answer(1, SLOTS + 2)
  await t.clock.settle()
  expect(calls.map(({ value }) => value)).toEqual(upTo(SLOTS + 3))
  expect(t.channel.load?.()).toBe(0)
})

test('behavior: what does not wait is not held up by those that do: subscriptions, unsubscribing, calls of our own', async () => {
  const t = setUp()
  t.many(1_000)
  t.sockets.last.open()
  const sink = { onData: vi.fn(), onError: vi.fn() }
  const pending = t.channel.subscribe(['newHeads'], sink)
  expect(t.sockets.last.sent).toHaveLength(SLOTS + 1)
  expect(t.sockets.last.sent.at(-1)).toMatchObject({ method: 'eth_subscribe' })
  t.sockets.last.receive({ id: t.sockets.last.sent.at(-1).id, result: '0xs' })
  const { unsubscribe } = await pending
  void unsubscribe()
  expect(t.sockets.last.sent.at(-1)).toMatchObject({ method: 'eth_unsubscribe', params: ['0xs'] })
  void t.channel.request(head)
  expect(t.sockets.last.sent.at(-1)).toMatchObject(head)
})

test('behavior: while others wait, an aborted subscribe that has left is still unsubscribed when it is confirmed', async () => {
  const t = setUp()
  t.many(1_000)
  t.sockets.last.open()
  const controller = new AbortController()
  const sink = { onData: vi.fn(), onError: vi.fn() }
  const pending = t.channel.subscribe(['newHeads'], sink, { signal: controller.signal }).catch(({ message }) => message)
  const { id } = t.sockets.last.sent.at(-1)
  controller.abort(new Error('enough'))
  expect(await pending).toBe('enough')
  t.sockets.last.receive({ id, result: '0xs' })
  expect(t.sockets.last.sent.at(-1)).toMatchObject({ method: 'eth_unsubscribe', params: ['0xs'] })
})

test('behavior: one that is given up while it waits is never sent; one that has left frees its slot', async () => {
  const t = setUp()
  const calls = t.many(SLOTS + 3)
  t.sockets.last.open()
  calls[SLOTS]?.giveUp()
  await t.clock.settle()
  expect(t.namesOn()).toEqual(upTo(SLOTS))
  calls[0]?.giveUp()
  await t.clock.settle()
  expect(t.namesOn()).toEqual([...upTo(SLOTS), SLOTS + 1])
  t.answer(SLOTS, 1)
  await t.clock.settle()
  expect(t.namesOn()).toEqual([...upTo(SLOTS), SLOTS + 1, SLOTS + 2])
})

test('behavior: when the socket is lost, what has left fails, and what waits goes on the next one, once', async () => {
  const t = setUp()
  const calls = t.many(SLOTS + 300)
  t.sockets.last.open()
  t.sockets.last.end()
  await t.clock.advance(0)
  expect(new Set(calls.slice(0, SLOTS).map(({ error }) => error?.name))).toEqual(new Set(['SocketClosedError']))
  expect([t.sockets.all.length, calls.slice(SLOTS).every(({ times }) => times === 0)]).toEqual([2, true])
  t.sockets.last.open()
  t.answer(SLOTS)
  await t.clock.settle()
  t.answer(SLOTS, SLOTS)
  await t.clock.settle()
  expect([t.namesOn(t.sockets.all[0]), t.namesOn()]).toEqual([upTo(SLOTS), upTo(300, SLOTS)])
  expect(calls.slice(SLOTS).map(({ value }) => value)).toEqual(upTo(300, SLOTS))
  expect(calls.every(({ times }) => times === 1)).toBe(true)
})

test.each([
  ['the next socket cannot be had', {}],
  ['it was refused', { code: 1008 }],
])('behavior: when the socket is lost and %s, what waits fails as untouched', async (_, end) => {
  const t = setUp()
  const calls = t.many(SLOTS + 300)
  t.sockets.last.open()
  t.sockets.last.end(end)
  await t.clock.advance(0)
  if (t.sockets.all.length > 1) t.sockets.last.end()
  await t.clock.settle()
  const send = { method: 'eth_sendRawTransaction' }
  const untouched = calls.map(({ error }) => failureOf(error, send).isUntouched)
  expect(untouched).toEqual(calls.map((_, index) => index >= SLOTS))
  expect([calls.every(({ times }) => times === 1), t.channel.load?.()]).toEqual([true, 0])
})

test('behavior: close() ends those that wait, once', async () => {
  const t = setUp()
  const calls = t.many(SLOTS + 300)
  t.sockets.last.open()
  t.channel.close()
  await t.clock.advance(60_000)
  expect(calls.every(({ error, times }) => error && times === 1)).toBe(true)
  expect([t.sockets.all.length, t.clock.pending.total]).toEqual([1, 0])
})

test('behavior: a socket that takes no frame fails all that wait for it, however many they are', async () => {
  const t = setUp({
    onSend() {
      throw new Error('not now')
    },
  })
  const calls = t.many(9_000)
  t.sockets.last.open()
  await t.clock.settle()
  expect(new Set(calls.map(({ error }) => error?.details))).toEqual(new Set(['not now']))
})

test('behavior: those that wait are bounded: one more is refused as nobody`s fault, and nothing of it is sent', async () => {
  const t = setUp()
  t.many(100_000)
  t.sockets.last.open()
  const [refused] = t.many(1)
  await t.clock.settle()
  expect(refused?.error.code).toBeUndefined()
  expect(failureOf(refused?.error, { method: 'eth_sendRawTransaction' })).toMatchObject({
    kind: 'network',
    verdict: 'next',
    blame: 'nobody',
    isUntouched: true,
  })
  expect(t.sockets.last.sent).toHaveLength(SLOTS)
})

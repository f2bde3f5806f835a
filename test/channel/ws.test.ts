// The socket channel: over real servers on the loopback interface, and over scripted sockets where a frame must come at an
// exact moment.

import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { SocketChange, WsChannelOptions } from '../../src/channel/ws'
import { createWsChannel } from '../../src/channel/ws'
import { failureOf } from '../../src/rpc/failure'
import type { SocketState } from '../../src/types'
import { createFleet } from '../support/fleet'
import { createManualClock } from '../support/manual-clock'
import type { ScriptedSocketsOptions } from '../support/scripted-sockets'
import { createScriptedSockets } from '../support/scripted-sockets'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const head = { method: 'eth_blockNumber' }

/** A channel to a real URL. */
function connect(url: string, options: Partial<WsChannelOptions> = {}) {
  const changes: SocketChange[] = []
  const told = new EventEmitter()
  const channel = createWsChannel({
    url,
    provider: 'p1',
    onSocket(change) {
      changes.push(change)
      told.emit('change', change)
    },
    ...options,
  })
  cleanups.push(channel.close)
  /** Resolves with the next change to this state. */
  const next = (state: SocketState) =>
    new Promise<SocketChange>((resolve) => {
      const look = (change: SocketChange) => {
        if (change.to !== state) return
        told.off('change', look)
        resolve(change)
      }
      told.on('change', look)
    })
  return { channel, changes, next }
}

/** A channel over scripted sockets. */
function script(options: ScriptedSocketsOptions = {}, given: Partial<WsChannelOptions> = {}) {
  const clock = createManualClock()
  const sockets = createScriptedSockets(options)
  const changes: SocketChange[] = []
  const channel = createWsChannel({
    url: 'wss://one.example/0123456789abcdef',
    provider: 'p1',
    clock,
    random: () => 0.5,
    open: sockets.open,
    onSocket: (change) => changes.push(change),
    ...given,
  })
  return { clock, sockets, channel, changes }
}

function sink() {
  return { onData: vi.fn(), onError: vi.fn() }
}

function errorOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${value}`)
    },
    (error) => error,
  )
}

/** A server that hands each frame to the test. */
async function serve(onFrame: (frame: any, socket: WebSocket) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => socket.on('message', (data) => onFrame(JSON.parse(data.toString()), socket)))
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('requests', () => {
  test('default: given one WS request, its correlated result is returned', async () => {
    await using fleet = await createFleet(1)
    const { channel, changes } = connect(fleet.providers[0].wsUrl)
    expect([channel.type, channel.canAbort, channel.socket()]).toEqual(['ws', true, 'idle'])
    expect(await channel.request(head)).toBe('0x64')
    expect(channel.socket()).toBe('open')
    expect(changes.map(({ from, to }) => [from, to])).toEqual([
      ['idle', 'connecting'],
      ['connecting', 'open'],
    ])
    expect(fleet.providers[0].sockets.total).toBe(1)
  })

  test('behavior: given 50 concurrent requests answered in reverse order, each gets its own value and wire ids are unique', async () => {
    const frames: any[] = []
    const { url } = await serve((frame, socket) => {
      if (frames.push(frame) < 50) return
      for (const { id, params } of frames.reverse())
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: params[0] }))
    })
    const { channel } = connect(url)
    const asked = Array.from({ length: 50 }, (_, index) => channel.request({ method: 'echo', params: [index] }))
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, index) => index))
    expect(new Set(frames.map(({ id }) => id)).size).toBe(50)
  })

  test('given a frame over the limit of 10 MiB, then the socket ends and says why, logs are too many, and others go elsewhere', async () => {
    const { url } = await serve(({ method }, socket) => {
      if (method === 'eth_call') socket.send(' '.repeat(10_485_761))
    })
    const { channel, changes } = connect(url)
    const methods = ['eth_getLogs', 'eth_getBalance', 'eth_call']
    const [logs, ...others] = await Promise.all(methods.map((method) => errorOf(channel.request({ method }))))
    expect(failureOf(logs, { method: 'eth_getLogs' })).toMatchObject({ kind: 'result-too-large', blame: 'nobody' })
    expect(others.map(({ name }) => name)).toEqual(['SocketClosedError', 'SocketClosedError'])
    expect(changes.at(-1)).toMatchObject({
      from: 'open',
      to: 'waiting',
      why: 'Max payload size exceeded',
      isBlamed: true,
    })
  })

  test('behavior: a frame at the limit is read', async () => {
    const { url } = await serve(({ id }, socket) => socket.send(`{"id":${id},"result":7}`.padEnd(10_485_760)))
    expect(await connect(url).channel.request(head)).toBe(7)
  })

  test('behavior: given two callers using the same id at the same time, both resolve correctly', async () => {
    const { url } = await serve(({ id, params }, socket) => socket.send(JSON.stringify({ id, result: params[0] })))
    const { channel } = connect(url)
    const same = (value: string) => ({ jsonrpc: '2.0', id: 7, method: 'echo', params: [value] })
    expect(await Promise.all([channel.request(same('a')), channel.request(same('b'))])).toEqual(['a', 'b'])
  })

  test('behavior: given a JSON-RPC error over WS, code, message and data are preserved', async () => {
    await using fleet = await createFleet([{ error: { code: 3, message: 'execution reverted', data: '0x08c379a0' } }])
    const { channel } = connect(fleet.providers[0].wsUrl)
    const error = await errorOf(channel.request({ method: 'eth_call', params: [{ data: '0xdeadbeef' }] }))
    expect(error).toMatchObject({
      name: 'RpcRequestError',
      code: 3,
      details: 'execution reverted',
      data: '0x08c379a0',
      url: 'p1',
    })
    expect(error.message).not.toContain('deadbeef')
  })

  test('error: an answer that is none is an InvalidResponseError, as over HTTP', async () => {
    const { url } = await serve(({ id }, socket) => socket.send(JSON.stringify({ jsonrpc: '2.0', id })))
    const { channel } = connect(url)
    const error = await errorOf(channel.request(head))
    expect(error.name).toBe('InvalidResponseError')
    expect(failureOf(error, head)).toMatchObject({ kind: 'invalid-response', verdict: 'next' })
  })

  test('behavior: params that cannot be JSON fail that request only', async () => {
    const { channel, sockets } = script()
    expect((await errorOf(channel.request({ method: 'eth_call', params: [1n] }))).name).toBe('TypeError')
    expect(sockets.all).toEqual([])
  })
})

describe('frames', () => {
  const junk = ['not JSON', '', '[]', '{}', '7', 'null', '"text"', '[{"jsonrpc":"2.0","id":1,"result":"0x1"}]']

  test('behavior: given binary, non-JSON, `[]`, `{}`, a number or a batch array as frames, the socket stays open and pending requests complete later', async () => {
    await using fleet = await createFleet([{ methods: 'eth_call', hang: true }])
    const [p1] = fleet.providers
    const { channel } = connect(p1.wsUrl)
    await channel.request(head)
    const controller = new AbortController()
    const pending = errorOf(channel.request({ method: 'eth_call' }, { signal: controller.signal }))
    p1.sockets.send(new TextEncoder().encode('{"jsonrpc":"2.0","id":2,"result":"0x1"}'))
    for (const frame of junk) p1.sockets.send(frame)
    expect(await channel.request(head)).toBe('0x64')
    expect(channel.strays()).toBe(junk.length + 1)
    expect([channel.socket(), p1.sockets.total]).toEqual(['open', 1])
    controller.abort(new Error('enough'))
    expect((await pending).message).toBe('enough')
  })

  test('behavior: given a response with an unknown id, it is ignored, counted, and the next request works', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { channel } = connect(p1.wsUrl)
    await channel.request(head)
    for (const id of [99, '99', 1, 2.5, -1, '0x2', ' 2', '2.0', true, [2], { id: 2 }])
      p1.sockets.send(JSON.stringify({ id, result: 'x' }))
    expect(await channel.request(head)).toBe('0x64')
    expect(channel.strays()).toBe(11)
  })

  test('behavior: given `id: null` with result or with error, no pending request is settled and nothing throws; the error variant is told', async () => {
    const { channel, sockets, changes } = script()
    const pending = channel.request(head)
    sockets.last.open()
    const count = changes.length
    sockets.last.receive({ jsonrpc: '2.0', id: null, result: 'x' })
    expect(changes).toHaveLength(count)
    sockets.last.receive({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32700, message: 'parse error at 0123456789abcdef' },
    })
    expect(changes.slice(count)).toEqual([
      { from: 'open', to: 'open', attempt: 1, why: 'parse error at ***', isBlamed: false },
    ])
    sockets.last.receive({ jsonrpc: '2.0', id: 1, result: '0x1' })
    expect(await pending).toBe('0x1')
    expect(channel.strays()).toBe(2)
  })

  test('behavior: an answer that names a method, or null, is one as over HTTP; a question with the same id is none', async () => {
    const { channel, sockets } = script()
    const asked = [channel.request(head), channel.request(head), errorOf(channel.request(head))]
    sockets.last.open()
    sockets.last.receive({ id: 1, method: 'window_ask', params: [] })
    sockets.last.receive({ id: 1, method: null, params: null, result: null })
    sockets.last.receive({ id: 2, method: 'eth_blockNumber', result: '0x2' })
    sockets.last.receive({ id: 3, method: 'eth_blockNumber', error: { code: -32000, message: 'no' } })
    expect(await Promise.all(asked)).toMatchObject([null, '0x2', { code: -32000 }])
    expect(channel.strays()).toBe(1)
  })

  test('behavior: given ids and messages that have no form as a text, nothing throws: it would end the process', async () => {
    const { channel, sockets, changes } = script()
    const pending = channel.request(head)
    sockets.last.open()
    const count = changes.length
    const shapeless = { toString: null, valueOf: null }
    sockets.last.receive({ id: shapeless, result: 1 })
    sockets.last.receive({ id: null, error: { code: -32700, message: shapeless } })
    sockets.last.receive(`{"id":${'['.repeat(10_000)}${']'.repeat(10_000)},"result":1}`)
    expect(changes.slice(count).map(({ why }) => why)).toEqual([''])
    sockets.last.receive({ jsonrpc: '2.0', id: 1, result: '0x1' })
    expect(await pending).toBe('0x1')
    expect(channel.strays()).toBe(3)
  })

  test('behavior: given no answer, an aborted request leaves nothing behind: the late answer is ignored and the next request succeeds', async () => {
    const { channel, sockets, clock } = script()
    const controller = new AbortController()
    const pending = errorOf(channel.request(head, { signal: controller.signal }))
    sockets.last.open()
    controller.abort(new Error('deadline'))
    expect((await pending).message).toBe('deadline')
    sockets.last.receive({ id: 1, result: 'late' })
    const next = channel.request(head)
    sockets.last.receive({ id: 2, result: '0x2' })
    expect(await next).toBe('0x2')
    expect(channel.strays()).toBe(1)
    // The table is empty: nothing keeps the socket.
    await clock.advance(5_000)
    expect(channel.socket()).toBe('idle')
  })

  test('behavior: an answer is taken once; its double is a stray', async () => {
    const { channel, sockets } = script()
    const pending = channel.request(head)
    sockets.last.open()
    sockets.last.receive({ id: '1', result: 'first' })
    sockets.last.receive({ id: 1, result: 'second' })
    expect(await pending).toBe('first')
    expect(channel.strays()).toBe(1)
  })

  test('behavior: random frames (junk, doubled, late, of an old generation) never settle a wrong call', async () => {
    const id = fc.oneof(
      fc.integer({ min: -2, max: 30 }),
      fc.integer({ min: 0, max: 30 }).map(String),
      fc.constantFrom(null, true, [3], { id: 3 }, '0x3', 3.5),
    )
    const wild = fc.oneof(
      fc.constantFrom(...junk),
      fc.string(),
      fc.json(),
      fc
        .record({ id, method: fc.constantFrom('eth_subscription', 'eth_chainId'), params: fc.anything() })
        .map((frame) => JSON.stringify(frame, (_, value) => (typeof value === 'bigint' ? `${value}` : value))),
    )
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ type: 'ask' as const }) },
      {
        weight: 4,
        arbitrary: fc.record({ type: fc.constant('answer' as const), nth: fc.nat(30), twice: fc.boolean() }),
      },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('junk' as const), frame: wild, nth: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('foreign' as const), id, nth: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), nth: fc.nat(30) }) },
      { weight: 1, arbitrary: fc.constant({ type: 'drop' as const }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { channel, sockets, clock } = script()
        const off = channel.keep()
        sockets.last.open()
        const asked: { key: number; controller: AbortController; outcome?: unknown }[] = []
        const settledTwice: number[] = []
        for (const step of steps) {
          if (step.type === 'ask') {
            const call: (typeof asked)[number] = { key: asked.length, controller: new AbortController() }
            asked.push(call)
            const end = (outcome: unknown) => {
              if ('outcome' in call) settledTwice.push(call.key)
              call.outcome = outcome
            }
            channel.request({ method: 'echo', params: [call.key] }, { signal: call.controller.signal }).then(end, end)
          } else if (step.type === 'answer') {
            // Any frame ever sent, on any socket, answered over the socket it was sent on.
            const sent = sockets.all.flatMap((socket) => socket.sent.map((frame) => ({ socket, frame })))
            const { socket, frame } = sent[step.nth % Math.max(1, sent.length)] ?? {}
            for (let times = step.twice ? 2 : 1; socket && times > 0; times--)
              socket.receive({ jsonrpc: '2.0', id: frame.id, result: { echo: frame.params[0] } })
          } else if (step.type === 'junk') sockets.all[step.nth % sockets.all.length]?.receive(step.frame)
          else if (step.type === 'abort')
            asked[step.nth % Math.max(1, asked.length)]?.controller.abort(new Error('aborted'))
          else if (step.type === 'drop') {
            sockets.last.end()
            await clock.advance(500)
            sockets.last.open()
          } else {
            // An answer with any id, from a socket that is gone.
            const old = sockets.all.slice(0, -1)
            old[step.nth % Math.max(1, old.length)]?.receive({ id: step.id, result: { echo: 'foreign' } })
          }
          await clock.settle()
        }
        for (const { key, outcome } of asked) {
          if (outcome === undefined) continue
          if (outcome instanceof Error) expect(['aborted', 'The socket has been closed.']).toContain(shortOf(outcome))
          else expect(outcome).toEqual({ echo: key })
        }
        expect(settledTwice).toEqual([])
        channel.close()
        await clock.settle()
        expect(asked.every((call) => 'outcome' in call)).toBe(true)
        off()
        expect(clock.pending.total).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})

function shortOf(error: Error) {
  return (error as { shortMessage?: string }).shortMessage ?? error.message
}

describe('the end of a socket', () => {
  test('behavior: given 3 requests in flight, when the socket drops, all 3 settle immediately and exactly once', async () => {
    await using fleet = await createFleet([{ methods: 'eth_call', hang: true }])
    const [p1] = fleet.providers
    const { channel, changes } = connect(p1.wsUrl)
    await channel.request(head)
    const ends = vi.fn()
    const pending = [1, 2, 3].map(() => channel.request({ method: 'eth_call' }).then(ends, ends))
    await channel.request(head)
    p1.cut()
    await Promise.all(pending)
    expect(ends.mock.calls.map(([error]) => [error.name, error.url])).toEqual(
      Array(3).fill(['SocketClosedError', 'p1']),
    )
    expect(failureOf(ends.mock.calls[0]?.[0], head)).toMatchObject({
      kind: 'network',
      verdict: 'next',
      blame: 'channel',
      isUntouched: false,
    })
    // One end of a socket, one blame.
    expect(changes.at(-1)).toMatchObject({
      from: 'open',
      to: 'waiting',
      delay: 0,
      why: 'closed with 1006',
      isBlamed: true,
    })
    expect(await channel.request(head)).toBe('0x64')
  })

  test('behavior: given a frame delivered from the previous socket after reconnect, it cannot settle a new request even with the same id', async () => {
    const { channel, sockets, clock } = script()
    const lost = errorOf(channel.request(head))
    sockets.last.open()
    sockets.last.end()
    expect((await lost).name).toBe('SocketClosedError')
    await clock.advance(0)
    sockets.last.open()
    const settled = vi.fn()
    const pending = channel.request(head)
    void pending.then(settled)
    const { id } = sockets.last.sent[0]
    sockets.all[0]?.receive({ jsonrpc: '2.0', id, result: 'old' })
    sockets.all[0]?.receive({ jsonrpc: '2.0', id: 1, result: 'old' })
    sockets.last.receive({ jsonrpc: '2.0', id: 1, result: 'old' })
    await clock.settle()
    expect(settled).not.toHaveBeenCalled()
    sockets.last.receive({ jsonrpc: '2.0', id, result: 'new' })
    expect(await pending).toBe('new')
  })

  test('behavior: given send() throws, that request fails and the connection survives', async () => {
    let isBroken = true
    const onSend = () => {
      if (isBroken) throw new Error('no buffer space')
    }
    const { channel, sockets } = script({ onSend })
    const first = errorOf(channel.request(head))
    sockets.last.open()
    const error = await first
    expect(error).toMatchObject({ name: 'WebSocketRequestError', details: 'no buffer space', url: 'p1' })
    isBroken = false
    const next = channel.request(head)
    sockets.last.receive({ id: 2, result: '0x1' })
    expect(await next).toBe('0x1')
    expect(sockets.all).toHaveLength(1)
  })

  test.each([
    [1000, false],
    [1001, false],
    [1012, false],
    [1006, true],
    [1011, true],
    [1008, false],
  ])('behavior: given close %i on an idle link, it is blamed: %s', async (code, isBlamed) => {
    const { channel, sockets, changes } = script()
    channel.keep()
    sockets.last.open()
    sockets.last.end({ code })
    expect(changes.at(-1)).toMatchObject({ to: 'waiting', isBlamed })
  })

  test.each([1000, 1001, 1012, 1008])('behavior: given close %i with a request pending, it is blamed', async (code) => {
    const { channel, sockets, changes } = script()
    const pending = errorOf(channel.request(head))
    sockets.last.open()
    sockets.last.end({ code })
    await pending
    expect(changes.at(-1)).toMatchObject({ to: 'waiting', isBlamed: true })
  })

  test('behavior: after a close with a reason, requests fail with that, not as if the handshake had failed', async () => {
    const { channel, sockets } = script()
    channel.keep()
    sockets.last.open()
    sockets.last.end({ code: 1008, reason: 'key over limit' })
    expect(await errorOf(channel.request(head))).toMatchObject({
      details: 'The socket was closed with 1008: key over limit',
    })
  })

  test('behavior: a failed connect is blamed, whether a call waited for it or not', async () => {
    const { channel, sockets, changes, clock } = script()
    const waited = errorOf(channel.request(head))
    sockets.last.end({ reason: 'connect ECONNREFUSED 127.0.0.1:1' })
    const error = await waited
    expect(error).toMatchObject({ name: 'WebSocketRequestError', url: 'p1' })
    expect(failureOf(error, head)).toMatchObject({ kind: 'network', blame: 'channel', isUntouched: true })
    expect(changes.at(-1)?.isBlamed).toBe(true)
    await clock.advance(0)
    channel.dial()
    sockets.last.end()
    expect(changes.at(-1)?.isBlamed).toBe(true)
  })

  test('behavior: a missed heartbeat fails the pending requests at once, and a reconnect starts', async () => {
    const { channel, sockets, clock } = script({ canPing: false })
    const pending = errorOf(channel.request(head))
    sockets.last.open()
    await clock.advance(15_000)
    expect(sockets.last.sent.map(({ method }) => method)).toEqual(['eth_blockNumber', 'net_version'])
    await clock.advance(10_000)
    expect((await pending).name).toBe('SocketClosedError')
    expect([channel.socket(), sockets.all.length]).toEqual(['connecting', 2])
  })

  test('behavior: the answer to a heartbeat is no stray', async () => {
    const { channel, sockets, clock } = script({ canPing: false })
    channel.keep()
    sockets.last.open()
    await clock.advance(15_000)
    sockets.last.receive({ id: 1, result: '1' })
    await clock.advance(10_000)
    expect([channel.socket(), channel.strays()]).toEqual(['open', 0])
  })

  test.each(['connecting', 'open', 'waiting'])(
    'behavior: close() rejects what is pending (%s) and what comes later',
    async (moment) => {
      const { channel, sockets, clock } = script()
      const off = moment === 'waiting' ? channel.keep() : undefined
      if (moment === 'waiting') sockets.last.end()
      const pending = errorOf(channel.request(head))
      if (moment === 'open') sockets.last.open()
      channel.close()
      channel.close()
      expect((await pending).name).toBe('SocketClosedError')
      expect((await errorOf(channel.request(head))).name).toBe('SocketClosedError')
      expect((await errorOf(channel.subscribe(['newHeads'], sink()))).name).toBe('SocketClosedError')
      off?.()
      off?.()
      expect([channel.socket(), clock.pending.total]).toEqual(['closed', 0])
    },
  )

  test('behavior: what a listener asks while it is told belongs to the next socket, and is sent once', async () => {
    const asked: Promise<unknown>[] = []
    const made: ReturnType<typeof script> = script(
      {},
      {
        onSocket({ to }) {
          if (to === 'open' || to === 'waiting') asked.push(made.channel.request({ method: to }))
        },
      },
    )
    const { channel, sockets, clock } = made
    const first = channel.request(head)
    sockets.last.open()
    expect(sockets.last.sent.map(({ method }) => method).sort()).toEqual(['eth_blockNumber', 'open'])
    for (const { id } of sockets.last.sent) sockets.last.receive({ id, result: id })
    await Promise.all([first, ...asked])
    sockets.last.end()
    await clock.advance(0)
    sockets.last.open()
    expect(sockets.last.sent.map(({ method }) => method).sort()).toEqual(['open', 'waiting'])
    channel.close()
    await Promise.allSettled(asked)
  })
})

describe('waiting for the socket', () => {
  test('behavior: requests made while it connects leave when it is open, in order', async () => {
    const { channel, sockets } = script()
    const asked = ['a', 'b', 'c'].map((method) => channel.request({ method }))
    expect(sockets.all).toHaveLength(1)
    sockets.last.open()
    expect(sockets.last.sent.map(({ method }) => method)).toEqual(['a', 'b', 'c'])
    for (const { id, method } of sockets.last.sent) sockets.last.receive({ id, result: method })
    expect(await Promise.all(asked)).toEqual(['a', 'b', 'c'])
  })

  test('behavior: one that was aborted meanwhile is never sent', async () => {
    const { channel, sockets } = script()
    const controller = new AbortController()
    const pending = errorOf(channel.request(head, { signal: controller.signal }))
    controller.abort(new Error('enough'))
    expect((await pending).message).toBe('enough')
    sockets.last.open()
    expect(sockets.last.sent).toEqual([])
    expect((await errorOf(channel.request(head, { signal: controller.signal }))).message).toBe('enough')
  })

  test('behavior: one that is aborted by a listener just before it leaves is not sent', async () => {
    const controller = new AbortController()
    const { channel, sockets } = script(
      {},
      { onSocket: ({ to }) => to === 'open' && controller.abort(new Error('enough')) },
    )
    const pending = errorOf(channel.request(head, { signal: controller.signal }))
    sockets.last.open()
    expect((await pending).message).toBe('enough')
    expect(sockets.last.sent).toEqual([])
  })

  test('behavior: given one that is aborted by a listener as it dials, then it is not sent, and the socket closes when it is idle', async () => {
    const controller = new AbortController()
    const { channel, sockets, clock } = script(
      {},
      { onSocket: ({ to }) => to === 'connecting' && controller.abort(new Error('enough')) },
    )
    expect((await errorOf(channel.request(head, { signal: controller.signal }))).message).toBe('enough')
    sockets.last.open()
    await clock.advance(5_000)
    expect([sockets.last.sent, channel.load?.(), channel.socket()]).toEqual([[], 0, 'idle'])
  })

  test('behavior: given handshake 403, requests fail with the status, the next one at once and without another dial', async () => {
    await using fleet = await createFleet([{ methods: 'handshake', status: 403 }])
    const [p1] = fleet.providers
    const { channel, changes } = connect(p1.wsUrl)
    for (let count = 0; count < 3; count++) {
      const error = await errorOf(channel.request(head))
      expect(error).toMatchObject({
        name: 'WebSocketRequestError',
        details: 'The handshake of the socket failed: Unexpected server response: 403',
      })
      expect(failureOf(error, head)).toMatchObject({ kind: 'auth', status: 403, isUntouched: true })
    }
    expect(p1.connections.total).toBe(1)
    expect(changes.at(-1)).toMatchObject({ to: 'waiting', why: 'Unexpected server response: 403' })
    expect(changes.at(-1)?.delay).toBeGreaterThanOrEqual(2_500)
  })

  test('behavior: given one dead and one healthy endpoint, the healthy one connects at once and keeps serving', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    await p1.kill()
    const dead = connect(p1.wsUrl)
    const healthy = connect(p2.wsUrl)
    const [error, value] = await Promise.all([errorOf(dead.channel.request(head)), healthy.channel.request(head)])
    expect(failureOf(error, head)).toMatchObject({ kind: 'network', isUntouched: true, blame: 'channel' })
    expect(value).toBe('0x64')
    expect(await healthy.channel.request(head)).toBe('0x64')
  })

  test('behavior: given 2 refused connects then success, it is open again by itself, and the changes tell the attempts', async () => {
    await using fleet = await createFleet([{ methods: 'handshake', reset: 'after', first: 2 }])
    const { channel, changes, next } = connect(fleet.providers[0].wsUrl, { random: () => 0 })
    const open = next('open')
    channel.keep()
    await open
    expect(changes.map(({ to, attempt }) => [to, attempt])).toEqual([
      ['connecting', 1],
      ['waiting', 2],
      ['connecting', 2],
      ['waiting', 3],
      ['connecting', 3],
      ['open', 3],
    ])
  })

  test('behavior: no endpoint and no header is in what fails or is told', async () => {
    const server = createServer((request) => request.socket.destroy())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v2/SECRETSECRET`
    const headers = () => ({ authorization: 'Bearer TOKENTOKEN' })
    const { channel, changes } = connect(url, { headers })
    const error = await errorOf(channel.request({ method: 'eth_call', params: ['0xparam'] }))
    const said = `${error.stack}${JSON.stringify(error, Object.getOwnPropertyNames(error))}${JSON.stringify(changes)}`
    for (const secret of ['SECRETSECRET', 'TOKENTOKEN', '0xparam']) expect(said).not.toContain(secret)
  })

  test('behavior: headers, fixed or asked for, are in the handshake', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    await connect(p1.wsUrl, { headers: { 'x-key': 'one' } }).channel.request(head)
    await connect(p1.wsUrl, { headers: async () => ({ 'x-key': 'two' }) }).channel.request(head)
    expect(p1.calls.map(({ headers }) => headers['x-key'])).toEqual(['one', 'two'])
  })

  test('error: a `headers` function that fails, fails the connect', async () => {
    await using fleet = await createFleet(1)
    const headers = () => Promise.reject(new Error('no token'))
    const { channel, changes } = connect(fleet.providers[0].wsUrl, { headers })
    const error = await errorOf(channel.request(head))
    expect(error.details).toBe('The handshake of the socket failed: The `headers` function failed: no token')
    expect(failureOf(error, head)).toMatchObject({ kind: 'network', blame: 'nobody', isUntouched: true })
    expect(changes.at(-1)).toMatchObject({ to: 'waiting', isBlamed: false })
  })

  test.each([[undefined], [5], [new Headers({ 'x-key': 'one' })], [{ 'x-key': 'KEY\nKEYKEY' }]])(
    'error: a `headers` function that gives %o',
    async (given) => {
      await using fleet = await createFleet(1)
      const [p1] = fleet.providers
      const error = await errorOf(connect(p1.wsUrl, { headers: () => given as never }).channel.request(head))
      expect(error.details).toMatch(/The `headers` function failed: it must give an object of texts/)
      expect(inspect(error, { showHidden: true, depth: null })).not.toMatch(/KEYKEY/)
      expect(p1.connections.total).toBe(0)
    },
  )
})

describe('subscribe', () => {
  const notification = (subscription: string, result: unknown) => ({
    jsonrpc: '2.0',
    method: 'eth_subscription',
    params: { subscription, result },
  })

  test('default: frames of an upstream subscription go to its sink until it is unsubscribed', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { channel } = connect(p1.wsUrl)
    const heads = sink()
    const got = new Promise<void>((resolve) => heads.onData.mockImplementationOnce(() => resolve()))
    const { unsubscribe } = await channel.subscribe(['newHeads'], heads)
    fleet.chain.mine(1)
    await got
    expect(heads.onData.mock.calls[0]?.[0]).toMatchObject({ result: { number: '0x65' } })
    expect(await Promise.all([unsubscribe(), unsubscribe()])).toEqual([true, true])
    expect([p1.count('eth_unsubscribe'), p1.sockets.subscriptions]).toEqual([1, []])
    fleet.chain.mine(1)
    await channel.request(head)
    expect(heads.onData).toHaveBeenCalledOnce()
    expect(heads.onError).not.toHaveBeenCalled()
  })

  test('behavior: frames that come before the confirmation are not lost', async () => {
    const { channel, sockets } = script()
    const [first, second] = [sink(), sink()]
    const both = [channel.subscribe(['newHeads'], first), channel.subscribe(['logs', {}], second)]
    sockets.last.open()
    sockets.last.receive(notification('0xb', 1))
    sockets.last.receive(notification('0xa', 2))
    sockets.last.receive({ id: 1, result: '0xa' })
    sockets.last.receive(notification('0xb', 3))
    sockets.last.receive({ id: 2, result: '0xb' })
    sockets.last.receive(notification('0xb', 4))
    await Promise.all(both)
    expect(first.onData.mock.calls.map(([{ result }]) => result)).toEqual([2])
    expect(second.onData.mock.calls.map(([{ result }]) => result)).toEqual([1, 3, 4])
    // Nobody is left who could own it.
    sockets.last.receive(notification('0xc', 5))
    expect(channel.strays()).toBe(1)
  })

  test('behavior: frames that may be early are bounded', async () => {
    const { channel, sockets } = script()
    const heads = sink()
    const subscribed = channel.subscribe(['newHeads'], heads)
    sockets.last.open()
    for (let count = 0; count < 1_500; count++) sockets.last.receive(notification('0xa', count))
    sockets.last.receive({ id: 1, result: '0xa' })
    await subscribed
    expect(heads.onData).toHaveBeenCalledTimes(1_000)
    expect(channel.strays()).toBe(500)
  })

  test('behavior: a late confirmation of an aborted subscribe is unsubscribed, and its frames go nowhere', async () => {
    const { channel, sockets, clock } = script()
    const controller = new AbortController()
    const heads = sink()
    const subscribed = errorOf(channel.subscribe(['newHeads'], heads, { signal: controller.signal }))
    sockets.last.open()
    controller.abort(new Error('gone'))
    expect((await subscribed).message).toBe('gone')
    sockets.last.receive(notification('0xa', 1))
    sockets.last.receive({ id: 1, result: '0xa' })
    expect(sockets.last.sent.at(-1)).toMatchObject({ method: 'eth_unsubscribe', params: ['0xa'] })
    sockets.last.receive(notification('0xa', 2))
    expect(heads.onData).not.toHaveBeenCalled()
    // Neither of the two keeps the socket.
    expect(sockets.last.isHeld).toBe(false)
    await clock.advance(5_000)
    expect(channel.socket()).toBe('idle')
  })

  test('behavior: a subscribe that was aborted before the socket was open is never sent', async () => {
    const { channel, sockets } = script()
    const controller = new AbortController()
    const subscribed = errorOf(channel.subscribe(['newHeads'], sink(), { signal: controller.signal }))
    controller.abort(new Error('gone'))
    await subscribed
    sockets.last.open()
    expect(sockets.last.sent).toEqual([])
  })

  test('behavior: the end of the socket is told to each sink once, and unsubscribing afterwards sends nothing', async () => {
    const { channel, sockets, clock } = script()
    const [first, second] = [sink(), sink()]
    first.onError.mockImplementation(() => {
      throw new Error('the sink`s own')
    })
    const subscribed = [channel.subscribe(['newHeads'], first), channel.subscribe(['logs', {}], second)]
    sockets.last.open()
    sockets.last.receive({ id: 1, result: '0xa' })
    sockets.last.receive({ id: 2, result: '0xb' })
    const [one] = await Promise.all(subscribed)
    sockets.last.end()
    await clock.advance(0)
    sockets.last.open()
    await clock.advance(5_000)
    expect(channel.socket()).toBe('idle')
    channel.close()
    for (const { onError } of [first, second])
      expect(onError.mock.calls.map(([error]) => error.name)).toEqual(['SocketClosedError'])
    await one?.unsubscribe()
    expect(sockets.last.sent).toEqual([])
  })

  test('behavior: an id that is given twice: the second is refused, the first goes on and lets go of the socket in the end', async () => {
    const { channel, sockets, clock } = script()
    const [first, second, third] = [sink(), sink(), sink()]
    const controller = new AbortController()
    const one = channel.subscribe(['newHeads'], first)
    const two = errorOf(channel.subscribe(['logs', {}], second))
    const given = errorOf(channel.subscribe(['newHeads'], third, { signal: controller.signal }))
    sockets.last.open()
    controller.abort(new Error('gone'))
    for (const id of [1, 2, 3]) sockets.last.receive({ id, result: '0xa' })
    expect([(await two).name, (await given).message]).toEqual(['InvalidResponseError', 'gone'])
    expect(sockets.last.sent.map(({ method }) => method)).not.toContain('eth_unsubscribe')
    sockets.last.receive(notification('0xa', 1))
    expect([first, second, third].map(({ onData }) => onData.mock.calls.length)).toEqual([1, 0, 0])
    void (await one).unsubscribe()
    expect(sockets.last.isHeld).toBe(false)
    await clock.advance(5_000)
    expect(channel.socket()).toBe('idle')
  })

  test('behavior: an id is given again after it was unsubscribed: it is that of the new one', async () => {
    const { channel, sockets } = script()
    const [first, second] = [sink(), sink()]
    const one = channel.subscribe(['newHeads'], first)
    sockets.last.open()
    sockets.last.receive({ id: 1, result: '0xa' })
    void (await one).unsubscribe()
    const two = channel.subscribe(['newHeads'], second)
    sockets.last.receive({ id: 3, result: '0xa' })
    await two
    void (await one).unsubscribe()
    sockets.last.receive(notification('0xa', 1))
    expect([first.onData.mock.calls.length, second.onData.mock.calls.length]).toEqual([0, 1])
  })

  test('behavior: a sink that throws keeps nothing from the others', async () => {
    const { channel, sockets } = script()
    const [first, second] = [sink(), sink()]
    first.onData.mockImplementation(() => {
      throw new Error('the sink`s own')
    })
    const subscribed = [channel.subscribe(['newHeads'], first), channel.subscribe(['newHeads'], second)]
    sockets.last.open()
    sockets.last.receive({ id: 1, result: '0xa' })
    sockets.last.receive({ id: 2, result: '0xb' })
    await Promise.all(subscribed)
    for (const id of ['0xa', '0xb', '0xa', '0xb']) sockets.last.receive(notification(id, 1))
    expect([first.onData.mock.calls.length, second.onData.mock.calls.length]).toEqual([2, 2])
  })

  test('behavior: an upstream subscription keeps the socket up; unsubscribing is best effort and never rejects', async () => {
    const { channel, sockets, clock } = script()
    const subscribed = channel.subscribe(['newHeads'], sink())
    sockets.last.open()
    sockets.last.receive({ id: 1, result: '0xa' })
    const { unsubscribe } = await subscribed
    for (let count = 0; count < 10; count++) {
      await clock.advance(10_000)
      sockets.last.pong()
    }
    expect([channel.socket(), sockets.last.isHeld]).toEqual(['open', true])
    const ended = unsubscribe()
    expect(sockets.last.isHeld).toBe(false)
    await clock.advance(5_000)
    expect(channel.socket()).toBe('idle')
    expect(await ended).toBeUndefined()
  })

  test('error: a refusal is an RpcRequestError, an answer without an id an InvalidResponseError', async () => {
    const { channel, sockets } = script()
    const refused = errorOf(channel.subscribe(['syncing'], sink()))
    const empty = errorOf(channel.subscribe(['newHeads'], sink()))
    sockets.last.open()
    sockets.last.receive({ id: 1, error: { code: -32601, message: 'no "syncing" subscription' } })
    sockets.last.receive({ id: 2, result: null })
    expect(await refused).toMatchObject({ name: 'RpcRequestError', code: -32601 })
    expect((await empty).name).toBe('InvalidResponseError')
  })
})

// A socket channel's requests and frames: what settles a call, and what is nobody's.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../src/rpc/failure'
import { createFleet } from '../support/fleet'
import { errorOf } from '../support/rejection'
import { connect, head, script, serve } from './ws-channels'

describe('requests', () => {
  test('default: given one WS request, its correlated result is returned', async () => {
    await using fleet = await createFleet(1)
    const { channel, changes } = connect(fleet.providers[0].wsUrl)
    expect([channel.type, channel.signals, channel.socket()]).toEqual(['ws', 'any', 'idle'])
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

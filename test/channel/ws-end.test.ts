// The end of a socket under a channel: every call is told, once.

import { describe, expect, test, vi } from 'vitest'
import { failureOf } from '../../src/rpc/failure'
import { createFleet } from '../support/fleet'
import { errorOf } from '../support/rejection'
import { connect, head, script, sink } from './ws-channels'

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

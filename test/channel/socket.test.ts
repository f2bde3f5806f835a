// One socket on Node: what it does when it is refused, cut, dropped at any moment; and what is said where there is none.

import { once } from 'node:events'
import type { Server } from 'node:net'
import { createServer } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { SocketEnd } from '../../src/channel/socket'
import { openSocket } from '../../src/channel/socket'
import { createFleet } from '../support/fleet'
import { afterwards } from './loopback'

function dial(url: string, open = openSocket) {
  const frames: unknown[] = []
  let alive = () => {}
  let up = () => {}
  let heard = () => {}
  let ended: (end: SocketEnd) => void = () => {}
  const opened = new Promise<void>((resolve) => (up = resolve))
  const end = new Promise<SocketEnd>((resolve) => (ended = resolve))
  const sign = new Promise<void>((resolve) => (alive = resolve))
  const onEnd = vi.fn((value: SocketEnd) => ended(value))
  const answered = new Promise<void>((resolve) => (heard = resolve))
  const onFrame = (data: unknown) => {
    frames.push(data)
    heard()
  }
  const socket = open({ url }, { onOpen: () => up(), onFrame, onAlive: () => alive(), onEnd })
  return { socket, opened, end, sign, answered, frames, onEnd }
}

/** A server that says nothing. */
async function silent(): Promise<{ server: Server; url: string }> {
  const server = createServer((connection) => connection.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterwards(() => server.close())
  return { server, url: `ws://127.0.0.1:${(server.address() as { port: number }).port}` }
}

describe('openSocket', () => {
  test('default: sends, pings and is closed by the other side', async () => {
    await using fleet = await createFleet(1)
    const { socket, opened, end, sign, answered, frames } = dial(fleet.providers[0].wsUrl)
    expect(() => socket.send('{}')).toThrow('not open')
    await opened
    expect(socket.ping()).toBe(true)
    await sign
    socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}')
    await answered
    fleet.providers[0].sockets.close(1012, 'restart')
    expect(await end).toEqual({ code: 1012, reason: 'restart' })
    expect(frames).toEqual(['{"jsonrpc":"2.0","id":1,"result":"0x64"}'])
    expect(() => socket.send('{}')).toThrow('not open')
  })

  test.each([403, 429, 503])('behavior: a handshake refused with %i is a value with the status', async (status) => {
    await using fleet = await createFleet([{ methods: 'handshake', status }])
    const { end, onEnd } = dial(fleet.providers[0].wsUrl)
    expect(await end).toMatchObject({ code: 1006, status, reason: `Unexpected server response: ${status}` })
    expect(onEnd).toHaveBeenCalledOnce()
  })

  test('behavior: nobody there, and a URL the platform refuses', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    await p1.kill()
    const refused = await dial(p1.wsUrl).end
    expect([refused.reason.includes('ECONNREFUSED'), refused.isPermanent]).toEqual([true, false])
    const unusable = await dial('http:// no url').end
    expect([unusable.reason.includes('Invalid URL'), unusable.isPermanent]).toEqual([true, true])
  })

  test('behavior: a cut connection ends it with 1006', async () => {
    await using fleet = await createFleet(1)
    const { opened, end } = dial(fleet.providers[0].wsUrl)
    await opened
    fleet.providers[0].cut()
    expect(await end).toMatchObject({ code: 1006 })
  })

  test('behavior: dropped in the handshake or just after, it leaves at once, and its late errors hurt nobody', async () => {
    const { server, url } = await silent()
    const early = dial(url)
    early.socket.drop()
    const { socket, onEnd } = dial(url)
    const [connection] = await once(server, 'connection')
    const gone = once(connection, 'close')
    socket.drop()
    socket.drop()
    await gone
    expect(early.onEnd).not.toHaveBeenCalled()
    expect(onEnd).not.toHaveBeenCalled()
    expect(() => socket.send('{}')).toThrow('not open')
  })

  test('behavior: an open one that is dropped says goodbye, but does not wait for the answer', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    afterwards(() => server.close())
    const { socket, opened, onEnd } = dial(`ws://127.0.0.1:${(server.address() as { port: number }).port}`)
    const [peer] = (await once(server, 'connection')) as [WebSocket]
    // It answers no close frame.
    peer.close = () => {}
    const gone = once(peer, 'close')
    await opened
    socket.drop()
    expect((await gone)[0]).toBe(1000)
    expect(onEnd).not.toHaveBeenCalled()
  })

  test.each([
    ['null', null],
    ['a module without one', { default: null }],
  ])('error: where there is no WebSocket (%s), that is what it says', async (_, module) => {
    vi.resetModules()
    vi.doMock('isomorphic-ws', () => ({ default: module }))
    const { openSocket: open } = await import('../../src/channel/socket')
    expect(await dial('ws://127.0.0.1:1', open).end).toMatchObject({
      code: 1006,
      reason: 'There is no WebSocket on this platform.',
      isPermanent: true,
    })
  })

  test.each([
    ['refuses the page a plain socket', new DOMException('insecure', 'SecurityError'), true],
    // As Workers do outside of a request.
    ['makes no socket just now', new Error('Disallowed operation called within global scope.'), false],
    ['throws what is no error', undefined, false],
  ])('error: a platform that %s', async (_, error, isPermanent) => {
    vi.resetModules()
    vi.doMock('isomorphic-ws', () => ({
      default: class {
        constructor() {
          throw error
        }
      },
    }))
    const { openSocket: open } = await import('../../src/channel/socket')
    expect(await dial('ws://one.example', open).end).toMatchObject({ code: 1006, isPermanent })
  })

  test('behavior: a platform whose sockets cannot ping, terminate or be held', async () => {
    vi.resetModules()
    const made: any[] = []
    class PlainSocket extends EventTarget {
      binaryType = 'blob'
      readyState = 0
      sent: string[] = []
      closed: number[] = []
      constructor() {
        super()
        made.push(this)
      }
      send(text: string) {
        this.sent.push(text)
      }
      close(code: number) {
        this.closed.push(code)
      }
    }
    vi.doMock('isomorphic-ws', () => ({ default: { default: PlainSocket } }))
    const { openSocket: open } = await import('../../src/channel/socket')
    const { socket, opened, end, onEnd } = dial('wss://one.example', open)
    await Promise.resolve()
    const [plain] = made
    plain.readyState = 1
    plain.dispatchEvent(new Event('open'))
    await opened
    socket.hold(false)
    socket.send('{}')
    expect([socket.ping(), plain.binaryType, plain.sent]).toEqual([false, 'arraybuffer', ['{}']])
    plain.dispatchEvent(new Event('error'))
    plain.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '' }))
    expect(await end).toMatchObject({ code: 1006, reason: 'it could not be opened' })
    expect([onEnd.mock.calls.length, plain.closed]).toEqual([1, [1000]])
  })

  test('behavior: on React Native it takes headers, is told nothing else, and is not pinged: no pong would be heard', async () => {
    vi.resetModules()
    const given: unknown[] = []
    const ping = vi.fn()
    class ReactNativeSocket extends EventTarget {
      binaryType = 'blob'
      readyState = 1
      ping = ping
      constructor(...args: unknown[]) {
        super()
        given.push(args[2])
      }
      close() {}
    }
    vi.doMock('isomorphic-ws', () => ({ default: ReactNativeSocket }))
    const { openSocket: open } = await import('../../src/channel/socket')
    const events = { onOpen() {}, onFrame() {}, onAlive() {}, onEnd() {} }
    const socket = open({ url: 'wss://one.example', headers: () => ({ 'x-key': 'k' }) }, events)
    await Promise.resolve()
    await Promise.resolve()
    expect([given, socket.ping(), ping.mock.calls]).toEqual([[{ headers: { 'x-key': 'k' } }], false, []])
    socket.drop()
  })

  test.each(["Expected HTTP 101 response but was '401 Unauthorized'", 'Received bad response code from server: 401.'])(
    'behavior: the status of a refused handshake in the words of React Native: %s',
    async (message) => {
      vi.resetModules()
      const made: EventTarget[] = []
      class Refused extends EventTarget {
        constructor() {
          super()
          made.push(this)
        }
        close() {}
      }
      vi.doMock('isomorphic-ws', () => ({ default: Refused }))
      const { openSocket: open } = await import('../../src/channel/socket')
      const { end } = dial('wss://one.example', open)
      await Promise.resolve()
      made[0]?.dispatchEvent(Object.assign(new Event('error'), { message }))
      expect(await end).toMatchObject({ code: 1006, status: 401, reason: message })
    },
  )
})

// Requests that wait for a socket to open.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createRedactor } from '../../src/channel/secrets'
import { failureOf } from '../../src/rpc/failure'
import { createFleet } from '../support/fleet'
import { errorOf } from '../support/rejection'
import { afterwards } from './loopback'
import { connect, head, script, serve } from './ws-channels'

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
    afterwards(() => server.close())
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v2/SECRETSECRET`
    const headers = () => ({ authorization: 'Bearer TOKENTOKEN' })
    const { channel, changes } = connect(url, { headers })
    const error = await errorOf(channel.request({ method: 'eth_call', params: ['0xparam'] }))
    const said = `${error.stack}${JSON.stringify(error, Object.getOwnPropertyNames(error))}${JSON.stringify(changes)}`
    for (const secret of ['SECRETSECRET', 'TOKENTOKEN', '0xparam']) expect(said).not.toContain(secret)
  })

  test('behavior: those of the handshake appear nowhere, however many requests with others were made since', async () => {
    const { url } = await serve(({ id, method }, socket) => {
      if (method !== 'close') socket.send(JSON.stringify({ id, error: { code: -32000, message: 'TOKENTOKEN is old' } }))
      else socket.close(1008, 'TOKENTOKEN is old')
    })
    const redactor = createRedactor()
    const headers = () => ({ authorization: 'Bearer TOKENTOKEN' })
    const { channel, changes } = connect(url, { headers, redactor })
    const pass = () => {
      for (let i = 0; i < 1_000; i++) redactor.addPassing({ headers: [`passing-key-${i}`] })
    }
    await errorOf(channel.request(head))
    pass()
    expect((await errorOf(channel.request(head))).details).toBe('*** is old')
    pass()
    await errorOf(channel.request({ method: 'close' }))
    expect(changes.find(({ to }) => to === 'waiting')?.why).toBe('*** is old')
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

// Each fault of the TCP proxy, as both ends of a connection see it: in front of a server that sends back what it gets.

import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TcpProxy } from './tcp-proxy'
import { createTcpProxy } from './tcp-proxy'

let server: Server
let proxy: TcpProxy
let served: Socket[]
beforeEach(async () => {
  served = []
  server = createServer((socket) => {
    served.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  await listen(0)
  proxy = await createTcpProxy(`http://127.0.0.1:${portOf(server)}`)
})
afterEach(async () => {
  await proxy.close()
  for (const socket of served) socket.destroy()
  server.close()
})

const listen = (port: number) => once(server.listen(port, '127.0.0.1'), 'listening')
const portOf = (one: Server) => (one.address() as AddressInfo).port

/** What a client's connection has brought, and how it ended. */
async function open(port = proxy.port) {
  const socket = connect(port, '127.0.0.1')
  const heard = { text: '', end: '' }
  socket.on('data', (data) => {
    heard.text += data
  })
  socket.on('end', () => {
    heard.end = 'end'
  })
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    heard.end = `${code}`
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  const say = async (text: string) => {
    socket.write(text)
    while (!heard.text.endsWith(text)) await once(socket, 'data')
  }
  return { socket, heard, closed, say }
}

/** Long enough for whatever would have passed the proxy: the server has answered others since. */
async function meanwhile() {
  const other = await open(portOf(server))
  for (let turn = 0; turn < 20; turn++) await other.say(`${turn}`)
  other.socket.destroy()
}

describe('createTcpProxy', () => {
  test('default: passes bytes and ends', async () => {
    const client = await open()
    await client.say('one')
    expect([proxy.open, proxy.total]).toEqual([1, 1])
    client.socket.end('two')
    await client.closed
    expect(client.heard).toEqual({ text: 'onetwo', end: 'end' })
    await proxy.drained()
    expect([proxy.open, proxy.total]).toEqual([0, 1])
  })

  test('behavior: a lot of bytes, to a client that has ended its side', async () => {
    const client = await open()
    const text = 'x'.repeat(5_000_000)
    client.socket.end(text)
    await client.closed
    expect([client.heard.text === text, client.heard.end]).toEqual([true, 'end'])
  })

  test('behavior: kill resets and refuses until revive', async () => {
    const client = await open()
    await client.say('one')
    await proxy.kill()
    await client.closed
    expect(client.heard.end).toBe('ECONNRESET')
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await proxy.revive()
    await (await open()).say('two')
  })

  test('behavior: cut resets, the next one works', async () => {
    const client = await open()
    await client.say('one')
    proxy.cut()
    await client.closed
    expect(client.heard.end).toBe('ECONNRESET')
    await (await open()).say('two')
  })

  test('behavior: stall holds everything back, ends too, until resume', async () => {
    const first = await open()
    const ending = await open()
    for (const client of [first, ending]) await client.say('one')
    proxy.stall()
    first.socket.write('two')
    served[1]?.end('bye')
    const second = await open()
    second.socket.write('three')
    await meanwhile()
    expect([first, ending, second].map(({ heard }) => heard)).toEqual([
      { text: 'one', end: '' },
      { text: 'one', end: '' },
      { text: '', end: '' },
    ])
    proxy.resume()
    await ending.closed
    expect(ending.heard).toEqual({ text: 'onebye', end: 'end' })
    for (const client of [first, second]) await client.say('four')
    expect([first.heard.text, second.heard.text]).toEqual(['onetwofour', 'threefour'])
  })

  test('behavior: what died while it was stalled is told at resume', async () => {
    const client = await open()
    await client.say('one')
    proxy.stall()
    served[0]?.resetAndDestroy()
    await meanwhile()
    expect(client.heard.end).toBe('')
    proxy.resume()
    await client.closed
    expect(client.heard.end).toBe('ECONNRESET')
  })

  test('behavior: half open: the client is told nothing, the next one works', async () => {
    const client = await open()
    await client.say('one')
    const gone = once(served[0] as Socket, 'close')
    proxy.halfOpen()
    client.socket.write('two')
    await gone
    await (await open()).say('three')
    client.socket.write('four')
    await meanwhile()
    expect(client.heard).toEqual({ text: 'one', end: '' })
    expect([client.socket.destroyed, proxy.open, proxy.total]).toEqual([false, 1, 2])
    proxy.cut()
    await client.closed
    expect(client.heard.end).toBe('ECONNRESET')
  })

  test('behavior: a node that is away resets', async () => {
    const port = portOf(server)
    server.close()
    const client = await open()
    await client.closed
    expect(client.heard.end).toBe('ECONNRESET')
    await proxy.drained()
    await listen(port)
    await (await open()).say('one')
  })

  test('behavior: close twice is once', async () => {
    const client = await open()
    await Promise.all([proxy.close(), proxy.close()])
    await client.closed
    await proxy.close()
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(proxy.open).toBe(0)
  })
})

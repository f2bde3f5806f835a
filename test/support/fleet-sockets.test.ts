// The fleet's sockets: requests, subscriptions, what a script does to frames; and what killing does to all connections.

import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { tokenB } from './chain-block'
import { createFleet } from './fleet'
import type { FleetProvider } from './fleet-provider'

const ask = ({ url }: FleetProvider) => fetch(url, { method: 'POST', body: '{"id":1,"method":"eth_blockNumber"}' })

/** A socket whose frames are read one by one. */
async function dial(provider: FleetProvider) {
  const socket = new WebSocket(provider.wsUrl)
  const frames: any[] = []
  const readers: ((frame: any) => void)[] = []
  socket.on('message', (data) => {
    const frame = JSON.parse(data.toString())
    const reader = readers.shift()
    if (reader) reader(frame)
    else frames.push(frame)
  })
  await new Promise<unknown>((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const next = () =>
    new Promise<any>((resolve) => (frames.length > 0 ? resolve(frames.shift()) : readers.push(resolve)))
  const call = (method: string, params: unknown[] = []) => {
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
    return next()
  }
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  return { socket, next, call, closed }
}

/** Looks again after each turn of the event loop. */
const until = (isSo: () => boolean) =>
  new Promise<void>((resolve) => {
    const look = () => (isSo() ? resolve() : setImmediate(look))
    look()
  })

describe('sockets', () => {
  test('default: requests and subscriptions', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { call, next, socket, closed } = await dial(p1)
    expect(await call('eth_blockNumber')).toEqual({ jsonrpc: '2.0', id: 1, result: '0x64' })
    const { result: heads } = await call('eth_subscribe', ['newHeads'])
    const { result: logs } = await call('eth_subscribe', ['logs', { address: tokenB }])
    fleet.chain.mine(2)
    const frames = [await next(), await next(), await next()].map(({ params }) => params)
    expect(frames.map(({ subscription }) => subscription)).toEqual([heads, heads, logs])
    expect(frames[1]?.result).toMatchObject({ number: '0x66', hash: fleet.chain.head.hash })
    fleet.chain.reorg(1)
    expect((await next()).params.result).toMatchObject({ number: '0x66' })
    expect([(await next()).params.result.removed, (await next()).params.result.removed]).toEqual([true, false])
    expect(await call('eth_unsubscribe', [heads])).toMatchObject({ result: true })
    expect(p1.sockets.subscriptions).toEqual([['logs', { address: tokenB }]])
    expect(p1.calls.at(-1)).toMatchObject({ method: 'eth_unsubscribe', channel: 'ws' })
    socket.close()
    expect(await closed).toBe(1005)
  })

  test('behavior: pushed frames are dropped, doubled and swapped; pings go unanswered; handshakes are refused', async () => {
    await using fleet = await createFleet([{ lag: 1 }])
    const [p1] = fleet.providers
    const { call, next, socket } = await dial(p1)
    await call('eth_subscribe', ['newHeads'])
    const push = { methods: 'eth_subscription', first: 1 } as const
    p1.behave([
      { ...push, frames: 'drop' },
      { ...push, skip: 1, frames: 'swap' },
      { ...push, skip: 3, frames: 'double' },
    ])
    fleet.chain.mine(3)
    const numbers = async (count: number) => {
      const list: number[] = []
      for (let i = 0; i < count; i++) list.push(Number((await next()).params.result.number))
      return list
    }
    // The new script has no lag: 100 was pushed at once, and dropped.
    expect(await numbers(4)).toEqual([102, 101, 103, 103])

    const pongs: string[] = []
    socket.on('pong', (data) => pongs.push(data.toString()))
    p1.behave({ methods: 'ping', first: 1, hang: true })
    socket.ping('one')
    socket.ping('two')
    await call('eth_blockNumber')
    expect(pongs).toEqual(['two'])

    p1.behave({ methods: 'handshake', status: 403 })
    await expect(dial(p1)).rejects.toThrow('403')
    p1.sockets.close(1012, 'restart')
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1012)
  })

  test('behavior: hang never answers; processed does what was asked', async () => {
    await using fleet = await createFleet([{ first: 1, hang: 'processed' }])
    const [p1] = fleet.providers
    const { socket, call } = await dial(p1)
    socket.send(JSON.stringify({ id: 7, method: 'eth_sendRawTransaction', params: ['0x1234'] }))
    expect(await call('eth_sendRawTransaction', ['0x1234'])).toMatchObject({ error: { message: 'already known' } })
  })
})

describe('cut and moveTo', () => {
  test('default: sockets are cut, HTTP connections are not; sockets alone can be refused', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { call, closed } = await dial(p1)
    await (await ask(p1)).text()
    await call('eth_subscribe', ['newHeads'])
    p1.sockets.cut()
    expect([p1.sockets.open, p1.sockets.subscriptions]).toEqual([0, []])
    expect(await closed).toBe(1006)
    p1.behave({ methods: 'handshake', reset: 'after' })
    await expect(dial(p1)).rejects.toThrow('hang up')
    expect((await ask(p1)).status).toBe(200)
    expect(p1.connections.total).toBe(3)
  })

  test('behavior: silence: what is asked is done, nothing is sent', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { call, next, socket } = await dial(p1)
    const { result } = await call('eth_subscribe', ['newHeads'])
    p1.behave({ channel: 'ws', hang: 'processed' })
    fleet.chain.mine()
    socket.send(JSON.stringify({ id: 2, method: 'eth_unsubscribe', params: [result] }))
    socket.ping()
    expect((await ask(p1)).status).toBe(200)
    await until(() => p1.sockets.subscriptions.length === 0)
    p1.behave({})
    socket.send(JSON.stringify({ id: 3, method: 'eth_blockNumber', params: [] }))
    expect(await next()).toEqual({ jsonrpc: '2.0', id: 3, result: '0x65' })
  })

  test('behavior: a node on a stale branch tells it, and a reorg when it is back', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const [one, two] = await Promise.all([dial(p1), dial(p2)])
    await Promise.all([one, two].map(({ call }) => call('eth_subscribe', ['logs', { address: tokenB }])))
    const stale = fleet.chain.fork()
    p1.moveTo(stale)
    fleet.chain.mine(2)
    stale.mine(2)
    const [seen, truth] = [(await one.next()).params.result, (await two.next()).params.result]
    expect([seen.blockNumber, seen.blockHash === truth.blockHash]).toEqual([truth.blockNumber, false])
    p1.moveTo(fleet.chain)
    expect((await one.next()).params.result).toEqual({ ...seen, removed: true })
    expect((await one.next()).params.result).toEqual(truth)
  })
})

describe('kill and revive', () => {
  test('default: refused, then the same port again', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { closed } = await dial(p1)
    expect((await ask(p1)).status).toBe(200)
    expect(p1.connections).toMatchObject({ open: 2, total: 2 })
    await p1.kill()
    expect(await closed).toBe(1006)
    await expect(ask(p1)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await p1.revive()
    expect((await ask(p1)).status).toBe(200)
    expect([p1.sockets.open, p1.sockets.total, p1.connections.open]).toEqual([0, 1, 1])
  })
})

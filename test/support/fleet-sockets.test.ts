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

// Upstream subscriptions of a socket channel: whose frames are whose, from the first one to the end.

import { describe, expect, test } from 'vitest'
import { createFleet } from '../support/fleet'
import { errorOf } from '../support/rejection'
import { connect, head, script, sink } from './ws-channels'

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

  test('behavior: those of a subscribe that was given up and is never confirmed leave room for those of the next one', async () => {
    const { channel, sockets } = script()
    const controller = new AbortController()
    const givenUp = errorOf(channel.subscribe(['newHeads'], sink(), { signal: controller.signal }))
    sockets.last.open()
    controller.abort(new Error('gone'))
    await givenUp
    for (let count = 0; count < 1_000; count++) sockets.last.receive(notification('0xa', count))
    const heads = sink()
    const subscribed = channel.subscribe(['newHeads'], heads)
    sockets.last.receive(notification('0xb', 1))
    sockets.last.receive({ id: 2, result: '0xb' })
    await subscribed
    expect(heads.onData).toHaveBeenCalledTimes(1)
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

// The real node and the proxy in front of it: each fault as a client of it sees it.

import { createPublicClient, createTestClient, http, webSocket } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Anvil } from './anvil'
import { startAnvil } from './anvil'
import { createFlakyProxy } from './flaky-proxy'

let anvil: Anvil
beforeAll(async () => {
  anvil = await startAnvil({ chainId: 7 })
})
afterAll(() => anvil.close())

const ask = async (url: string, signal?: AbortSignal, method = 'eth_chainId') => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method })
  return fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    ...(signal ? { signal } : {}),
  })
}

/** Resolves when the subscription is live; `first` is what it brings first. */
async function watchHeads(url: string) {
  const { transport } = createPublicClient({ transport: webSocket(url) })
  let live: Promise<unknown> | undefined
  const first = new Promise<unknown>((resolve, reject) => {
    live = transport.subscribe({ params: ['newHeads'], onData: resolve, onError: reject })
  })
  await live
  const { close } = await transport.getRpcClient()
  return { first, close }
}

describe('startAnvil', () => {
  test('default: answers over http and ws', async () => {
    expect(await createPublicClient({ transport: http(anvil.url) }).getChainId()).toBe(7)
    const client = createPublicClient({ transport: webSocket(anvil.wsUrl) })
    expect(await client.getChainId()).toBe(7)
    const { close } = await client.transport.getRpcClient()
    close()
  })

  test('behavior: kill ends it, the port can be had again, close twice is once', async () => {
    const first = await startAnvil()
    await first.kill()
    await expect(ask(first.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await using second = await startAnvil({ port: first.port })
    expect((await ask(second.url)).status).toBe(200)
    await first.close()
    await second.close()
    expect(second.process.signalCode ?? second.process.exitCode).not.toBe(null)
  })

  test('error: says what anvil said', async () => {
    await expect(startAnvil({ args: ['--no-such-flag'] })).rejects.toThrow('--no-such-flag')
  })
})

describe('createFlakyProxy', () => {
  test('default: passes http and ws', async () => {
    await using proxy = await createFlakyProxy(anvil.url)
    expect(await (await ask(proxy.url)).json()).toMatchObject({ result: '0x7' })
    const heads = await watchHeads(proxy.wsUrl)
    await createTestClient({ mode: 'anvil', transport: http(proxy.url) }).mine({ blocks: 1 })
    expect(await heads.first).toMatchObject({ result: { parentHash: expect.any(String) } })
    expect(proxy.count).toBe(3)
    heads.close()
  })

  test('behavior: faults', async () => {
    await using proxy = await createFlakyProxy(anvil.url)
    await proxy.set('refuse')
    await expect(ask(proxy.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await proxy.set('reset')
    await expect(ask(proxy.url)).rejects.toMatchObject({ cause: { code: 'UND_ERR_SOCKET' } })
    await proxy.set('error503')
    expect((await ask(proxy.url)).status).toBe(503)
    await proxy.set('html')
    expect(await (await ask(proxy.url)).text()).toContain('<html>')
    await proxy.set({ latency: 20 })
    const start = performance.now()
    expect((await ask(proxy.url)).status).toBe(200)
    expect(performance.now() - start).toBeGreaterThan(18)
    await proxy.set('hang')
    await expect(ask(proxy.url, AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' })
    await proxy.set('none')
    expect((await ask(proxy.url)).status).toBe(200)
    expect(proxy.count).toBe(6)
  })

  test('behavior: an open WebSocket hangs, goes on, and is cut', async () => {
    await using proxy = await createFlakyProxy(anvil.url)
    const [direct, passed] = await Promise.all([anvil.wsUrl, proxy.wsUrl].map(watchHeads))
    let hasCome = false
    void passed?.first.then(() => (hasCome = true))
    await proxy.set('hang')
    await ask(anvil.url, undefined, 'evm_mine')
    await direct?.first
    await ask(anvil.url)
    expect(hasCome).toBe(false)
    await proxy.set('none')
    await passed?.first
    const second = await watchHeads(proxy.wsUrl)
    await proxy.set('reset')
    await expect(second.first).rejects.toMatchObject({ name: 'SocketClosedError' })
    for (const { close } of [direct!, passed!, second]) close()
  })

  test('behavior: take-and-hang does the work and keeps the answer', async () => {
    await using proxy = await createFlakyProxy(anvil.url)
    const heads = await watchHeads(anvil.wsUrl)
    await proxy.set('take-and-hang')
    const controller = new AbortController()
    const answer = ask(proxy.url, controller.signal, 'evm_mine')
    expect(await heads.first).toMatchObject({ result: { hash: expect.any(String) } })
    controller.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
    heads.close()
  })
})

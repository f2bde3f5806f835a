// The dapp in a real browser, while its providers die and come back.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../support/flaky-proxy'
import type { Chromium } from './chromium'
import { startChromium } from './chromium'
import { openScene } from './scene'

let chromium: Chromium
beforeAll(async () => {
  chromium = await startChromium()
})
afterAll(() => chromium.close())

describe('the dapp', () => {
  test('default: shows the head, balances, transfers and its providers', async () => {
    await using scene = await openScene({ chromium })
    const { page, chain } = scene
    await scene.show(3)
    const { heads, logs } = await chain.truth(0)
    // The first account that sends, and the tokens of the one that is shown.
    await page.tab.waitForSelector(`[data-height="${heads.length}"]`)
    await page.tab.waitForSelector(`[data-tokens="${await scene.tokens()}"]`)
    const shown = await page.shown()
    expect(shown.ether).toBe(`${10_000n * 10n ** 18n}`)
    expect(shown.streams).toEqual(['live', 'live'])
    expect(logs.length).toBeGreaterThan(4)
    expect(shown.providers).toMatchObject({
      p1: { http: { breaker: 'closed' }, ws: { breaker: 'closed', socket: 'open' } },
      p2: { http: { breaker: 'closed' }, ws: { breaker: 'closed' } },
    })
    expect(await scene.judge()).toEqual({})
  })

  test('default: bundled by esbuild, it works as well', async () => {
    await using scene = await openScene({ chromium, page: 'dapp-by-esbuild' })
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })

  test("behavior: given React's StrictMode does everything twice, nothing is shown twice", async () => {
    await using scene = await openScene({ chromium, page: 'dapp-in-development' })
    await scene.show(2)
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })
})

const faults: readonly Fault[] = ['refuse', 'reset', 'error503']

describe('providers that die', () => {
  test.each(faults)('behavior: given %s at one after the other, heads and transfers go on', async (fault) => {
    await using scene = await openScene({ chromium })
    const [p1, p2] = scene.proxies
    await p1!.set(fault)
    // Shown while the first one is away: a head that only the second one can have brought.
    await scene.show()
    await scene.show(2)
    await p1!.set('none')
    await scene.show()
    await p2!.set(fault)
    await scene.show()
    await scene.show(2)
    await p2!.set('none')
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given the first one hangs with its socket open while blocks go on, heads and transfers go on', async () => {
    await using scene = await openScene({ chromium })
    const stop = scene.run(1_000)
    await scene.proxies[0]!.set('hang')
    await scene.show()
    await scene.proxies[0]!.set('none')
    await scene.show()
    await stop()
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given all are gone for some blocks, those are shown once one is back', async () => {
    await using scene = await openScene({ chromium })
    const { page, proxies } = scene
    await Promise.all(proxies.map((proxy) => proxy.set('refuse')))
    const before = page.reports.length
    for (let block = 0; block < 4; block++) await scene.mine()
    // Until it has tried in vain.
    await page.tab.waitForFunction(() => document.querySelectorAll('[data-socket="open"]').length === 0)
    await proxies[1]!.set('none')
    await scene.show()
    expect(page.reports.length).toBeGreaterThan(before)
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given no sockets, heads and transfers are polled, and go on', async () => {
    await using scene = await openScene({ chromium, ways: 'http' })
    await scene.show()
    await scene.proxies[0]!.set('refuse')
    await scene.show()
    await scene.show(2)
    expect(await scene.judge()).toEqual({})
  })
})

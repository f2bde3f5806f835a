// The browser loses its network and gets it back. Chromium's own offline mode refuses new requests and sockets and holds back
// the frames of open ones; where connections are to die too, as they do when a network changes, the proxies cut them.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTcpProxy } from '../support/tcp-proxy'
import type { Chromium } from './chromium'
import { startChromium } from './chromium'
import type { Scene } from './scene'
import { openScene, openSceneOver } from './scene'

let chromium: Chromium
beforeAll(async () => {
  chromium = await startChromium()
})
afterAll(() => chromium.close())

/** Whatever stands between the page and the nodes. */
type AnyScene = Pick<Scene, 'page' | 'chain'>

async function goOffline({ page }: AnyScene) {
  await chromium.context.setOffline(true)
  await page.tab.waitForSelector('[data-online="false"]')
}

/** From the `online` event until the page shows the newest block (in ms). */
async function comeBack({ page, chain }: AnyScene) {
  await chromium.context.setOffline(false)
  const { heads, logs } = await chain.truth(0)
  await page.reached(heads.at(-1) as string, logs.at(-1))
  const onlineAt = (await page.steps()).find(({ what }) => what === 'online')!.at
  return Math.round((await page.tab.evaluate(() => performance.now())) - onlineAt)
}

async function breakersOf({ page }: AnyScene) {
  const { providers, activity } = await page.shown()
  const states = Object.values(providers).flatMap(({ http, ws }) => [http, ws].flatMap((one) => one?.breaker ?? []))
  return { states: new Set(states), changes: activity.filter(({ kind }) => kind === 'breaker') }
}

const allWell = { states: new Set(['closed']), changes: [] }

describe('offline and online', () => {
  test('default: with sockets that live on, nothing is lost and nobody is blamed', async () => {
    await using scene = await openScene({ chromium })
    await goOffline(scene)
    for (let block = 0; block < 5; block++) await scene.mine(block)
    const ms = await comeBack(scene)
    console.log(`sockets held: caught up ${ms} ms after the online event`)
    expect(await breakersOf(scene)).toEqual(allWell)
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given all connections died meanwhile, sockets are dialled on the `online` event, nothing is lost', async () => {
    await using scene = await openScene({ chromium })
    const { page, proxies } = scene
    await goOffline(scene)
    await Promise.all(proxies.map((proxy) => proxy.set('refuse')))
    for (let block = 0; block < 5; block++) await scene.mine(block)
    await page.tab.waitForFunction(() => document.querySelectorAll('[data-socket="open"]').length === 0)
    await Promise.all(proxies.map((proxy) => proxy.set('none')))
    const ms = await comeBack(scene)
    console.log(`connections dead: caught up ${ms} ms after the online event`)
    const steps = await page.steps()
    const after = steps.slice(steps.findIndex(({ what }) => what === 'online'))
    expect(after[1]).toMatchObject({ what: 'dial', isAtOnce: true })
    expect(await breakersOf(scene)).toEqual(allWell)
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given sockets are dead and nobody says so, they are left after the `online` event, nothing is lost', async () => {
    await using scene = await openSceneOver(createTcpProxy, { chromium })
    await goOffline(scene)
    for (const proxy of scene.proxies) proxy.halfOpen()
    for (let block = 0; block < 5; block++) await scene.mine(block)
    const ms = await comeBack(scene)
    console.log(`sockets dead, not closed: caught up ${ms} ms after the online event`)
    const { activity } = await scene.page.shown()
    expect(activity.map(({ text }) => text)).toContain('p1: socket lost (no sign of life).')
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given requests fail while it is offline, no breaker opens', async () => {
    await using scene = await openScene({ chromium, ways: 'http' })
    const { page } = scene
    await goOffline(scene)
    for (let block = 0; block < 3; block++) await scene.mine()
    // As many as would open a breaker.
    let failed = 0
    await new Promise<void>((resolve) =>
      page.tab.on('requestfailed', (request) => {
        if (request.failure()?.errorText === 'net::ERR_INTERNET_DISCONNECTED' && ++failed === 8) resolve()
      }),
    )
    expect(await breakersOf(scene)).toEqual(allWell)
    const ms = await comeBack(scene)
    console.log(`polling: caught up ${ms} ms after the online event`)
    expect(await breakersOf(scene)).toEqual(allWell)
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given it goes off and on again and again, nothing is lost or doubled', async () => {
    await using scene = await openScene({ chromium })
    for (let time = 0; time < 4; time++) {
      await chromium.context.setOffline(true)
      await scene.mine(2)
      await chromium.context.setOffline(false)
      await scene.mine()
    }
    await scene.show()
    expect(await breakersOf(scene)).toEqual(allWell)
    expect(await scene.judge()).toEqual({})
  })
})

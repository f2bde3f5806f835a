// The page is hidden behind another tab, where Chromium lets timers fire once a second, or frozen, where nothing runs at all.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Chromium } from './chromium'
import { startChromium } from './chromium'
import type { Scene } from './scene'
import { openScene } from './scene'

let chromium: Chromium
beforeAll(async () => {
  chromium = await startChromium()
})
afterAll(() => chromium.close())

/** Puts another tab in front; disposing it brings the page back. */
async function hide({ page: { tab } }: Scene) {
  const other = await chromium.context.newPage()
  await other.bringToFront()
  await visibility(tab, 'hidden')
  return {
    async [Symbol.asyncDispose]() {
      await other.close()
      await tab.bringToFront()
      await visibility(tab, 'visible')
    },
  }
}

/** By an event: a hidden page has no animation frames to poll on. */
function visibility(tab: Page, wanted: DocumentVisibilityState) {
  return tab.evaluate(
    (state) =>
      new Promise<void>((resolve) => {
        const check = () => document.visibilityState === state && resolve()
        document.addEventListener('visibilitychange', check)
        check()
      }),
    wanted,
  )
}

async function freeze({ page: { tab } }: Scene, state: 'frozen' | 'active') {
  const session = await chromium.context.newCDPSession(tab)
  await session.send('Page.setWebLifecycleState', { state })
  await session.detach()
}

describe('a page that is hidden', () => {
  test('default: it goes on, and shows everything when it is shown', async () => {
    await using scene = await openScene({ chromium })
    {
      await using _ = await hide(scene)
      for (let block = 0; block < 3; block++) await scene.mine(2)
      await scene.show()
    }
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given its provider dies meanwhile, the next one serves it', async () => {
    await using scene = await openScene({ chromium })
    {
      await using _ = await hide(scene)
      await scene.proxies[0]!.set('refuse')
      await scene.show()
      await scene.show(2)
    }
    await scene.proxies[0]!.set('none')
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })
})

describe('a page that is frozen', () => {
  test('default: what happened meanwhile is shown once it runs again, and nobody is blamed', async () => {
    await using scene = await openScene({ chromium })
    {
      await using _ = await hide(scene)
      await freeze(scene, 'frozen')
      for (let block = 0; block < 5; block++) await scene.mine(block)
      await freeze(scene, 'active')
      await scene.show()
    }
    const { providers } = await scene.page.shown()
    expect(Object.values(providers).map(({ http, ws }) => [http.breaker, ws.breaker])).toEqual([
      ['closed', 'closed'],
      ['closed', 'closed'],
    ])
    expect(await scene.judge()).toEqual({})
  })

  test('behavior: given all its connections died meanwhile, nothing is lost', async () => {
    await using scene = await openScene({ chromium })
    {
      await using _ = await hide(scene)
      await freeze(scene, 'frozen')
      await Promise.all(scene.proxies.map((proxy) => proxy.set('refuse')))
      for (let block = 0; block < 5; block++) await scene.mine(block)
      await Promise.all(scene.proxies.map((proxy) => proxy.set('none')))
      await freeze(scene, 'active')
    }
    await scene.show()
    expect(await scene.judge()).toEqual({})
  })
})

// React's StrictMode makes, ends and makes again what a component has, in its development build: the second client must work.

import { expect, inject, test } from 'vitest'
import { startChain } from '../../examples/dapp/network/chain'
import { startChromium } from './chromium'
import { openDapp } from './dapp-page'

test('default: a client made after one was closed works', async () => {
  const chromium = await startChromium()
  const chain = await startChain(1)
  try {
    const tab = await chromium.context.newPage()
    const page = await openDapp(tab, `${inject('site')}/create-close-create/?provider=${chain.nodes[0]!.wsUrl}`)
    await tab.waitForSelector('[data-closed="1"]')
    await tab.waitForSelector('output:text("live")')
    await chain.mine()
    await chain.mine()
    await tab.waitForSelector('output:text-is("live 1 2")')
    expect(await tab.locator('[data-closed]').getAttribute('data-closed')).toBe('1')
    expect(page.complaints).toEqual([])
  } finally {
    await chromium.close()
    await chain.close()
  }
})

// Providers are on other origins than the page: whether it may talk to one is that one's headers' affair. What they forbid looks
// to a page like a network that is down, and is failed over like that.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChain } from '../../examples/dapp/network/chain'
import type { Chromium } from './chromium'
import { startChromium } from './chromium'
import type { CorsHeaders } from './cors-proxy'
import { createCorsProxy, usable } from './cors-proxy'
import { openDapp } from './dapp-page'
import { dappUrl } from './scene'

let chromium: Chromium
beforeAll(async () => {
  chromium = await startChromium()
})
afterAll(() => chromium.close())

const { preflight, answer } = usable
const unusable: Readonly<Record<string, CorsHeaders>> = {
  'no headers at all': { preflight: {}, answer: {} },
  'another origin allowed': {
    preflight: { ...preflight, 'access-control-allow-origin': 'https://other.example' },
    answer: { 'access-control-allow-origin': 'https://other.example' },
  },
  'the type of the body not allowed': { preflight: { 'access-control-allow-origin': '*' }, answer },
  'preflights refused': { status: 405, preflight, answer },
  'an answer without headers': { preflight, answer: {} },
}

/** The dapp over `p1` behind these headers, and `p2`, with which nothing is wrong. */
async function openBehind(headers: CorsHeaders) {
  const chain = await startChain(2)
  const [first, second] = chain.nodes
  const door = await createCorsProxy(first!.url, headers)
  await chain.mine()
  const account = chain.accounts[3]!
  const tab = await chromium.context.newPage()
  const page = await openDapp(tab, dappUrl('dapp', [`p1,${door.url}`, `p2,${second!.url}`], account))
  return {
    chain,
    door,
    page,
    async [Symbol.asyncDispose]() {
      await tab.close()
      await door.close()
      await chain.close()
    },
  }
}

describe('a provider with usable headers', () => {
  test('default: it serves the page, and nobody else is asked', async () => {
    await using scene = await openBehind(usable)
    await scene.page.tab.waitForSelector('[data-height="1"]')
    await scene.page.tab.waitForSelector('[data-ether^="1"]')
    const { providers } = await scene.page.shown()
    expect(providers.p1!.http.attempts).toBeGreaterThan(1)
    expect(providers.p2!.http.attempts).toBe(0)
    expect(new Set(scene.door.arrived)).toEqual(new Set(['OPTIONS', 'POST']))
    expect([scene.page.complaints, scene.page.reports]).toEqual([[], []])
  })
})

describe('a provider without', () => {
  test.each(Object.entries(unusable))('behavior: given %s, the next one serves the page', async (_, headers) => {
    await using scene = await openBehind(headers)
    const { page, chain } = scene
    await page.tab.waitForSelector('[data-height="1"]')
    await page.tab.waitForSelector('[data-ether^="1"]')
    await chain.mine()
    await page.tab.waitForSelector('[data-height="2"]')
    const { providers, activity } = await page.shown()
    expect(providers.p1!.http.attempts).toBeGreaterThan(0)
    expect(providers.p2!.http.attempts).toBeGreaterThan(1)
    expect(
      activity.map(({ text }) => text).filter((text) => text.includes('p1 (http) → p2 (http), network')),
    ).not.toEqual([])
    expect(page.complaints).toEqual([])
    expect(page.reports.filter((report) => report.includes('CORS'))).not.toEqual([])
  })

  test('behavior: given its headers are mended, it serves the page again', async () => {
    await using scene = await openBehind(unusable['no headers at all'] as CorsHeaders)
    const { page, chain, door } = scene
    await page.tab.waitForSelector('[data-provider="p1"] [data-breaker="open"]')
    door.say(usable)
    const timer = setInterval(() => void chain.mine(), 500) // each block makes the page read
    await page.tab.waitForSelector('[data-provider="p1"] [data-breaker="closed"]').finally(() => clearInterval(timer))
    expect(door.arrived).toContain('POST')
    expect(page.complaints).toEqual([])
  })
})

describe('a socket', () => {
  test('default: it needs no such headers', async () => {
    const chain = await startChain(1)
    const [node] = chain.nodes
    await using door = await createCorsProxy(node!.url, unusable['no headers at all'] as CorsHeaders)
    const tab = await chromium.context.newPage()
    try {
      const page = await openDapp(tab, dappUrl('dapp', [`p1,${door.url},${node!.wsUrl}`], chain.accounts[3]!))
      await tab.waitForSelector('[data-socket="open"]')
      await chain.mine()
      await tab.waitForSelector('[data-height="1"]')
      await tab.waitForSelector('[data-ether^="1"]')
      expect(door.arrived).not.toContain('POST')
      expect(page.complaints).toEqual([])
    } finally {
      await tab.close()
      await chain.close()
    }
  })
})

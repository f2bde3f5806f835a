// On which platforms requests are kept apart.

import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

async function isIsolated(): Promise<boolean> {
  vi.resetModules()
  return (await import('../../src/base/isolated')).ISOLATED
}

test('behavior: Cloudflare Workers and Vercel Edge', async () => {
  expect(await isIsolated()).toBe(false)
  vi.stubGlobal('navigator', undefined)
  expect(await isIsolated()).toBe(false)
  vi.stubGlobal('EdgeRuntime', 'vercel')
  expect(await isIsolated()).toBe(true)
  vi.unstubAllGlobals()
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
  expect(await isIsolated()).toBe(true)
})

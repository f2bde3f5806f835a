// Builds the pages once for all tests, from `dist` as a user gets it, and serves them on loopback: providers are on other origins.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { listen } from '../support/listening'
import { bundleByEsbuild, bundleByVite, dappRoot, pagesRoot } from './bundles'

/** What is on the site, by the name of its folder. */
export type Page = 'dapp' | 'dapp-by-esbuild' | 'dapp-in-development' | 'create-close-create'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the pages are: `<site>/<page>/`. */
    site: string
    /** Where the bundles lie. */
    bundles: string
    /** Of the dapp's bundles, what is in them: paths and ids of modules. */
    modules: Record<'vite' | 'esbuild', string[]>
  }
}

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'viem-lasso-site-'))
  const to = (page: Page) => join(folder, page)
  const vite = await bundleByVite({ root: dappRoot, to: to('dapp') })
  const esbuild = await bundleByEsbuild({ root: dappRoot, to: to('dapp-by-esbuild') })
  // StrictMode does everything twice in React's development build only.
  await bundleByVite({ root: dappRoot, to: to('dapp-in-development'), isDevelopment: true })
  await bundleByVite({ root: pagesRoot, to: to('create-close-create'), isDevelopment: true })

  const server = createServer(async ({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const path = join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname)
    const text = await readFile(path).catch(() => undefined)
    response.writeHead(text ? 200 : 404, { 'content-type': types[extname(path)] ?? 'text/plain' }).end(text)
  })
  await listen(server, 0)
  provide('site', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  provide('bundles', folder)
  provide('modules', { vite, esbuild })
  return async () => {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true })
  }
}

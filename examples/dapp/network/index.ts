// `npm run dapp`: three real nodes, each behind a proxy that can be told to misbehave, a chain that goes on, and the dapp in
// Vite's dev server with buttons to break a provider. Ctrl+C ends all of it.

import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { createFlakyProxy } from '../../../test/support/flaky-proxy'
import { startChain } from './chain'
import { faultsPlugin } from './faults'
import { startLoad } from './load'
import { token } from './token'

const chain = await startChain(3)
const proxies = await Promise.all(chain.nodes.map(({ url }) => createFlakyProxy(url)))
const named = Object.fromEntries(proxies.map((proxy, index) => [`node-${index + 1}`, proxy]))
const stopLoad = startLoad(chain)

// What src/config.ts reads.
process.env.VITE_PROVIDERS = Object.entries(named)
  .map(([id, { url, wsUrl }]) => `${id},${url},${wsUrl}`)
  .join(' ')
process.env.VITE_TOKEN = token
process.env.VITE_ACCOUNT = chain.accounts[0]
process.env.VITE_FAULTS = 'on'

const server = await createServer({
  root: fileURLToPath(new URL('..', import.meta.url)),
  server: { host: '127.0.0.1' },
  plugins: [faultsPlugin(named)],
})
await server.listen()
console.log('A chain in three nodes, one block a second. The first one serves; break it and see.')
server.printUrls()

let isClosing = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void close())

async function close() {
  if (isClosing) return
  isClosing = true
  await stopLoad()
  await server.close()
  await Promise.all([...proxies, chain].map((one) => one.close()))
  process.exit(0)
}

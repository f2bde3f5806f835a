// The hands of the demo: an endpoint of the dev server through which the page can break a provider, and mend it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import type { Fault, FlakyProxy } from '../../../test/support/flaky-proxy'

/** What the page may ask for, by name. */
const faults: Readonly<Record<string, Fault>> = {
  none: 'none',
  refuse: 'refuse',
  hang: 'hang',
  error503: 'error503',
  html: 'html',
  slow: { latency: 800 },
}

/** `GET /faults`: the name of each provider's fault. `POST /faults?provider=node-1&fault=hang` sets one. */
export function faultsPlugin(proxies: Readonly<Record<string, FlakyProxy>>): Plugin {
  const now = Object.fromEntries(Object.keys(proxies).map((id) => [id, 'none']))

  async function serve({ method, url = '' }: IncomingMessage, response: ServerResponse) {
    const { searchParams } = new URL(url, 'http://localhost')
    const [id, name] = [searchParams.get('provider') ?? '', searchParams.get('fault') ?? '']
    if (method === 'POST') {
      const fault = faults[name]
      if (!proxies[id] || fault === undefined) return void response.writeHead(400).end()
      await proxies[id].set(fault)
      now[id] = name
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(now))
  }

  return {
    name: 'faults',
    configureServer: ({ middlewares }) => {
      middlewares.use('/faults', (request, response, next) => void serve(request, response).catch(next))
    },
  }
}

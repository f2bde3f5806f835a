// Who is asked for what: a wall around some methods, strategies, the options of one request, and `with` for a whole client.
// npx tsx examples/own-routing.ts

import { createPublicClient } from 'viem'
// Users write: import { failover } from 'viem-lasso'
import { failover } from '../src/index'
import { account, chain, startNodes } from './nodes'

await using nodes = await startNodes(3)
const [own, vendor, spare] = nodes.urls
const [ownProxy] = nodes.proxies

const transport = failover(
  [
    { id: 'own', http: own, cost: 0 },
    { id: 'vendor', http: vendor, limits: { requestsPerSecond: 25 } },
    { id: 'spare', http: spare, backup: true },
  ],
  {
    methods: {
      // A wall: nobody else ever sees these.
      'debug_*': { providers: ['own'] },
      // Heavy reads take turns.
      eth_getLogs: { strategy: 'load-balanced', timeout: 20_000 },
    },
  },
)
const client = createPublicClient({ chain, transport })
let served = ''
client.transport.on('request', ({ method, outcome, provider = 'nobody' }) => {
  served = `${method}: ${outcome}, by ${provider}`
})

const request = client.transport.request
const say = (what: string) => console.log(what.padEnd(34), served)

await request({ method: 'eth_blockNumber' })
say('by priority')

await request({ method: 'eth_blockNumber' }, { provider: 'vendor' })
say('one request to one provider')

await request({ method: 'eth_blockNumber' }, { exclude: ['own'] })
say('one request to anybody else')

// A function ranks the candidates: here the last in the list first (a backup stays behind all others).
await request({ method: 'eth_gasPrice' }, { strategy: (candidates) => [...candidates].reverse() })
say('ranked by a function of our own')

for (const turn of ['first', 'second']) {
  await client.getLogs({ fromBlock: 0n, toBlock: 0n })
  say(`load-balanced logs, ${turn}`)
}

// A client that is pinned: the same engine, other defaults.
const pinned = createPublicClient({ chain, transport: transport.with({ provider: 'vendor' }) })
await pinned.getTransactionCount(account)
say('a client made with `with`')

await ownProxy.set('error503')
await request({ method: 'debug_traceTransaction', params: [`0x${'00'.repeat(32)}`] }, { timeout: 500 }).catch(
  (error: Error) => say(`walled off: ${error.name}`),
)
await request({ method: 'eth_blockNumber' })
say('and what is not walled off')

await client.transport.close()

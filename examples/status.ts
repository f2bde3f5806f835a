// Seeing what happens: events as they come, and `status()` as a table, while a provider fails and comes back.
// npx tsx examples/status.ts

import { setTimeout as wait } from 'node:timers/promises'
import { createPublicClient } from 'viem'
// Users write: import { failover } from 'viem-lasso'
import { failover } from '../src/index'
import { chain, startNodes } from './nodes'

await using nodes = await startNodes(2)
const [a, b] = nodes.urls
const [first] = nodes.proxies

const client = createPublicClient({
  chain,
  // Half a second before it is tried again, so that the example is short; by default it is 2 s.
  transport: failover(
    [
      { id: 'a', http: a },
      { id: 'b', http: b },
    ],
    { breaker: { openFor: 500 } },
  ),
})
const { on, status, ready, close } = client.transport

on('failover', ({ method, from, to, why }) =>
  console.log(`  failover  ${method}: ${from.provider} → ${to.provider} (${why})`),
)
on('breaker', ({ provider, from, to }) => console.log(`  breaker   ${provider}: ${from} → ${to}`))
on('attempt', ({ provider, outcome, failure }) => {
  if (failure)
    console.log(`  attempt   ${provider}: ${outcome}, ${failure.kind}, ${failure.blamed ? 'blamed' : 'not blamed'}`)
})

await ready()
await read(5)
show('both are well')

await first.set('error503')
await read(8)
show('a answers 503')

await first.set('none')
await wait(600)
await read(5)
show('a is back')

await close()

async function read(times: number) {
  for (let time = 0; time < times; time++) await client.getGasPrice()
}

function show(title: string) {
  const { providers, requests } = status()
  console.log(`${title}: ${requests.total} requests, ${requests.failed} failed`)
  console.table(
    providers.map(({ id, head, channels: { http } }) => ({
      id,
      head,
      breaker: http?.breaker.state,
      p50: http?.latency.p50 === undefined ? '-' : `${http.latency.p50.toFixed(1)} ms`,
      success: http?.success?.toFixed(2),
      attempts: http?.attempts,
    })),
  )
}

// The least there is: two providers, one client, and a first provider that stops answering while it is read from.
// npx tsx examples/basic-read.ts

import { createPublicClient, formatEther } from 'viem'
// Users write: import { failover } from 'viem-lasso'
import { failover } from '../src/index'
import { account, chain, startNodes } from './nodes'

await using nodes = await startNodes(2)
const [first] = nodes.proxies

const client = createPublicClient({ chain, transport: failover(nodes.urls) })

console.log('block', await client.getBlockNumber())
console.log('balance', formatEther(await client.getBalance(account)), 'ETH')

await first.set('refuse')
console.log('the first provider is down; nonce', await client.getTransactionCount(account))

await first.set('none')
await first.set('hang')
const from = performance.now()
console.log('the first provider hangs; gas price', await client.getGasPrice(), `after ${elapsed(from)}`)

await client.transport.close()

function elapsed(since: number) {
  return `${Math.round(performance.now() - since)} ms`
}

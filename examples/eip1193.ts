// One failover list for libraries that are not viem: an EIP-1193 provider for ethers, its subscriptions, and what it tells of
// the connection while nodes go and come back.
// npx tsx examples/eip1193.ts

import { once } from 'node:events'
import { BrowserProvider, parseEther } from 'ethers'
// Users write: import { createProvider, failover } from 'viem-lasso'
import { createProvider, failover } from '../src/index'
import { account, chain, receiver, startNodes } from './nodes'

await using nodes = await startNodes(2)
const [first, second] = nodes.proxies

// The first provider is down from the start; each has HTTP and a socket.
await first.set('refuse')
const transport = failover(
  [
    { id: 'a', http: first.url, ws: first.wsUrl },
    { id: 'b', http: second.url, ws: second.wsUrl },
  ],
  { timeout: 1_000 },
)
await using provider = createProvider(transport, { chain })

const connection = new EventTarget()
provider.on('connect', ({ chainId }) => {
  console.log(`connected to chain ${Number(chainId)}`)
  connection.dispatchEvent(new Event('connect'))
})
provider.on('disconnect', ({ code, message }) => {
  console.log(`disconnected: ${code}, ${message.split('\n')[0]}`)
  connection.dispatchEvent(new Event('disconnect'))
})
await once(connection, 'connect')

// Subscriptions as EIP-1193 has them: the id first, its events after it.
const subscription = await provider.request({ method: 'eth_subscribe', params: ['newHeads'] })
const head = new Promise<void>((resolve) => {
  provider.on('message', (message) => {
    if (message.type !== 'eth_subscription' || message.data.subscription !== subscription) return
    console.log(`new head ${Number((message.data.result as { number: string }).number)}`)
    resolve()
  })
})

// ethers, with a signer of the node.
const ethers = new BrowserProvider(provider, undefined, { pollingInterval: 100 })
const signer = await ethers.getSigner(account.address)
const sent = await signer.sendTransaction({ to: receiver, value: parseEther('1') })
const receipt = await sent.wait()
console.log(`ethers: sent in block ${receipt?.blockNumber}, receiver has ${await ethers.getBalance(receiver)} wei`)
await head
console.log(`unsubscribed: ${await provider.request({ method: 'eth_unsubscribe', params: [subscription] })}`)

// Everybody gone, and back.
const gone = once(connection, 'disconnect')
await second.set('refuse')
await provider.request({ method: 'eth_gasPrice' }).catch(({ name }) => console.log(`asked meanwhile: ${name}`))
await gone
const back = once(connection, 'connect')
await second.set('none')
await provider.request({ method: 'eth_gasPrice' })
await back

// Sending: through private providers only, to all providers at once, and what an error says about what may have happened.
// npx tsx examples/transactions.ts

import { createWalletClient, publicActions } from 'viem'
// Users write: import { failover } from 'viem-lasso'
import { failover } from '../src/index'
import { account, chain, receiver, startNodes } from './nodes'

await using nodes = await startNodes(2)
const [publicUrl, privateUrl] = nodes.urls
const [publicProxy, privateProxy] = nodes.proxies
const transfer = { to: receiver, value: 1n }

// A private provider: the bytes of a transaction go there and nowhere else, whatever fails. Reads go to both.
const discreet = clientOf(
  failover([
    { id: 'public', http: publicUrl },
    { id: 'private', http: privateUrl, private: true },
  ]),
)
discreet.transport.on('attempt', ({ method, provider, outcome }) => {
  if (method === 'eth_sendRawTransaction') console.log(`  bytes to ${provider}: ${outcome}`)
})
const hash = await discreet.sendTransaction(transfer)
const receipt = await discreet.waitForTransactionReceipt({ hash })
console.log(`private: ${receipt.status} in block ${receipt.blockNumber}`)

// The provider takes the bytes and never answers: an error, but maybe not a failure.
const impatient = clientOf(
  failover(
    [
      { id: 'public', http: publicUrl },
      { id: 'private', http: privateUrl, private: true },
    ],
    { timeout: 1_000 },
  ),
)
const prepared = await impatient.prepareTransactionRequest(transfer)
const serializedTransaction = await impatient.signTransaction(prepared)
await privateProxy.set('take-and-hang')
try {
  await impatient.sendRawTransaction({ serializedTransaction })
} catch (error) {
  const { cause } = error as { cause?: unknown }
  const { mayHaveBeenSent, transactionHash } = { ...(cause as object), ...(error as object) } as SendFacts
  console.log(`no answer: mayHaveBeenSent ${mayHaveBeenSent}, look for ${transactionHash?.slice(0, 10)}...`)
}
await privateProxy.set('none')

// To all at once: the first that takes it is enough. Here the first one is down.
const loud = clientOf(failover(nodes.urls, { transactions: { broadcast: 'all' } }))
await publicProxy.set('refuse')
const broadcast = await loud.sendTransaction(transfer)
console.log(`broadcast: ${(await loud.waitForTransactionReceipt({ hash: broadcast })).status}`)

await Promise.all([discreet, impatient, loud].map(({ transport }) => transport.close()))

type SendFacts = { mayHaveBeenSent?: boolean; transactionHash?: string }

function clientOf(transport: ReturnType<typeof failover>) {
  return createWalletClient({ account, chain, transport, pollingInterval: 100 }).extend(publicActions)
}

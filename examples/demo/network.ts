// Three real nodes and what a network does for them: a node that missed transactions gets them from another one.
// Faults hit the first node; a killed one starts from nothing and catches up before it is reached again.

import type { Hash, Hex } from 'viem'
import type { FlakyProxy } from '../../test/support/flaky-proxy'
import { createFlakyProxy } from '../../test/support/flaky-proxy'
import { askNode, receiver, startNode } from '../nodes'

export type NodeFault = 'none' | 'killed' | 'hang' | 'html' | 'reset'
export type Head = { readonly number: Hex; readonly hash: Hash }

/** What the chain really holds, by hash and by place. */
export type Truth = { readonly heads: ReadonlySet<string>; readonly logs: ReadonlySet<string> }

export type Network = {
  /** One for each node, in order. */
  readonly endpoints: readonly { readonly http: string; readonly ws: string }[]
  /** Of the first node; `'none'` resolves once it has caught up and answers again. */
  set(fault: NodeFault): Promise<void>
  /** Of each node, asked past the proxies; waits until the slowest has what the others have. */
  heads(): Promise<readonly Head[]>
  balanceOf(address: Hex): Promise<bigint>
  truth(): Promise<Truth>
  close(): Promise<void>
}

/** Where the receiver is a contract: each payment is an event, with the amount as its topic. `LOG1(0, 0, CALLVALUE)` */
const receiverCode = '0x3460006000a100'
const passOnEvery = 200

export async function startNetwork(): Promise<Network> {
  const nodes = await Promise.all([startWithReceiver(), startWithReceiver(), startWithReceiver()])
  const urls = nodes.map(({ url }) => url)
  const proxies = await Promise.all(urls.map((url) => createFlakyProxy(url)))
  const [firstUrl = '', donorUrl = ''] = urls
  let isFirstUp = true
  let passing: Promise<unknown> = Promise.resolve()
  // The nodes do not know each other: this is their network, as slow as a real one.
  const timer = setInterval(() => {
    passing = passing.then(passOn).catch(() => {}) // a node that was killed while it was asked
  }, passOnEvery)

  async function passOn() {
    if (isFirstUp) await catchUp(firstUrl, donorUrl)
    await catchUp(urls[2] ?? '', donorUrl)
  }

  async function kill() {
    isFirstUp = false
    await (proxies[0] as FlakyProxy).set('refuse')
    await nodes[0]?.kill()
  }

  async function restore() {
    if (!isFirstUp) nodes[0] = await startWithReceiver(nodes[0]?.port)
    await catchUp(firstUrl, donorUrl)
    isFirstUp = true
    await (proxies[0] as FlakyProxy).set('none')
  }

  return {
    endpoints: proxies.map(({ url, wsUrl }) => ({ http: url, ws: wsUrl })),
    async set(fault) {
      if (fault === 'killed') await kill()
      else if (fault === 'none') await restore()
      else await (proxies[0] as FlakyProxy).set(fault)
    },
    async heads() {
      await passing
      await passOn()
      return Promise.all(urls.map((url) => askNode<Head>(url, 'eth_getBlockByNumber', ['latest', false])))
    },
    balanceOf: async (address) => BigInt(await askNode<Hex>(donorUrl, 'eth_getBalance', [address, 'latest'])),
    async truth() {
      const height = Number(await askNode(donorUrl, 'eth_blockNumber'))
      const numbers = Array.from({ length: height }, (_, index) => `0x${(index + 1).toString(16)}`)
      const blocks = numbers.map((number) => askNode<Head>(donorUrl, 'eth_getBlockByNumber', [number, false]))
      const filter = { address: receiver, fromBlock: '0x1', toBlock: 'latest' }
      const logs = await askNode<{ blockHash: Hash; logIndex: Hex }[]>(donorUrl, 'eth_getLogs', [filter])
      return {
        heads: new Set((await Promise.all(blocks)).map(({ hash }) => hash)),
        logs: new Set(logs.map(({ blockHash, logIndex }) => `${blockHash} ${Number(logIndex)}`)),
      }
    },
    async close() {
      clearInterval(timer)
      await passing
      await Promise.all([...proxies, ...nodes].map((one) => one.close()))
    },
  }
}

/** @param port the one it had, to bring a node back */
async function startWithReceiver(port?: number) {
  const node = await startNode(port)
  await askNode(node.url, 'anvil_setCode', [receiver, receiverCode])
  return node
}

/** Hands the transactions of the missing blocks on, in order. */
async function catchUp(url: string, donorUrl: string) {
  const [own, best] = await Promise.all(
    [url, donorUrl].map(async (one) => Number(await askNode(one, 'eth_blockNumber'))),
  )
  for (let height = (own as number) + 1; height <= (best as number); height++) {
    const args = [`0x${height.toString(16)}`, false]
    const { transactions } = await askNode<{ transactions: Hash[] }>(donorUrl, 'eth_getBlockByNumber', args)
    for (const hash of transactions) {
      const raw = await askNode<Hex>(donorUrl, 'eth_getRawTransactionByHash', [hash])
      // Refused if the client's own copy was there first.
      await askNode(url, 'eth_sendRawTransaction', [raw]).catch(() => {})
    }
  }
}

// The watchers of other clients, set up as their documentation says: for each client two of blocks and two of logs.

import { WebSocketProvider } from 'ethers'
import type { Hash, Transport } from 'viem'
import { createPublicClient, encodeEventTopics, fallback, http, webSocket } from 'viem'
import { WebSocket } from 'ws'
import { failover } from '../../src/index'
import type { EventPeer, EventPeerMaker } from '../support/event-watch'
import { createWatch, failoverWatchers, fastChain, token, transferEvent } from '../support/event-watch'

/** How often clients poll (in ms): twice a block, as polling less often would make them silent for longer. */
const pollingInterval = 50

/** viem reconnects sooner and more often than by default (after 2 s, 5 times), with which it would lose more. */
const socketOptions = { reconnect: { attempts: 1_000, delay: 100 } }

export const eventPeers: readonly EventPeerMaker[] = [
  failoverWatchers(),
  {
    name: 'failover of HTTP, polling',
    start: ({ providers }) => watchWithViem(failover(providers.map(({ url }) => url))),
  },
  {
    name: 'viem webSocket',
    start: ({ providers: [first] }) => watchWithViem(webSocket(first?.wsUrl, socketOptions)),
  },
  {
    name: 'viem fallback of sockets',
    start: ({ providers }) => watchWithViem(fallback(providers.map(({ wsUrl }) => webSocket(wsUrl, socketOptions)))),
  },
  {
    name: 'viem fallback of HTTP, polling',
    start: ({ providers }) => watchWithViem(fallback(providers.map(({ url }) => http(url)))),
  },
  {
    name: 'ethers WebSocketProvider',
    start({ providers: [first], chain }) {
      const socket = new WebSocket(first?.wsUrl as string)
      const errors: unknown[] = []
      socket.on('error', (error) => void errors.push(error)) // or the process ends
      // The types ask for a browser's socket, but any socket works.
      const provider = new WebSocketProvider(socket as never, fastChain.id, { staticNetwork: true })
      const heads = [createWatch('block', 'heads'), createWatch('block', 'heads')]
      const logs = [createWatch('address', 'logs'), createWatch('address and topic', 'logs')]
      for (const pen of heads) {
        void provider.on('block', (number: number) => {
          const { hash, parentHash } = chain.block(number) ?? {}
          pen.head({ number, hash: hash ?? null, parentHash })
        })
      }
      const filters = [{ address: token }, { address: token, topics: topicsOf() }]
      for (const [i, filter] of filters.entries()) {
        void provider.on(filter, (log) =>
          logs[i]?.log({ ...log, logIndex: log.index, blockHash: log.blockHash as Hash }),
        )
      }
      const close = async () => void (await provider.destroy().catch(() => {})) // its socket may be gone
      return { watches: [...heads, ...logs], errors, close }
    },
  },
]

function watchWithViem(transport: Transport): EventPeer {
  const client = createPublicClient({ chain: fastChain, transport, pollingInterval })
  const heads = [createWatch('watchBlocks', 'heads'), createWatch('watchBlocks', 'heads')]
  const logs = [createWatch('watchEvent', 'logs'), createWatch('watchEvent, any', 'logs')]
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const [typed, any] = logs
  const stops = [
    ...heads.map((pen) => client.watchBlocks({ emitMissed: true, onBlock: pen.head, onError })),
    client.watchEvent({ address: token, event: transferEvent, onLogs: (list) => list.forEach(typed!.log), onError }),
    client.watchEvent({ address: token, onLogs: (list) => list.forEach(any!.log), onError }),
  ]
  const close = async () => {
    for (const stop of stops) stop()
  }
  return { watches: [...heads, ...logs], errors, close }
}

function topicsOf() {
  return encodeEventTopics({ abi: [transferEvent] }) as string[]
}

// The watchers of any client behind one small interface, which records what each was told. And the four of `failover` itself:
// raw heads, the iterator of heads, viem's `watchEvent`, raw logs.

import type { Address, Hash } from 'viem'
import { createPublicClient, parseAbiItem } from 'viem'
import { mainnet } from 'viem/chains'
import type { FailoverOptions } from '../../src'
import { failover } from '../../src'
import type { Chain } from './chain'
import { tokenA } from './chain-block'
import type { Sighting } from './event-verdict'
import type { FleetProvider } from './fleet-provider'

/** Time between two blocks of the fleet's chain (in ms). */
export const blockTime = 100
export const fastChain = { ...mainnet, blockTime }

/** The token whose transfers all log watchers watch. */
export const token: Address = tokenA
export const transferEvent = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)')

export type Watch = { readonly name: string; readonly kind: 'heads' | 'logs'; readonly sightings: readonly Sighting[] }

export type EventPeer = {
  readonly watches: readonly Watch[]
  /** Errors that the watchers were told. */
  readonly errors: readonly unknown[]
  /** Ends the watchers and their client. */
  close(): Promise<void>
}

export type EventPeerMaker = { readonly name: string; start(setting: EventSetting): EventPeer }

export type EventSetting = {
  readonly providers: readonly Pick<FleetProvider, 'id' | 'url' | 'wsUrl'>[]
  /** The chain, to look up heads for clients that tell only numbers. */
  readonly chain: Chain
}

/** A watch that can be written to: takes heads and logs as nodes, viem and ethers print them. */
export type Pen = Watch & {
  head(head: { number: Quantity; hash: Hash | null; parentHash?: Hash | undefined } | undefined | null): void
  log(log: { blockNumber: Quantity; blockHash: Hash | null; logIndex: Quantity; removed?: boolean | undefined }): void
  notice(notice: { from?: Quantity | undefined; to?: Quantity | undefined }): void
}
type Quantity = string | number | bigint | null

export function createWatch(name: string, kind: Watch['kind']): Pen {
  const sightings: Sighting[] = []
  const now = () => performance.now()
  return {
    name,
    kind,
    sightings,
    head(head) {
      // viem shows `undefined` for a block that its provider does not have.
      if (!head?.hash) return
      const { number, hash, parentHash } = head
      sightings.push({ type: 'head', at: now(), number: Number(number), hash, parentHash })
    },
    log({ blockNumber, blockHash, logIndex, removed = false }) {
      if (!blockHash) return
      const place = { blockNumber: Number(blockNumber), blockHash, logIndex: Number(logIndex) }
      sightings.push({ type: 'log', at: now(), ...place, removed })
    },
    notice({ from, to }) {
      const bounds = { from: from == null ? undefined : Number(from), to: to == null ? undefined : Number(to) }
      sightings.push({ type: 'late', at: now(), ...bounds })
    },
  }
}

export function failoverWatchers(options: FailoverOptions = {}): EventPeerMaker {
  return {
    name: 'failover',
    start({ providers }) {
      const transport = failover(
        providers.map(({ id, url, wsUrl }) => ({ id, http: url, ws: wsUrl })),
        options,
      )
      const client = createPublicClient({ chain: fastChain, transport })
      const { transport: streams } = client
      const [raw, iterated] = [createWatch('subscribe', 'heads'), createWatch('heads()', 'heads')]
      const [events, logs] = [createWatch('watchEvent', 'logs'), createWatch('subscribe', 'logs')]
      const errors: unknown[] = []
      const onError = (error: unknown) => void errors.push(error)
      const abort = new AbortController()

      async function iterate() {
        for await (const head of streams.heads({ signal: abort.signal })) iterated.head(head)
      }

      streams.on('gap', (gap) => {
        if (gap.late) for (const pen of [events, logs]) pen.notice(gap)
      })
      const onHead = (data: any) => raw.head(data.result)
      const onLog = (data: any) => logs.log(data.result)
      streams.subscribe({ params: ['newHeads'], onData: onHead, onError }).catch(onError)
      iterate().catch(onError)
      const unwatch = client.watchEvent({
        address: token,
        event: transferEvent,
        onLogs: (list) => list.forEach(events.log),
        onError,
      })
      streams.subscribe({ params: ['logs', { address: token }], onData: onLog, onError }).catch(onError)
      return {
        watches: [raw, iterated, events, logs],
        errors,
        async close() {
          abort.abort()
          unwatch()
          await streams.close()
        },
      }
    },
  }
}

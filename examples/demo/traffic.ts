// What an application does all day, through one viem client: reads at a steady pace, and a transaction with its receipt
// about every second. Counts what became of them.

import type { PublicActions, WalletActions } from 'viem'
import { createWalletClient, publicActions } from 'viem'
// Users write: import { failover } from 'viem-lasso'
import { failover } from '../../src/index'
import { account, chain, receiver } from '../nodes'
import type { Network } from './network'

export type Counts = {
  readonly calls: number
  readonly failed: number
  /** Transactions whose receipt was read. */
  readonly mined: number
  /** How long the reads took (in ms). */
  readonly times: readonly number[]
  readonly firstError: unknown
}

export type Client = ReturnType<typeof createClient>

export type Traffic = {
  counts(): Counts
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>
}

const readEvery = 50
const pauseBetweenSends = 700
/** The precompile that gives back what it gets. */
const echo = '0x0000000000000000000000000000000000000004'

export function createClient(endpoints: Network['endpoints']) {
  const transport = failover(
    endpoints.map(({ http, ws }, index) => ({ id: `node-${index + 1}`, http, ws })),
    {
      transactions: { broadcast: 'all' },
      // A demo is short: breakers look again sooner than by default (2 s, up to 60 s).
      breaker: { openFor: 500, maxOpenFor: 2_000 },
    },
  )
  return createWalletClient({ account, chain, transport, pollingInterval: 100 }).extend(publicActions)
}

export function startTraffic(
  client: PublicActions & Pick<WalletActions<typeof chain, typeof account>, 'sendTransaction'>,
): Traffic {
  const underWay = new Set<Promise<void>>()
  const times: number[] = []
  let isStopped = false
  let calls = 0
  let failed = 0
  let mined = 0
  let firstError: unknown
  let turn = 0

  const reads = [
    () => client.getBlockNumber({ cacheTime: 0 }),
    () => client.getBalance({ address: receiver }),
    async () => {
      const data = `0x${(turn + 4_096).toString(16)}` as const
      const answer = await client.call({ to: echo, data })
      if (answer.data !== data) throw new Error(`the echo of ${data} is ${answer.data}`)
    },
  ]

  async function count<value>(call: () => Promise<value>): Promise<value | undefined> {
    calls++
    try {
      return await call()
    } catch (error) {
      failed++
      firstError ??= error
      return undefined
    }
  }

  async function read() {
    const from = performance.now()
    await count(reads[turn++ % reads.length] as () => Promise<unknown>)
    times.push(performance.now() - from)
  }

  async function send() {
    const hash = await count(() => client.sendTransaction({ to: receiver, value: 1n }))
    if (!hash) return
    const receipt = await count(() => client.waitForTransactionReceipt({ hash }))
    if (receipt?.status === 'success') mined++
  }

  function launch(work: () => Promise<void>) {
    const one = work().finally(() => underWay.delete(one))
    underWay.add(one)
    return one
  }

  const timer = setInterval(() => void launch(read), readEvery)
  const sending = (async () => {
    while (!isStopped) {
      await launch(send)
      await new Promise((resolve) => setTimeout(resolve, pauseBetweenSends))
    }
  })()

  return {
    counts: () => ({ calls, failed, mined, times: [...times], firstError }),
    async stop() {
      isStopped = true
      clearInterval(timer)
      await sending
      await Promise.all(underWay)
    },
  }
}

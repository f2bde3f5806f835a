// The bench of size: many subscribers on one key, many keys on one socket, an hour of blocks, many calls over one socket.

import type { Address, Hex } from 'viem'
import { createPublicClient, pad, toHex, webSocket } from 'viem'
import { failover } from '../../src/index'
import { forgetHashes, transferTopic } from '../support/chain-block'
import { fastChain, token } from '../support/event-watch'
import { collectGarbage, firstLineOf, formatNumber, median, tableOf } from './measure'
import type { ReplayProvider } from './replay-provider'
import { createReplayProvider } from './replay-provider'

/** A measurement as a row of the table, and a sentence for each limit that it missed. */
type Finding = { readonly row: readonly [what: string, measured: string, limit: string]; readonly problems: string[] }

type Push = { readonly subscription: string; readonly result: { readonly number?: Hex; readonly address?: Address } }

/** A part of the bench that takes longer than this has failed (in ms). */
const longest = 60_000

/** Prints the table. Returns a sentence for each limit that was missed. */
export async function benchFanOut(): Promise<string[]> {
  console.log(`## Many subscribers, many filters, many blocks, many calls

One loopback socket; its provider lives in the same process and keeps hardly anything.
`)
  const findings: Finding[] = []
  for (const find of [findFanOut, findFilters, findHeap, findThroughput]) {
    const finding = await find().catch((error): Finding => {
      const said = firstLineOf(error)
      return { row: [find.name.slice('find'.length), said, ''], problems: [`${find.name}: ${said}`] }
    })
    findings.push(finding)
    process.stderr.write(`${finding.row.join(' | ')}\n`)
  }
  const rows = findings.map(({ row }) => row)
  console.log(`${tableOf(['what', 'measured', 'limit'], rows)}\n`)
  return findings.flatMap(({ problems }) => problems)
}

async function findFanOut(): Promise<Finding> {
  const [subscribers, blocks] = [10_000, 50]
  let upstream = 0
  /** The work for all blocks (in us). @param count of subscribers. @param calls functions that each of them calls */
  const timeOf = async (count: number, calls: number) => {
    await using stage = await createStage(noLogs)
    const { provider, client } = stage
    const delivered = createTally()
    const all = count * calls
    const listeners = listenersOf(all, delivered.add)
    const callAll = (data: unknown) => {
      for (const listener of listeners) listener(data)
    }
    const subscribed = calls === 1 ? listeners : [callAll]
    await Promise.all(subscribed.map((onData) => client.transport.subscribe({ params: ['newHeads'], onData })))
    const replay = async (blocks: number) => {
      for (let block = 1; block <= blocks; block++) {
        await provider.push()
        await delivered.until(delivered.count + all - (delivered.count % all))
      }
    }
    await replay(blocks)
    collectGarbage()
    const work = startWork()
    await replay(blocks)
    upstream = provider.subscriptions
    return work.end()
  }
  const own: number[] = []
  const plain: number[] = []
  for (let run = 0; run < 5; run++) {
    const alone = await timeOf(1, 1)
    const costOf = (time: number) => (time - alone) / (blocks * (subscribers - 1))
    own.push(costOf(await timeOf(subscribers, 1)))
    plain.push(costOf(await timeOf(1, subscribers)))
  }
  const [ours, loop] = [median(own), median(plain)]
  const ratio = ours / loop
  const told = `${(ours * 1_000).toFixed(1)} ns a delivery, a call in a loop ${(loop * 1_000).toFixed(1)}: ${ratio.toFixed(2)}x`
  return {
    row: [
      `${formatNumber(subscribers)} subscribers on one key`,
      `${upstream} upstream subscription(s); ${told}`,
      '1; 2x',
    ],
    problems: [
      ...(upstream === 1 ? [] : [`fan-out: ${upstream} upstream subscriptions, limit 1`]),
      ...(ratio <= 2 ? [] : [`fan-out: a delivery costs ${ratio.toFixed(2)} times a call in a loop, limit 2`]),
    ],
  }
}

/** Listeners that each remember something of their own: the last height that they were told. */
function listenersOf(count: number, onCall: () => void) {
  const listeners = Array.from({ length: count }, () => {
    let height = 0
    return (data: unknown) => {
      const told = Number((data as Push).result.number)
      if (told < height) throw new Error(`${told} after ${height}`)
      height = told
      onCall()
    }
  })
  // Collected now, they lie together in memory. Scattered by later work, their own time would be what is measured.
  collectGarbage()
  return listeners
}

async function findFilters(): Promise<Finding> {
  const [filters, blocks] = [1_000, 20]
  const addresses = Array.from({ length: filters }, (_, i) => pad(toHex(i + 1), { size: 20 }))
  await using stage = await createStage(() => addresses.map((address) => ({ address, topics: [] })))
  const { provider, client } = stage
  const delivered = createTally()
  const wrong: string[] = []
  const from = performance.now()
  await Promise.all(
    addresses.map((address) =>
      client.transport.subscribe({
        params: ['logs', { address }],
        onData(data) {
          const { result } = data as Push
          if (result.address !== address) wrong.push(`${result.address} at ${address}`)
          delivered.add()
        },
      }),
    ),
  )
  const subscribed = performance.now() - from
  const { sockets, subscriptions } = provider
  const start = performance.now()
  for (let block = 0; block < blocks; block++) await provider.push()
  await delivered.until(filters * blocks)
  const cost = ((performance.now() - start) * 1_000) / (filters * blocks)
  const extra = delivered.count - filters * blocks + wrong.length
  const told = `${sockets} socket(s), live after ${formatNumber(subscribed)} ms; ${formatNumber(cost)} us a log`
  return {
    row: [`${formatNumber(filters)} distinct log filters`, `${told}; ${extra} wrong or doubled`, '1; 0 wrong'],
    problems: [
      ...(sockets === 1 ? [] : [`filters: ${sockets} sockets, limit 1`]),
      ...(subscriptions === filters ? [] : [`filters: ${subscriptions} upstream subscriptions, limit ${filters}`]),
      ...(extra === 0 ? [] : [`filters: ${extra} logs wrong or doubled`]),
    ],
  }
}

async function findHeap(): Promise<Finding> {
  const [blocks, limit] = [14_400, 5]
  const topics = [transferTopic, pad('0x01'), pad('0x02')] as const
  await using stage = await createStage((number) =>
    Array.from({ length: 3 }, () => ({ address: token, topics, data: pad(toHex(number)) })),
  )
  const { provider, client } = stage
  const [heads, logs] = [createTally(), createTally()]
  let [last, disordered] = [0, 0]
  await client.transport.subscribe({
    params: ['newHeads'],
    onData(data) {
      const { result } = data as Push
      const number = Number(result.number)
      if (last > 0 && number !== last + 1) disordered++
      last = number
      heads.add()
    },
  })
  await client.transport.subscribe({
    params: ['logs', { address: token }],
    onData: logs.add,
  })
  const from = performance.now()
  let early = 0
  for (let block = 1; block <= blocks; block++) {
    await provider.push()
    if (block % 100 === 0) await Promise.all([heads.until(block), logs.until(3 * (block - 1))])
    if (block === blocks / 10) early = heapInUse()
  }
  await logs.until(3 * blocks)
  const growth = heapInUse() - early
  const perSecond = (blocks * 1_000) / (performance.now() - from)
  const extra = heads.count - blocks + (logs.count - 3 * blocks) + disordered
  const told = `${growth.toFixed(1)} MB more heap than after a tenth; ${formatNumber(perSecond)} blocks a second`
  return {
    row: [
      `an hour of 250 ms blocks: ${formatNumber(blocks)}`,
      `${told}; ${extra} misplaced`,
      `${limit} MB; 0 misplaced`,
    ],
    problems: [
      ...(growth <= limit ? [] : [`heap: ${growth.toFixed(1)} MB more after ${blocks} blocks, limit ${limit}`]),
      ...(extra === 0 ? [] : [`heap: ${extra} heads or logs doubled or out of order`]),
    ],
  }
}

async function findThroughput(): Promise<Finding> {
  const [calls, concurrency, limit] = [20_000, 64, 0.9]
  await using stage = await createStage(noLogs)
  const { provider, client } = stage
  const viem = createPublicClient({ chain: fastChain, transport: webSocket(provider.wsUrl) })
  let count = 0
  /** Calls per second. Each is for another account, so that no answer comes from memory. */
  const rateOf = async ({ request }: Pick<typeof viem, 'request'>, calls: number) => {
    collectGarbage()
    const from = performance.now()
    const caller = async () => {
      for (let call = 0; call < calls / concurrency; call++)
        await request({ method: 'eth_getBalance', params: [pad(toHex(++count), { size: 20 }), 'latest'] })
    }
    await Promise.all(Array.from({ length: concurrency }, caller))
    return (calls * 1_000) / (performance.now() - from)
  }
  const clients = [client as Pick<typeof viem, 'request'>, viem]
  const rates: [number[], number[]] = [[], []]
  for (const one of clients) await rateOf(one, calls / 4)
  // The two alternate, so that a busy moment of the machine slows both.
  for (let run = 0; run < 7; run++)
    for (const [index, one] of clients.entries()) rates[index]?.push(await rateOf(one, calls))
  const [ours, theirs] = [median(rates[0]), median(rates[1])]
  const ratio = median(rates[0].map((rate, run) => rate / (rates[1][run] as number)))
  const told = `${formatNumber(ours)} calls a second, viem webSocket ${formatNumber(theirs)}: ${ratio.toFixed(2)}`
  return {
    row: [`calls over one socket, ${concurrency} in flight`, told, `${limit}`],
    problems: ratio >= limit ? [] : [`throughput: ${ratio.toFixed(2)} of viem's webSocket, limit ${limit}`],
  }
}

/** Measures the work of this process from now on (in us). The time of other processes on a busy machine does not count. */
function startWork() {
  const from = process.cpuUsage()
  return {
    end() {
      const { user, system } = process.cpuUsage(from)
      return user + system
    },
  }
}

/** The heap in use after a collection (in MB). */
function heapInUse() {
  forgetHashes()
  collectGarbage()
  return process.memoryUsage().heapUsed / 1_000_000
}

const noLogs = () => []

async function createStage(logsOf: Parameters<typeof createReplayProvider>[0]) {
  const provider: ReplayProvider = await createReplayProvider(logsOf)
  const client = createPublicClient({ chain: fastChain, transport: failover([provider.wsUrl]) })
  return {
    provider,
    client,
    async [Symbol.asyncDispose]() {
      await client.transport.close()
      provider.close()
    },
  }
}

/** A counter with a promise for a given count. */
function createTally() {
  let count = 0
  let wanted = Infinity
  let wake = () => {}
  return {
    get count() {
      return count
    },
    add() {
      if (++count >= wanted) wake()
    },
    until(enough: number): Promise<void> {
      if (count >= enough) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`only ${count} of ${enough} delivered`)), longest)
        wanted = enough
        wake = () => {
          wanted = Infinity
          clearTimeout(timer)
          resolve()
        }
      })
    },
  }
}

// `npm run demo`: a viem client keeps reading and sending while its first node is killed, hangs, talks nonsense and comes
// back. A live table in a terminal, lines elsewhere. Ends with 1 if a call failed or a transaction is missing or doubled.

import { setTimeout as wait } from 'node:timers/promises'
import { receiver } from '../nodes'
import { createLines } from './lines'
import type { Head, Network } from './network'
import { startNetwork } from './network'
import { scenes } from './scenario'
import { createScreen } from './screen'
import type { Client, Counts } from './traffic'
import { createClient, startTraffic } from './traffic'
import type { View } from './view'
import { momentOf, timesOf } from './view'

const isScreen = process.stdout.isTTY === true && !process.env.CI
const redrawEvery = 100

const network = await startNetwork()
const client = createClient(network.urls)
const view = isScreen ? createScreen() : createLines()
const counts = await play(network, client, view)
const [heads, received] = [await network.heads(), await network.balanceOf(receiver)]
const isRight = verdictOf(counts, heads, received)
view.close(summaryOf(counts, heads, received))
await client.transport.close()
await network.close()
process.exitCode = isRight ? 0 : 1

async function play({ set }: Network, { transport }: Client, { begin, note, tick, end }: View): Promise<Counts> {
  transport.on('breaker', ({ provider, from, to }) => {
    const text = {
      closed: 'its breaker closes',
      open: from === 'closed' ? 'its breaker opens' : 'a probe brought no answer',
    }
    if (to !== 'half-open') note(`${provider}: ${text[to]}`)
  })
  const traffic = startTraffic(client)
  const timer = setInterval(() => tick(momentOf(client, traffic.counts())), redrawEvery)
  for (const [index, { fault, duration }] of scenes.entries()) {
    if (index > 0) await set(fault)
    begin(index)
    await wait((isScreen ? duration.screen : duration.lines) * 1_000)
    end(momentOf(client, traffic.counts()))
  }
  clearInterval(timer)
  await traffic.stop()
  tick(momentOf(client, traffic.counts()))
  return traffic.counts()
}

/** No call failed, each transaction arrived once, and the nodes agree on every block. */
function verdictOf({ failed, mined }: Counts, heads: readonly Head[], received: bigint) {
  return failed === 0 && received === BigInt(mined) && new Set(heads.map(({ hash }) => hash)).size === 1
}

function summaryOf({ calls, failed, mined, times, firstError }: Counts, heads: readonly Head[], received: bigint) {
  const { p50, p99 } = timesOf(times)
  const shown = heads.map(({ number, hash }) => `${Number(number)} ${hash.slice(0, 10)}`)
  const isSame = new Set(shown).size === 1
  return [
    `${calls} calls, ${failed} failed; reads p50 ${p50}, p99 ${p99}.`,
    `${mined} transactions sent and mined; the receiver got ${received}${received === BigInt(mined) ? ': none lost, none doubled' : ''}.`,
    `Head of ${isSame ? `all three nodes: ${shown[0]}` : `the nodes: ${shown.join(', ')}`}`,
    ...(firstError === undefined ? [] : [`First failure: ${String(firstError)}`]),
  ]
}

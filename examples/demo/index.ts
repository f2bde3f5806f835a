// `npm run demo`: a viem client keeps reading, sending and watching while its first node is killed, hangs, talks nonsense and
// comes back. A live table in a terminal, lines elsewhere. Ends with 1 if a call failed, or a transaction, a block or an event
// is missing or doubled.

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
import { formatTally, momentOf, timesOf } from './view'
import type { Watch, Watched } from './watch'
import { startWatch } from './watch'

const isScreen = process.stdout.isTTY === true && !process.env.CI
const redrawEvery = 100

const network = await startNetwork()
const client = createClient(network.endpoints)
const view = isScreen ? createScreen() : createLines()
const watch = startWatch(client)
await watch.live
const counts = await play(network, client, watch, view)
const [heads, received] = [await network.heads(), await network.balanceOf(receiver)]
const watched = await watch.compare(await network.truth())
watch.stop()
const isRight = verdictOf(counts, heads, received, watched)
view.close(summaryOf(counts, heads, received, watched))
await client.transport.close()
await network.close()
process.exitCode = isRight ? 0 : 1

async function play({ set }: Network, client: Client, watch: Watch, { begin, note, tick, end }: View): Promise<Counts> {
  client.transport.on('breaker', ({ provider, channel, from, to }) => {
    const text = {
      closed: 'its breaker closes',
      open: from === 'closed' ? 'its breaker opens' : 'a probe brought no answer',
    }
    if (to !== 'half-open') note(`${provider} (${channel}): ${text[to]}`)
  })
  const traffic = startTraffic(client)
  const moment = () => momentOf(client, traffic.counts(), watch.now())
  const timer = setInterval(() => tick(moment()), redrawEvery)
  for (const [index, { fault, duration }] of scenes.entries()) {
    if (index > 0) await set(fault)
    begin(index)
    await wait((isScreen ? duration.screen : duration.lines) * 1_000)
    end(moment())
  }
  clearInterval(timer)
  await traffic.stop()
  tick(moment())
  return traffic.counts()
}

/** No call failed, each transaction arrived once, the nodes agree on every block, and the watchers saw all of it once. */
function verdictOf({ failed, mined }: Counts, heads: readonly Head[], received: bigint, { blocks, events }: Watched) {
  const mistakes = failed + blocks.lost + blocks.doubled + events.lost + events.doubled
  return mistakes === 0 && received === BigInt(mined) && new Set(heads.map(({ hash }) => hash)).size === 1
}

function summaryOf(counts: Counts, heads: readonly Head[], received: bigint, { blocks, events }: Watched) {
  const { calls, failed, mined, times, firstError } = counts
  const { p50, p99 } = timesOf(times)
  const shown = heads.map(({ number, hash }) => `${Number(number)} ${hash.slice(0, 10)}`)
  const isSame = new Set(shown).size === 1
  return [
    `${calls} calls, ${failed} failed; reads p50 ${p50}, p99 ${p99}.`,
    `${mined} transactions sent and mined; the receiver got ${received}${received === BigInt(mined) ? ': none lost, none doubled' : ''}.`,
    `Blocks: ${formatTally(blocks)}. Events: ${formatTally(events)}.`,
    `Head of ${isSame ? `all three nodes: ${shown[0]}` : `the nodes: ${shown.join(', ')}`}`,
    ...(firstError === undefined ? [] : [`First failure: ${String(firstError)}`]),
  ]
}

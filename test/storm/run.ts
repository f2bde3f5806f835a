// Plays a storm, heals everything, lets all callers and watchers finish, closes the engine, and reports the rules that were
// broken.

import { startMiner } from '../support/miner'
import { createCalls } from './calls'
import { breakerProblems, innocenceProblems, sleepProblems } from './check-breakers'
import { budgetProblems } from './check-budgets'
import { eventProblems } from './check-events'
import { closedProblems, idleProblems } from './check-left'
import { privacyProblems } from './check-privacy'
import { promiseProblems } from './check-promises'
import { isRead, readerProblems } from './check-readers'
import { retryProblems } from './check-retries'
import { revertProblems } from './check-reverts'
import { isTold, watcherProblems } from './check-streams'
import { successProblems } from './check-success'
import { truthProblems } from './check-truth'
import { wallProblems } from './check-walls'
import type { Fault } from './faults'
import type { Listener } from './listeners'
import { startListener } from './listeners'
import type { Poller } from './pollers'
import { startPoller } from './pollers'
import type { Reader } from './readers'
import { startReader } from './readers'
import type { Sleep } from './sleeper'
import type { Storm } from './storm'
import type { Watcher } from './watchers'
import { startWatcher } from './watchers'
import type { StormWorld } from './world'
import { createStormWorld } from './world'

export type Outcome = {
  /** What was wrong; each line begins with the name of the rule that was broken. */
  readonly problems: readonly string[]
  /** How much the storm has tried. */
  readonly counts: { readonly calls: number; readonly answered: number; readonly asked: number }
}

/** Blocks that are mined after everything is healed. */
const lastBlocks = 4
/** How long watchers have after that until they must have been told everything (in ms). */
const patience = 150_000
/** The same after a burst of blocks (in ms): a provider with a rate limit gives them one by one. */
const longPatience = 600_000
/** How often it is looked whether they have (in ms). */
const step = 2_000
/** How long after that a call may still be pending (in ms). */
const longestCall = 130_000
/** How long after that sockets and streams may linger (in ms). */
const lingers = 35_000

export async function runStorm(storm: Storm, tell?: ((text: string) => void) | undefined): Promise<Outcome> {
  const world = createStormWorld(storm, tell)
  const { clock, chain, providers, after, later, engine, gossip, note } = world
  const calls = createCalls(world)
  const watchers: Watcher[] = []
  const pollers: Poller[] = []
  const readers: Reader[] = []
  const listeners: Listener[] = []
  /** Delays of slow watchers end with the storm. */
  const whenBusy = (ms: number, run: () => void) => later(clock.now() < storm.duration ? ms : 0, run)
  const look = () => {
    for (const watcher of watchers) watcher.look()
  }
  if (tell) narrate(world)
  const stop = startMiner({ ...world, ...world.storm, onMined: look })
  for (const fault of storm.faults) after(fault.at, () => inflict(world, fault))
  for (const sleep of storm.sleeps) after(sleep.at, () => fallAsleep(world, sleep))
  for (const plan of storm.calls) later(plan.at, () => calls.start(plan))
  for (const [index, plan] of storm.watchers.entries())
    later(plan.from, () => {
      const watcher = startWatcher(world, plan, `${plan.kind} ${index}, ${plan.via}`, whenBusy)
      watchers.push(watcher)
      if (plan.to < Infinity) later(plan.to - plan.from, watcher.leave)
    })
  if (storm.listeners.length > 0 || storm.pollers.some(({ kind }) => kind === 'pending')) gossip.start(providers)
  for (const plan of storm.pollers) later(plan.from, () => pollers.push(startPoller(world, plan)))
  for (const from of storm.listeners) later(from, () => listeners.push(startListener(world, from)))
  for (const plan of storm.readers) later(plan.from, () => readers.push(startReader(world, plan)))
  const isCutShort = storm.closesAt !== undefined
  await clock.advance(storm.closesAt ?? storm.duration)
  let ownProblems: string[] = []
  if (!isCutShort) {
    note('ALL HEALED')
    for (const { troubles, chain: standpoint, plan } of providers) {
      troubles.clear()
      if (!plan.isForeign) standpoint.moveTo(chain)
    }
    await clock.advance(lastBlocks * storm.blockTime)
    stop()
    await finish(world, watchers, pollers, readers)
    ownProblems = watchers.flatMap((watcher) => watcherProblems(watcher, world))
    for (const poller of pollers) ownProblems.push(...poller.problems())
    for (const reader of readers) ownProblems.push(...readerProblems(reader, world, true))
    for (const listener of listeners) ownProblems.push(...listener.problems())
    for (const one of [...watchers, ...pollers, ...readers, ...listeners]) one.leave()
    gossip.stop()
    await clock.advance(calls.all.some(({ times }) => times === 0) ? longestCall : lingers)
    ownProblems.push(...idleProblems(world))
  }
  const closedAt = clock.now()
  const made = calls.all.length
  const polls = pollers.reduce((sum, { made }) => sum + made, 0)
  engine.close()
  gossip.stop()
  stop()
  await clock.settle()
  const left = closedProblems(world)
  for (const watcher of watchers) watcher.leave()
  if (isCutShort) for (const poller of pollers) poller.leave()
  if (isCutShort) for (const reader of readers) ownProblems.push(...readerProblems(reader, world, false))
  for (const reader of readers) reader.leave()
  await clock.advance(1_000)
  const facts = { world, calls: calls.all, made, closedAt, polls }
  const problems = [
    promiseProblems,
    truthProblems,
    successProblems,
    eventProblems,
    budgetProblems,
    retryProblems,
    revertProblems,
    breakerProblems,
    innocenceProblems,
    sleepProblems,
    privacyProblems,
    wallProblems,
  ]
  return {
    problems: [...problems.flatMap((find) => find(facts)), ...ownProblems, ...left],
    counts: {
      calls: calls.all.length,
      answered: calls.all.filter(({ times, error }) => times > 0 && error === undefined).length,
      asked: world.asked.length,
    },
  }
}

function narrate({ chain, engine, note }: StormWorld) {
  chain.onChange(() => note(`chain: ${chain.head.number} ${chain.head.hash.slice(0, 8)}`))
  for (const name of [
    'attempt',
    'subscription',
    'connection',
    'gap',
    'reorg',
    'breaker',
    'limit',
    'capability',
    'dispute',
  ] as const)
    engine.events.on(name, (event) => note(`${name}: ${JSON.stringify(event)}`))
}

function inflict({ chain, providers, after, note, clock, storm }: StormWorld, fault: Fault) {
  note(`FAULT ${JSON.stringify(fault)}`)
  if (fault.type === 'reorg') return void chain.reorg(fault.depth, { blocks: fault.blocks })
  if (fault.type === 'burst') return burst(fault)
  const provider = providers[fault.provider]
  // Providers on another chain have no faults: one that could not be asked for its chain may rightly be used.
  if (!provider || provider.plan.isForeign) return
  if (fault.type === 'cut') return provider.cut()
  if (fault.type === 'restart') return provider.restart()
  if (fault.type === 'ill') return void after(fault.lasts, provider.troubles.add(fault.trouble))
  const stale = chain.fork()
  stale.reorg(fault.depth)
  provider.chain.moveTo(stale)
  // Being on another branch counts as trouble, although the provider itself is well.
  const heal = provider.troubles.add({})
  const until = Math.min(storm.duration, fault.at + fault.lasts)
  const grow = () => {
    if (clock.now() >= until) {
      provider.chain.moveTo(chain)
      return heal()
    }
    stale.mine()
    after(2 * storm.blockTime, grow)
  }
  after(2 * storm.blockTime, grow)

  function burst({ blocks, every }: Fault & { type: 'burst' }) {
    for (let block = 1; block <= blocks; block++) after(block * every, () => void chain.mine())
  }
}

function fallAsleep({ sleeper, providers, note, after }: StormWorld, sleep: Sleep) {
  note(`ASLEEP ${JSON.stringify(sleep)}`)
  after(sleep.lasts, () => note('AWAKE'))
  if (sleep.isLid) for (const { lose } of providers) lose()
  sleeper.sleep(sleep)
}

/** Waits until all watchers, readers and pollers were told everything, but no longer than that may take. */
async function finish(
  world: StormWorld,
  watchers: readonly Watcher[],
  pollers: readonly Poller[],
  readers: readonly Reader[],
) {
  const { clock } = world
  const from = clock.now()
  const most = world.storm.faults.some(({ type }) => type === 'burst') ? longPatience : patience
  do {
    await clock.advance(step)
    for (const watcher of watchers) watcher.look()
  } while (
    clock.now() - from < most &&
    !(
      watchers.every((one) => isTold(one, world)) &&
      pollers.every((one) => one.isTold()) &&
      readers.every((one) => isRead(one, world))
    )
  )
}

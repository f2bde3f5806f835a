// Plays the schedule of a seed, heals everything, and says what is wrong: with what the watchers were told, and with what is
// left when they have gone.

import type { ChainBlock } from '../support/chain-block'
import { startMiner } from '../support/miner'
import type { Fault, Schedule } from './schedule'
import type { Watcher } from './watchers'
import { startWatcher } from './watchers'
import type { World } from './world'
import { createWorld } from './world'

export type Outcome = {
  /** Nothing of it should be. */
  readonly problems: readonly string[]
  readonly watchers: readonly Watcher[]
  /** From the last block to all being told (in ms). */
  readonly settledAfter: number
}

/** After everything is healed. */
const lastBlocks = 4
/** All in ms. The last frames of a stream may be lost: that is found out once a minute. */
const patience = 150_000
const step = 2_000
const linger = 2_000
const onTheWay = 2_000
const socketLinger = 5_000
const longestCall = 20_000

/** @param tell of each thing that happens, for whoever wants to understand one seed */
export async function runSimulation(schedule: Schedule, tell?: ((text: string) => void) | undefined): Promise<Outcome> {
  const world = createWorld(schedule, tell)
  const { clock, chain, after } = world
  if (tell) narrate(world)
  const watchers: Watcher[] = []
  const stop = startMiner({
    ...world,
    ...schedule,
    onMined() {
      for (const watcher of watchers) watcher.look()
    },
  })
  for (const fault of schedule.faults) after(fault.at, () => inflict(world, fault, schedule))
  for (const [index, plan] of schedule.watchers.entries()) {
    after(plan.from, () => {
      const watcher = startWatcher(world, plan, `${plan.kind} ${index}, ${plan.via}`)
      watchers.push(watcher)
      if (plan.to < Infinity) after(plan.to - plan.from, watcher.leave)
    })
  }
  await clock.advance(schedule.duration)
  world.note('ALL HEALED')
  for (const { ward, moveTo } of world.providers) {
    ward.clear()
    moveTo(chain)
  }
  await clock.advance(lastBlocks * schedule.blockTime)
  stop()
  const settledAfter = await settle(world, watchers)
  const problems = watchers.flatMap((watcher) => problemsOf(watcher, world))
  const left = schedule.ending === 'leave' ? await leave(world, watchers) : []
  return { problems: [...problems, ...left, ...(await close(world, watchers))], watchers, settledAfter }
}

function narrate({ chain, engine, note }: World) {
  chain.onChange(() => note(`chain: ${chain.head.number} ${chain.head.hash.slice(0, 8)}`))
  for (const name of ['subscription', 'connection', 'gap', 'reorg', 'breaker', 'failover'] as const)
    engine.events.on(name, (event) => note(`${name}: ${JSON.stringify(event)}`))
}

function inflict(world: World, fault: Fault, { blockTime, duration }: Schedule) {
  const { chain, providers, after, note } = world
  note(`FAULT ${JSON.stringify(fault)}`)
  if (fault.type === 'reorg') return void chain.reorg(fault.depth, { blocks: fault.blocks })
  const provider = providers[fault.provider]
  if (!provider) return
  if (fault.type === 'cut') return provider.cut()
  if (fault.type === 'ill') {
    const heal = provider.ward.add(fault.conditions)
    return void after(fault.lasts, heal)
  }
  const stale = chain.fork()
  stale.reorg(fault.depth)
  provider.moveTo(stale)
  const until = Math.min(duration, fault.at + fault.lasts)
  const grow = () => {
    if (world.clock.now() >= until) return provider.moveTo(chain)
    stale.mine()
    after(2 * blockTime, grow)
  }
  after(2 * blockTime, grow)
}

/** Until everybody was told of everything, or for as long as that may take. */
async function settle({ clock, chain }: World, watchers: readonly Watcher[]) {
  const from = clock.now()
  const isTold = (watcher: Watcher) =>
    watcher.hasLeft || (watcher.first !== undefined && watcher.judge(truthOf(watcher, chain)).lost === 0)
  do {
    await clock.advance(step)
    for (const watcher of watchers) watcher.look()
  } while (clock.now() - from < patience && !watchers.every(isTold))
  return clock.now() - from
}

function truthOf({ first = Infinity }: Watcher, chain: World['chain']) {
  const count = Math.max(0, chain.head.number - first + 1)
  const blocks = Array.from(
    { length: Number.isFinite(count) ? count : 0 },
    (_, index) => chain.block(first + index) as ChainBlock,
  )
  return { blocks, start: 0, end: 0 }
}

function problemsOf(watcher: Watcher, { chain }: World): string[] {
  const { name, first, hasLeft, gaps, errors } = watcher
  const problems: string[] = []
  if (first === undefined && !hasLeft) problems.push(`${name}: never live`)
  const { lost, doubled, ghosts, disordered } = watcher.judge(truthOf(watcher, chain))
  // Who has left early is owed no more.
  const counts = hasLeft ? { doubled, disordered } : { lost, doubled, ghosts, disordered }
  for (const [what, count] of Object.entries(counts)) if (count > 0) problems.push(`${name}: ${count} ${what}`)
  for (const { from, to, at } of gaps)
    if (first !== undefined && to >= first) problems.push(`${name}: a gap from ${from} to ${to} at ${at}`)
  for (const error of errors) problems.push(`${name}: ${(error as Error).message}`)
  return problems
}

async function leave({ clock, providers, timers }: World, watchers: readonly Watcher[]) {
  for (const watcher of watchers) watcher.leave()
  await clock.advance(linger + onTheWay)
  const problems = providers.flatMap(({ id, subscriptions }) =>
    subscriptions.length > 0 ? [`${id} has ${subscriptions.length} subscriptions left`] : [],
  )
  await clock.advance(socketLinger + longestCall)
  for (const { id, sockets, pending } of providers)
    if (sockets + pending > 0) problems.push(`${id} has ${sockets} sockets and ${pending} calls left`)
  for (const timer of timers()) problems.push(`a timer is left after all have left: ${timer}`)
  return problems
}

async function close({ clock, engine, providers, timers }: World, watchers: readonly Watcher[]) {
  engine.close()
  await clock.settle()
  const problems: string[] = []
  for (const { id, sockets, pending } of providers)
    if (sockets + pending > 0) problems.push(`${id} has ${sockets} sockets and ${pending} calls left after close`)
  for (const timer of timers()) problems.push(`a timer is left after close: ${timer}`)
  for (const watcher of watchers) watcher.leave()
  return problems
}

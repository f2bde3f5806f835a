// A simulated world: one model chain, providers over it, an engine that uses them, all on the manual clock. Nothing happens in
// it by itself; what is to happen is played in run.ts.

import type { Channel } from '../../src/channel/channel'
import type { WsChannel } from '../../src/channel/ws'
import { createWsChannel } from '../../src/channel/ws'
import type { Engine } from '../../src/engine'
import { createEngine } from '../../src/engine'
import type { Face } from '../../src/request/plan'
import { createPlanner } from '../../src/request/plan'
import type { ChannelType } from '../../src/types'
import type { Chain } from '../support/chain'
import { createChain } from '../support/chain'
import type { ManualClock } from '../support/manual-clock'
import { createManualClock } from '../support/manual-clock'
import { createPlatformClock } from '../support/platform-clock'
import { seededRandom } from '../support/seeded-random'
import { engineSettings, planSettings, providerSetup } from '../support/settings'
import type { SimProvider } from './provider'
import { createSimProvider } from './provider'
import type { Schedule } from './schedule'
import { logsOf } from './schedule'

export type World = {
  readonly clock: ManualClock
  readonly chain: Chain
  readonly providers: readonly SimProvider[]
  readonly engine: Engine
  readonly face: Face
  /** Runs it later (in ms). These timers are the world's own. */
  after(ms: number, run: () => void): () => void
  /** The timers of the engine that run: who started them, if anybody listens. */
  timers(): string[]
  random(): number
  /** For whoever plays a seed again: what happens, when. */
  note(text: string): void
}

const height = 100

export function createWorld(schedule: Schedule, tell?: ((text: string) => void) | undefined): World {
  const { seed, blockTime, hasBlooms, latency, canPing, verify } = schedule
  const clock = createManualClock()
  const random = seededRandom(seed ^ 0x5eed)
  const chain = createChain({ height, blockTime: blockTime / 1_000, logs: logsOf(schedule), hasBlooms })
  const own = createPlatformClock(clock, tell !== undefined)

  function after(ms: number, run: () => void) {
    return clock.after(ms, run).cancel
  }

  const draw = () => latency[0] + Math.floor(random() * (latency[1] - latency[0] + 1))
  const ways: readonly ChannelType[][] = schedule.providers.map((way) => (way === 'both' ? ['http', 'ws'] : [way]))
  const providers = ways.map((_, index) =>
    createSimProvider({
      id: `p${index + 1}`,
      chain,
      canPing,
      now: clock.now,
      after: (ms, run) => void after(ms, run),
      latency: draw,
      random,
    }),
  )

  function channelOf({ id, http, open }: SimProvider, type: ChannelType): Channel | WsChannel {
    if (type === 'http') return http
    const onSocket = (change: Parameters<Engine['onSocket']>[1]) => engine.onSocket(id, change)
    return createWsChannel({ url: `ws://${id}.test`, provider: id, clock: own, random, open, onSocket })
  }

  const sets = providers.map((provider, index) =>
    (ways[index] as ChannelType[]).map((type) => channelOf(provider, type)),
  )
  const channels = sets.flat()
  const planner = createPlanner({ ...planSettings, seesDepth: () => engine.limitsDepth() })
  const engine: Engine = createEngine({
    ...engineSettings,
    providers: ways.map((types, index) =>
      providerSetup(index, { channels: types, socket: sets[index]?.find(({ type }) => type === 'ws')?.socket }),
    ),
    chainId: 1,
    verify,
    planner,
    onClose() {
      for (const channel of channels) channel.close()
    },
    clock: own,
    random,
  })

  return {
    clock,
    chain,
    providers,
    engine,
    face: { channels, planner, pollingInterval: Math.min(4_000, Math.max(500, blockTime)) },
    after,
    timers: own.running,
    random,
    note: (text) => tell?.(`${clock.now().toFixed(1).padStart(10)}  ${text}`),
  }
}

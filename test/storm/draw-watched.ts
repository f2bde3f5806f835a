// A storm of which only the streams are checked: there are no calls, all providers push, faults are those that streams suffer
// from, and the chain may have any pace. Drawn from its seed. Pure.

import type { Draw } from './draw'
import { drawFrom } from './draw'
import type { Fault, Trouble } from './faults'
import { reorgOf } from './faults'
import type { ProviderPlan, Storm } from './storm'
import { filters } from './storm'
import type { WatcherPlan } from './watchers'

const settings: Storm['settings'] = {
  strategy: 'priority',
  hedgeBudget: 20,
  retryBudget: 20,
  rounds: undefined,
  share: true,
  broadcast: 'first',
  waitForProvider: true,
  verify: 'auto',
  mostFilled: { heads: 256, logs: 10_000 },
}

const plain: Omit<ProviderPlan, 'ways' | 'latency' | 'canPing'> = {
  isBackup: false,
  isPrivate: false,
  cost: 1,
  isForeign: false,
  archive: undefined,
  maxBlockRange: undefined,
  subscribes: true,
  refuses: [],
  lacks: [],
  rate: undefined,
  isDeclared: false,
  concurrency: undefined,
  canBatch: true,
}

export function drawWatched(seed: number): Storm {
  const draw = drawFrom(seed)
  const { chance, between, pick, times } = draw
  const blockTime = pick([100, 250, 500, 1_000, 2_000, 4_000, 12_000])
  const duration = Math.max(5_000, between(14, 30) * blockTime)
  const providers = drawProviders(draw)
  const faults = times(between(1, 8), () => drawFaults(draw, { blockTime, duration, providers })).flat()
  return {
    seed,
    blockTime,
    unevenness: pick([0, 0.2, 0.9]),
    hasBlooms: chance(0.85),
    duration,
    settings: { ...settings, verify: chance(0.9) ? 'auto' : 'strict' },
    providers,
    faults: faults.sort((a, b) => a.at - b.at),
    calls: [],
    watchers: drawWatchers(draw, duration, pick([0, 0, Math.ceil(blockTime / 3), Math.min(2 * blockTime, 3_000)])),
    pollers: [],
    listeners: [],
    readers: [],
    walls: [],
    sleeps: [],
    closesAt: chance(0.15) ? between(0, duration) : undefined,
  }
}

function drawProviders({ chance, pick }: Draw): ProviderPlan[] {
  const latency = pick([
    [1, 5],
    [1, 40],
    [20, 300],
    [1, 800],
  ] as const)
  const canPing = chance(0.7)
  const ways = pick([
    ['both', 'both', 'both'],
    ['both', 'both', 'both'],
    ['both', 'both'],
    ['both', 'ws', 'http'],
    ['http', 'both', 'both'],
    ['ws', 'ws', 'both'],
  ] as const)
  return ways.map((way) => ({ ...plain, ways: way, latency, canPing }))
}

function drawFaults(
  draw: Draw,
  { blockTime, duration, providers }: Pick<Storm, 'blockTime' | 'duration' | 'providers'>,
): Fault[] {
  const { chance, between, pick } = draw
  const at = between(0, duration)
  const provider = chance(0.6) ? 0 : between(0, providers.length - 1)
  const lasts = between(100, pick([1_000, 6_000, Math.max(6_000, 6 * blockTime), 20_000]))
  const everyone = providers.map((_, index) => index)
  const ill = (trouble: Partial<Trouble>, who = [provider]): Fault[] =>
    who.map((one) => ({ at, type: 'ill', provider: one, lasts, trouble }))
  const cut = (who = [provider]): Fault[] => who.map((one) => ({ at, type: 'cut', provider: one }))
  const reorg = (): Fault => ({ at: at + (chance(0.5) ? 0 : between(0, blockTime)), type: 'reorg', ...reorgOf(draw) })
  const frames = () => ({ dropped: pick([0, 0.15]), doubled: pick([0, 0.15]), swapped: pick([0, 0.15]) })
  const kinds: (() => Fault[])[] = [
    () => cut(),
    () => [...cut(), reorg()],
    () => [reorg()],
    () => [...ill({ handshakes: pick(['refused', 'hanging'] as const) }), ...cut()],
    () => [...ill({ handshakes: 'refused' }, everyone), ...cut(everyone)],
    () => ill({ silence: pick(['pushes', 'all'] as const) }),
    () => ill(frames(), chance(0.5) ? everyone : [provider]),
    () => ill({ http: pick(['refused', 'hanging', 'failing'] as const) }),
    () => ill({ lag: between(1, 8) }),
    () => [{ at, type: 'stale', provider, lasts, depth: between(1, 3) }, ...(chance(0.5) ? cut() : [])],
    () => [...ill({ subscribe: pick(['refused', 'unconfirmed'] as const) }), ...(chance(0.7) ? cut() : [])],
    () => [...ill({ http: pick(['refused', 'hanging'] as const), handshakes: 'refused' }, everyone), ...cut(everyone)],
    () => [...ill({ http: 'refused', handshakes: 'refused' }), ...cut()],
  ]
  return pick(kinds)()
}

function drawWatchers({ chance, between, pick, times }: Draw, duration: number, slow: number): WatcherPlan[] {
  const of = (kind: WatcherPlan['kind'], from: number, to: number): WatcherPlan => ({
    kind,
    via: chance(0.6) ? 'subscribe' : 'iterator',
    filter: pick(filters),
    from,
    to,
    pace: chance(0.3) ? slow : 0,
  })
  const first = pick([['heads', 'logs'], ['heads'], ['logs'], ['logs', 'heads', 'logs']] as const)
  const others = times(between(0, 4), () => {
    const from = between(0, duration)
    return of(chance(0.3) ? 'heads' : 'logs', from, chance(0.5) ? Infinity : from + between(0, duration))
  })
  return [...first.map((kind) => of(kind, 0, Infinity)), ...others]
}

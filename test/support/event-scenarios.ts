// The scenarios for watchers: what happens to three providers while their events are watched, and how long `failover` may be
// silent meanwhile. Times are counted in blocks of the chain. Knows no clients.

import type { Chain } from './chain'
import type { FleetProvider } from './fleet-provider'
import type { Behaviour, BehaviourScript } from './provider-behaviour'

export type Scenario = {
  readonly name: string
  /** Scripts of the three providers from the start on. @default healthy */
  readonly providers?: readonly [BehaviourScript, BehaviourScript, BehaviourScript] | undefined
  /** Whether the blooms of blocks are true; else they are zero. @default true */
  readonly hasBlooms?: boolean | undefined
  /** How long it may take until the watchers are told of a first block (in ms). Only later blocks count. @default 3_000 */
  readonly start?: number | undefined
  /** Plays what happens once the watchers are live. Ends when everything is healed, or will stay as it is. */
  play(stage: Stage): Promise<void>
  /** Longest silence that is allowed (in ms). */
  readonly silence: number
  /** Whether frames are dropped: then one log in a hundred may be late. @default false */
  readonly dropsFrames?: boolean | undefined
}

export type Stage = {
  readonly providers: readonly [FleetProvider, FleetProvider, FleetProvider]
  readonly chain: Chain
  /** Resolves when `count` more blocks were mined. */
  blocks(count: number): Promise<void>
  /** How many repetitions the scenario has: `full`, or `short` in a short run. */
  turns(full: number, short: number): number
}

/** How long a switch to another provider may take, with block time and joining (in ms). */
const switching = 300
/** The interval at which heads are polled where none are pushed (in ms). */
const polling = 500

const pushes = { methods: 'eth_subscription' } as const
const lossy: BehaviourScript = [
  { ...pushes, probability: 0.15, frames: 'drop' },
  { ...pushes, probability: 0.15, frames: 'double' },
]
const overtaking: Behaviour = { ...pushes, probability: 0.15, frames: 'swap' }
const noSockets: Behaviour = { methods: 'handshake', reset: 'after' }
const unsupported = { code: -32601, message: 'the method eth_subscribe does not exist/is not available' }
const junk = [
  'this is no JSON',
  '',
  'null',
  '42',
  '[]',
  '{}',
  '{"jsonrpc":"2.0","id":null,"result":true}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}',
  '{"jsonrpc":"2.0","id":987654321,"result":"0x1"}',
  '{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0xdead","result":{}}}',
  '{"jsonrpc":"2.0","method":"eth_subscription"}',
  '[{"jsonrpc":"2.0","id":1,"result":"0x1"}]',
  new Uint8Array([0, 255, 128, 7]),
] as const

export const scenarios: readonly Scenario[] = [
  { name: 'quiet', silence: switching, play: ({ blocks, turns }) => blocks(turns(40, 10)) },
  {
    name: 'socket killed 3 times in 6 s',
    silence: switching,
    async play({ providers: [p1], blocks, turns }) {
      for (let turn = 0; turn < 3; turn++) {
        await blocks(turns(15, 8))
        p1.sockets.cut()
      }
      await blocks(15)
    },
  },
  {
    name: 'first provider gone for good',
    silence: switching,
    async play({ providers: [p1], blocks, turns }) {
      await blocks(turns(18, 5))
      await p1.kill()
      await blocks(turns(42, 15))
    },
  },
  {
    name: 'silent with the socket open',
    silence: 3_000 + 500,
    async play({ providers: [p1], blocks, turns }) {
      await blocks(turns(13, 5))
      p1.behave({ channel: 'ws', hang: 'processed' })
      await blocks(turns(67, 45))
    },
  },
  {
    name: '15 % of frames dropped, 15 % doubled',
    providers: [lossy, lossy, lossy],
    dropsFrames: true,
    // Three frames in a row may be lost.
    silence: 300 + switching,
    async play({ providers, blocks, turns }) {
      await blocks(turns(60, 30))
      await heal(providers, blocks)
    },
  },
  {
    name: 'reorg of 3',
    silence: switching,
    async play({ chain, blocks }) {
      for (let turn = 0; turn < 2; turn++) {
        await blocks(10)
        chain.reorg(3)
      }
      await blocks(10)
    },
  },
  {
    name: 'socket killed during a reorg of 2',
    silence: switching,
    async play({ providers: [p1], chain, blocks, turns }) {
      for (let turn = 0; turn < turns(3, 2); turn++) {
        await blocks(10)
        p1.sockets.cut()
        chain.reorg(2)
      }
      await blocks(15)
    },
  },
  {
    name: 'all sockets gone, HTTP lives',
    silence: polling + switching,
    async play({ providers, blocks, turns }) {
      await blocks(turns(13, 5))
      loseSockets(providers)
      await blocks(turns(47, 25))
    },
  },
  {
    name: 'everything dark for 3 s',
    silence: 3_000 + 700,
    async play({ providers, blocks, turns }) {
      await blocks(turns(15, 5))
      await Promise.all(providers.map((provider) => provider.kill()))
      await blocks(30)
      await Promise.all(providers.map((provider) => provider.revive()))
      await blocks(20)
    },
  },
  {
    name: 'junk frames between good ones',
    silence: switching,
    async play({ providers, blocks, turns }) {
      for (let turn = 0; turn < turns(26, 13); turn++) {
        for (const provider of providers) provider.sockets.send(junk[turn % junk.length] as string | Uint8Array)
        await blocks(1)
      }
    },
  },
  {
    name: 'subscribe refused',
    providers: [{ methods: 'eth_subscribe', error: unsupported }, {}, {}],
    silence: switching,
    play: ({ blocks, turns }) => blocks(turns(30, 10)),
  },
  {
    name: 'subscribe never confirmed',
    providers: [{ methods: 'eth_subscribe', hang: true }, {}, {}],
    // Longer than the timeout of a call.
    start: 12_000,
    silence: switching,
    play: ({ blocks, turns }) => blocks(turns(30, 10)),
  },
  {
    name: 'provider on a stale branch',
    // On the stale branch, blocks come half as often.
    silence: 100 + switching,
    async play({ providers: [p1], chain, blocks, turns }) {
      await blocks(5)
      const stale = chain.fork()
      p1.moveTo(stale)
      chain.reorg(2, { blocks: 3 })
      for (let turn = 0; turn < 16; turn++) {
        await blocks(2)
        stale.mine()
        if (turn === 5) p1.sockets.cut()
      }
      p1.moveTo(chain)
      await blocks(turns(15, 10))
    },
  },
  {
    name: 'frames swapped',
    providers: [overtaking, overtaking, overtaking],
    silence: 100 + switching,
    async play({ providers, blocks, turns }) {
      await blocks(turns(60, 30))
      await heal(providers, blocks)
    },
  },
  {
    name: 'blooms all zero',
    hasBlooms: false,
    silence: polling + switching,
    async play({ providers, blocks, turns }) {
      await blocks(turns(10, 5))
      providers[0].sockets.cut()
      await blocks(turns(15, 10))
      loseSockets(providers)
      await blocks(turns(20, 15))
      await heal(providers, blocks)
      await blocks(turns(25, 10))
    },
  },
  {
    name: 'three failing in turn, every second',
    silence: switching,
    async play({ providers, blocks, turns }) {
      for (let turn = 0; turn < turns(30, 6); turn++) {
        const provider = providers[turn % 3] as FleetProvider
        await provider.kill()
        await blocks(10)
        await provider.revive()
      }
      await blocks(10)
    },
  },
]

/** Heals all providers some blocks before the end: if the last frame were lost, it would look as if the chain stood still. */
async function heal(providers: Stage['providers'], blocks: Stage['blocks']) {
  for (const provider of providers) provider.behave({})
  await blocks(5)
}

/** Cuts the sockets of all providers, and refuses new ones. */
function loseSockets(providers: Stage['providers']) {
  for (const provider of providers) provider.behave(noSockets)
  for (const provider of providers) provider.sockets.cut()
}

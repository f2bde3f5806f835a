// A program that polls a filter for ever, whatever fails, and checks what it is given.

import type { Hash } from 'viem'
import type { ChainBlock } from '../support/chain-block'
import { matchesLog } from '../support/chain-block'
import { toRpcLog } from '../support/chain-rpc'
import type { GivenHead, GivenLog } from '../support/stream-judge'
import { judgeHeads, judgeLogs } from '../support/stream-judge'
import { judgePending } from './check-pending'
import type { PollerPlan } from './storm'
import type { StormWorld } from './world'

export type Poller = {
  /** Whether the poller was given everything that it must be given. */
  isTold(): boolean
  problems(): string[]
  /** How many requests the poller has made. */
  readonly made: number
  leave(): void
}

const OPENS = {
  logs: 'eth_newFilter',
  blocks: 'eth_newBlockFilter',
  pending: 'eth_newPendingTransactionFilter',
}
const root: Hash = `0x${'00'.repeat(32)}`

export function startPoller(world: StormWorld, plan: PollerPlan): Poller {
  const { clock, chain, transport, later, note } = world
  const name = `filter of ${plan.kind} from ${plan.from}`
  const given: unknown[] = []
  const errors: string[] = []
  let id: unknown
  /** The first block that the poller must be given. */
  let first = Infinity
  let madeAt = Infinity
  let askedAt = -Infinity
  let made = 0
  let isOver = false
  let stop = () => {}

  const ask = (method: string, params: readonly unknown[]) => {
    made++
    return transport.request({ method, params })
  }

  async function turn() {
    try {
      if (id === undefined) {
        id = await ask(OPENS[plan.kind], plan.kind === 'logs' ? [plan.filter] : [])
        first = chain.head.number + 1
        madeAt = clock.now()
      } else {
        const startedAt = clock.now()
        const changes = (await ask('eth_getFilterChanges', [id])) as unknown[]
        given.push(...changes)
        askedAt = startedAt
        note(`${name} < ${JSON.stringify(changes.map((one: any) => one.blockNumber ?? one.slice(0, 10)))}`)
      }
    } catch (error) {
      // Nodes say "filter not found" this way: a program would make a new filter and miss what came in between.
      const { name: words } = error as Error
      if (id !== undefined && words === 'InvalidInputRpcError') errors.push('it was lost')
    }
    if (!isOver) stop = later(plan.every, turn)
  }

  function wrong(): string[] {
    if (plan.kind === 'pending') return judgePending(world, { given, madeAt, askedAt })
    const count = chain.head.number - first + 1
    const blocks = Array.from({ length: Math.max(count, 0) }, (_, i) => chain.block(first + i) as ChainBlock)
    if (plan.kind === 'blocks')
      return judgeHeads(
        given.map((hash) => toHead(chain.block(hash as Hash) as ChainBlock)).filter(({ number }) => number >= first),
        blocks.map(toHead),
      )
    const logs = blocks.flatMap((block) => block.logs.filter((log) => matchesLog(plan.filter, log)))
    return judgeLogs(
      given.map(toLog).filter(({ blockNumber }) => Number(blockNumber) >= first),
      logs.map((log) => toLog(toRpcLog(log))),
    )
  }

  /** The parent of the first block may have been replaced since, so that block counts with the parent it had. */
  function toHead({ number, hash, parentHash }: ChainBlock): GivenHead {
    return { number: BigInt(number), hash, parentHash: number === first ? root : parentHash }
  }

  void turn()
  return {
    isTold: () => wrong().length === 0,
    problems: () =>
      [...errors, ...wrong()]
        // After a reset (a lower head was taken by decision) the chain begins anew, so blocks may come twice.
        .filter((what) => world.resets.length === 0 || !/twice/.test(what))
        .map((what) => `filters: ${name}: ${what}`),
    get made() {
      return made
    },
    leave() {
      isOver = true
      stop()
    },
  }
}

function toLog(log: any): GivenLog {
  const { blockHash, blockNumber, logIndex, removed } = log
  return { blockHash, blockNumber: BigInt(blockNumber), logIndex: Number(logIndex), removed }
}

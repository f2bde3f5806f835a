// Makes the calls of a storm, like a program that holds the transport, and records how each ended.

import type { Hex } from 'viem'
import { keccak256, numberToHex, toRlp } from 'viem'
import type { RpcRequest } from '../../src/types'
import { hashOf, tokenA } from '../support/chain-block'
import type { Ask, CallPlan } from './call-plans'
import { contractOf } from './reverts'
import { filters } from './storm'
import type { StormWorld } from './world'

export type CallRecord = {
  readonly plan: CallPlan
  readonly request: RpcRequest & { readonly params: readonly any[] }
  /** The number of the block that the call names, if it names one. */
  readonly height: number | undefined
  readonly startedAt: number
  /** The highest `eth_blockNumber` that was answered before the call. */
  readonly shown: number
  /** How often the call has settled. */
  times: number
  endedAt: number
  /** Position of its end among the ends of all calls. */
  place: number
  value: unknown
  error: any
  /** Ids of the providers whose chain was still unknown when the call ended, because the check had failed: they may be used. */
  unverified: readonly string[]
}

export type Calls = {
  start(plan: CallPlan): void
  readonly all: readonly CallRecord[]
}

const addresses: readonly Hex[] = [1, 2, 3].map((digit): Hex => `0x${`${digit}`.repeat(40)}`)

export function createCalls({ clock, chain, storm, engine, transport, ids, later, note }: StormWorld): Calls {
  const all: CallRecord[] = []
  let shown = -1
  let sent: Hex = hashOf('never sent')
  let ended = 0

  function questionOf(ask: Ask): readonly [method: string, params: readonly unknown[], height?: number | undefined] {
    const head = chain.head.number
    const heightOf = (back: number) => head - back
    const tagOf = (at: string | number) => (typeof at === 'number' ? numberToHex(heightOf(at)) : at)
    const named = (at: string | number) => (typeof at === 'number' ? heightOf(at) : undefined)
    const blockOf = (back: number) => chain.block(heightOf(back)) as NonNullable<ReturnType<typeof chain.block>>
    switch (ask.of) {
      case 'number':
        return ['eth_blockNumber', []]
      case 'chain':
        return ['eth_chainId', []]
      case 'gas':
        return ['eth_gasPrice', []]
      case 'unknown':
        return ['eth_getMoon', []]
      case 'balance':
        return ['eth_getBalance', [addresses[ask.salt], tagOf(ask.at)], named(ask.at)]
      case 'call':
        return ['eth_call', [{ to: tokenA, data: numberToHex(ask.salt) }, tagOf(ask.at)], named(ask.at)]
      case 'balance by hash':
        return ['eth_getBalance', [addresses[0], { blockHash: blockOf(ask.back).hash }], heightOf(ask.back)]
      case 'block by hash':
        return ['eth_getBlockByHash', [blockOf(ask.back).hash, false], heightOf(ask.back)]
      case 'block':
        return ['eth_getBlockByNumber', [tagOf(ask.at), ask.isFull], named(ask.at)]
      case 'receipt':
      case 'transaction': {
        const method = ask.of === 'receipt' ? 'eth_getTransactionReceipt' : 'eth_getTransactionByHash'
        return [method, [blockOf(ask.back).transactions[1]?.hash], heightOf(ask.back)]
      }
      case 'logs': {
        const from = heightOf(ask.back)
        const toBlock = ask.width === 'latest' ? 'latest' : numberToHex(from + ask.width - 1)
        return ['eth_getLogs', [{ ...filters[ask.filter], fromBlock: numberToHex(from), toBlock }]]
      }
      case 'logs by hash':
        return ['eth_getLogs', [{ blockHash: blockOf(ask.back).hash }], heightOf(ask.back)]
      case 'send':
        return ['eth_sendRawTransaction', [toRlp([numberToHex(ask.salt + 1), numberToHex(storm.seed + 1)])]]
      case 'revert': {
        const call = { to: contractOf(ask.refusal), data: numberToHex(ask.salt) }
        return ask.at === 'estimate' ? ['eth_estimateGas', [call]] : ['eth_call', [call, tagOf(ask.at)], named(ask.at)]
      }
      case 'sent receipt':
        return ['eth_getTransactionReceipt', [sent]]
    }
  }

  function start(plan: CallPlan) {
    const [method, params, height] = questionOf(plan.ask)
    const request = { method, params }
    const startedAt = clock.now()
    const record: CallRecord = {
      ...{ plan, request, height, startedAt, shown },
      ...{ times: 0, endedAt: Number.NaN, place: -1, value: undefined, error: undefined, unverified: [] },
    }
    const name = `#${all.push(record) - 1} ${method} ${JSON.stringify(params)}`
    note(`${name} starts`)
    const end = (what: { value: unknown } | { error: unknown }) => {
      record.times++
      Object.assign(record, what, { endedAt: clock.now(), place: ended++, unverified: unverifiedOf(engine) })
      note(`${name} -> ${JSON.stringify('error' in what ? String(what.error) : what.value)?.slice(0, 160)}`)
      if (method === 'eth_blockNumber' && 'value' in what) shown = Math.max(shown, Number(what.value))
      if (plan.ask.of === 'send' && 'value' in what) sent = keccak256(params[0] as Hex)
    }
    const controller = plan.abortsAfter === undefined ? undefined : new AbortController()
    if (controller) later(plan.abortsAfter as number, () => controller.abort(new Error('enough')))
    const { timeout, allowFailover } = plan
    const options = {
      ...(controller && { signal: controller.signal }),
      ...(timeout !== undefined && { timeout }),
      ...(plan.provider !== undefined && { provider: ids[plan.provider], allowFailover }),
      ...(plan.exclude !== undefined && { exclude: [ids[plan.exclude] as string] }),
    }
    const isPlain = Object.keys(options).length === 0
    transport.request(request, isPlain ? undefined : options).then(
      (value) => end({ value }),
      (error) => end({ error }),
    )
  }

  return { start, all }
}

function unverifiedOf({ providers }: StormWorld['engine']): string[] {
  return providers.filter(({ chain }) => chain.state === 'unknown' && chain.failures > 0).map(({ id }) => id)
}

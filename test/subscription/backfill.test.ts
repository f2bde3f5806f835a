// What a stream has missed, where logs are not given by block hash.

import { numberToHex } from 'viem'
import { describe, expect, test } from 'vitest'
import type { Log } from '../../src/rpc/log'
import type { AskOptions } from '../../src/subscription/asking'
import { createBackfill } from '../../src/subscription/backfill'
import type { RpcRequest } from '../../src/types'
import { rpcError } from '../support/errors'
import { blockOf, logOf } from './blocks'

type Filter = { readonly blockHash?: string; readonly fromBlock?: string }

/** p1 takes no block hash, all others do. @param logs those that a provider has of a number */
function setUp(logs: (provider: string, number: number) => Log[]) {
  const asked: string[] = []
  const backfill = createBackfill(async ({ method, params }: RpcRequest, { provider, exclude = [] }: AskOptions) => {
    const ids = ['p1', 'p2', 'p3'].filter((id) => !exclude.includes(id))
    const by = ids.find((id) => id === provider) ?? (ids[0] as string)
    const [first] = params as [Filter]
    const isLogs = method === 'eth_getLogs'
    asked.push(`${by} ${isLogs ? (first.blockHash ? 'logs by hash' : 'logs') : 'block'}`)
    if (!isLogs) return { value: blockOf(Number(first)).raw, provider: by, attempts: 1 }
    if (first.blockHash && by === 'p1')
      throw Object.assign(rpcError(-32602, 'unknown field'), { attempts: [{ provider: by, kind: 'invalid-params' }] })
    const number = first.fromBlock ? Number(first.fromBlock) : Number(BigInt(first.blockHash ?? 0) & 0xffffn)
    return { value: logs(by, number), provider: by, attempts: 1 }
  })
  const logsOf = (provider: string, number: number, exclude?: readonly string[]) =>
    backfill.logsOf({ ...blockOf(number), provider }, {}, 'backfill', undefined, exclude)
  return { backfill, asked, logsOf }
}

describe('a provider that takes no block hash', () => {
  test('default: it is asked by number from then on; others still by hash', async () => {
    const { asked, logsOf } = setUp((_, number) => [logOf(number, 0)])
    for (const provider of ['p1', 'p1', 'p2']) expect(await logsOf(provider, 100)).toEqual([logOf(100, 0)])
    const byNumber = ['p1 logs', 'p1 block']
    expect(asked).toEqual(['p1 logs by hash', ...byNumber, ...byNumber, 'p2 logs by hash'])
  })

  test('behavior: then too whoever is left out is not asked', async () => {
    const { asked, logsOf } = setUp((provider, number) => (provider === 'p1' ? [] : [logOf(number, 0)]))
    await logsOf('p1', 100)
    asked.length = 0
    expect(await logsOf('p1', 101, ['p1'])).toEqual([logOf(101, 0)])
    expect(asked.filter((one) => one.startsWith('p1'))).toEqual([])
  })

  test('behavior: a provider that lacks logs is left out of a thousand reads', async () => {
    const { backfill, asked, logsOf } = setUp(() => [])
    await logsOf('p1', 100)
    backfill.noteBlind('p1')
    asked.length = 0
    for (let number = 101; number <= 1_100; number++) await logsOf('p1', number)
    expect(asked.filter((one) => one.startsWith('p1'))).toEqual([])
    await logsOf('p1', 1_101)
    expect(asked).toContain('p1 logs')
  })

  test('behavior: logs of another block of this number are refused, the first time and later', async () => {
    const { logsOf } = setUp((_, number) => [{ ...logOf(number, 0, 1), blockNumber: numberToHex(number) }])
    for (const number of [100, 101]) await expect(logsOf('p1', number)).rejects.toThrow('did not give')
  })
})

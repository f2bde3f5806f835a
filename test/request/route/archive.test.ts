// Declared depth of state decides who is asked first for old blocks, and nothing else.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../../support/engine'
import { rpcError } from '../../support/errors'

const ADDRESS = `0x${'11'.repeat(20)}`

async function askedFor(
  block: unknown,
  archive: [p1: boolean | number | undefined, p2: boolean | number | undefined],
  head?: string,
) {
  const t = createTestEngine({
    providers: archive.map((depth) => ({ capabilities: depth === undefined ? {} : { archive: depth } })),
  })
  if (head) {
    t.channel('p1').on('eth_blockNumber').reply(head)
    await t.request('eth_blockNumber')
  }
  await t.request('eth_getBalance', [ADDRESS, block])
  return ['p1', 'p2'].filter((id) => t.channel(id).count('eth_getBalance') > 0)
}

describe('declared archive depth', () => {
  test('Given a best head of 20 000 000 and a call at block 100, then providers with declared or unknown archive come before those without', async () => {
    expect(await askedFor('0x64', [false, true], '0x1312d00')).toEqual(['p2'])
    expect(await askedFor('0x64', [false, undefined], '0x1312d00')).toEqual(['p2'])
    expect(await askedFor('0x64', [128, true], '0x1312d00')).toEqual(['p2'])
    expect(await askedFor('0x64', [true, false], '0x1312d00')).toEqual(['p1'])
  })

  test('behavior: `latest`, recent blocks and hashes go in the usual order', async () => {
    expect(await askedFor('latest', [false, true], '0x1312d00')).toEqual(['p1'])
    expect(await askedFor('0x1312cf0', [false, true], '0x1312d00')).toEqual(['p1'])
    expect(await askedFor({ blockHash: `0x${'22'.repeat(32)}` }, [false, true], '0x1312d00')).toEqual(['p1'])
  })

  test('behavior: while no head is known, only the first block is old', async () => {
    expect(await askedFor('0x64', [false, true])).toEqual(['p1'])
    expect(await askedFor('earliest', [false, true])).toEqual(['p2'])
  })

  test('behavior: those without it are still asked when nobody else is left', async () => {
    expect(await askedFor('0x64', [false, false], '0x1312d00')).toEqual(['p1'])
  })
})

describe('learned depth of state', () => {
  const missing = { code: -32000, message: 'missing trie node 00 (path ) state 0x00 is not available' }
  const refuse = (head: number, keeps: number) => (args: { params?: any }) => {
    if (head - Number(args.params[1]) > keeps) throw rpcError(missing.code, missing.message)
    return '0x1'
  }
  const count = (t: ReturnType<typeof createTestEngine>) =>
    ['p1', 'p2', 'p3'].map((id) => t.channel(id).count('eth_getBalance'))

  test('behavior: a provider that lacks the state of a block is asked last for it and for what is older', async () => {
    const t = createTestEngine({ providers: 3 })
    t.channel('p1').on('eth_getBalance').reply(refuse(1_000, 128))
    t.channel('p2').on('eth_getBalance').reply(refuse(1_000, 128))
    for (let block = 400; block > 350; block--) await t.request('eth_getBalance', [ADDRESS, `0x${block.toString(16)}`])
    expect(count(t)).toEqual([1, 1, 50])
    await t.request('eth_getBalance', [ADDRESS, 'latest'])
    expect(count(t)[0]).toBe(2)
    expect(t.status().providers.map(({ capabilities }) => capabilities.learned.stateFrom)).toEqual([
      529,
      529,
      undefined,
    ])
    expect(t.eventsOf('capability')).toEqual(
      ['p1', 'p2'].map((provider) => ({
        provider,
        what: 'state',
        from: 'unknown',
        to: 'from block 529',
        why: 'missing-state',
      })),
    )
  })

  test.each([[undefined], [100_000]])(
    'behavior: whoever reads block after block is not refused at each, with the head at %s',
    async (head) => {
      const t = createTestEngine({ providers: 3 })
      for (const id of ['p1', 'p2']) t.channel(id).on('eth_getBalance').reply(refuse(100_000, 128))
      if (head) {
        t.channel('p1')
          .on('eth_blockNumber')
          .reply(`0x${head.toString(16)}`)
        await t.request('eth_blockNumber')
      }
      for (let block = 90_000; block < 91_000; block++)
        await t.request('eth_getBalance', [ADDRESS, `0x${block.toString(16)}`])
      const [first = 0, second = 0, third] = count(t)
      expect(third).toBe(1_000)
      expect(Math.max(first, second)).toBeLessThanOrEqual(4)
      await t.request('eth_getBalance', [ADDRESS, '0x1869d']) // three blocks behind the head
      expect(count(t)[2]).toBe(1_000)
    },
  )

  test('behavior: when the others fail it is asked after all; if it has the state, that is remembered', async () => {
    const t = createTestEngine({ providers: 2 })
    t.channel('p1').on('eth_getBalance').once.fail(rpcError(missing.code, missing.message))
    await t.request('eth_getBalance', [ADDRESS, '0x64'])
    t.channel('p2').on('eth_getBalance').once.fail(rpcError(-32603, 'internal error'))
    await t.request('eth_getBalance', [ADDRESS, '0x64'])
    expect(count2(t)).toEqual([2, 2])
    await t.request('eth_getBalance', [ADDRESS, '0x64'])
    expect(count2(t)).toEqual([3, 2])
  })

  const count2 = (t: ReturnType<typeof createTestEngine>) =>
    ['p1', 'p2'].map((id) => t.channel(id).count('eth_getBalance'))

  test('behavior: nobody who lacks the state is asked beside a slow one', async () => {
    const t = createTestEngine({ providers: 3 })
    for (const id of ['p1', 'p2']) t.channel(id).on('eth_getBalance').fail(rpcError(missing.code, missing.message))
    t.channel('p3').on('eth_getBalance').reply('0x1', { after: 900 })
    t.start('eth_getBalance', [ADDRESS, '0x64'])
    await t.clock.advance(1_000)
    t.start('eth_getBalance', [ADDRESS, '0x64'])
    await t.clock.advance(5_000)
    expect(count(t)).toEqual([1, 1, 2])
  })

  test('behavior: nor is one that is said to keep the state of the last blocks only', async () => {
    const t = createTestEngine({
      providers: [{}, { capabilities: { archive: 128 } }, {}],
      options: { hedge: { delay: 50 } },
    })
    t.channel('p1').on('eth_blockNumber').reply('0x1312d00')
    await t.request('eth_blockNumber')
    for (const id of ['p1', 'p3']) t.channel(id).on('eth_getBalance').reply('0x1', { after: 900 })
    t.start('eth_getBalance', [ADDRESS, '0x64'])
    await t.clock.advance(900)
    expect(count(t)).toEqual([1, 0, 1])
  })
})

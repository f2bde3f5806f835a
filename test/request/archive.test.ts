// Declared depth of state decides who is asked first for old blocks, and nothing else.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../support/engine'

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

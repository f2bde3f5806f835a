// What is remembered of sends: how much of it, how long, and whose it is. Manual clock.

import type { Hex } from 'viem'
import { concatHex, keccak256, toRlp } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { createSentTransactions } from '../../../src/methods/transactions/sent'
import { createManualClock } from '../../support/manual-clock'

const account = privateKeyToAccount(keccak256('0x01'))
const sender = account.address.toLowerCase()
/** A list of fields, but no transaction. */
const unread = concatHex(['0x02', toRlp(['0x01'])])

async function sentBy(nonces: readonly number[]) {
  const sent = createSentTransactions(createManualClock())
  for (const nonce of nonces) {
    const bytes = await account.signTransaction({ chainId: 1, nonce, gas: 21_000n, gasPrice: 1n, to: account.address })
    sent.add(keccak256(bytes), 'p1', bytes)
  }
  return sent
}

describe('createSentTransactions', () => {
  test('default: of one sender, the highest nonce first, as often as it is asked', async () => {
    const sent = await sentBy([4, 6, 5])
    const nonces = async (address: string) => (await sent.by(address)).map(({ nonce }) => nonce)
    expect([await nonces(sender), await nonces(sender)]).toEqual([
      [6, 5, 4],
      [6, 5, 4],
    ])
    expect(await nonces('0x00')).toEqual([])
  })

  test('behavior: bytes that cannot be read have been taken, but are nobody’s', async () => {
    const sent = await sentBy([0])
    sent.add(keccak256(unread), 'p2', unread)
    expect(sent.takerOf(keccak256(unread))).toBe('p2')
    expect((await sent.by(sender)).map(({ provider }) => provider)).toEqual(['p1'])
  })

  test('behavior: the newest 256', () => {
    const sent = createSentTransactions(createManualClock())
    const hashes = Array.from({ length: 257 }, (_, index) => `0x${index}` as Hex)
    for (const hash of hashes) sent.add(hash, 'p1', unread)
    expect(hashes.filter((hash) => sent.takerOf(hash) === undefined)).toEqual(hashes.slice(0, 1))
  })
})

// What the hash of a transaction is of, against viem's own hashes: all types, and what is no transaction.

import type { Hex, TransactionSerializable } from 'viem'
import { concatHex, keccak256, serializeTransaction, toHex } from 'viem'
import { privateKeyToAccount, signAuthorization } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { payloadOf } from '../../../src/methods/transactions/payload'

const privateKey = keccak256('0x01')
const account = privateKeyToAccount(privateKey)
const fees = { gas: 21_000n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n, nonce: 3 }
const to = account.address

const transactions: Record<string, TransactionSerializable> = {
  legacy: { type: 'legacy', gas: 21_000n, gasPrice: 1n, nonce: 1, to },
  'legacy with a chain id': { type: 'legacy', chainId: 1, gas: 21_000n, gasPrice: 1n, nonce: 1, to },
  '0x01': {
    type: 'eip2930',
    chainId: 1,
    gas: 21_000n,
    gasPrice: 1n,
    to,
    accessList: [{ address: to, storageKeys: [] }],
  },
  '0x02': { type: 'eip1559', chainId: 1, to, value: 5n, data: '0x1234', ...fees },
}

function hashOf(bytes: unknown) {
  const payload = payloadOf(bytes)
  return payload && keccak256(payload)
}

describe('payloadOf', () => {
  test.each(Object.entries(transactions))('default: %s', async (_, transaction) => {
    const signed = await account.signTransaction(transaction as never)
    expect(hashOf(signed)).toBe(keccak256(signed))
    expect(hashOf(signed.toUpperCase().replace('0X', '0x'))).toBe(keccak256(signed))
  })

  test('default: 0x04', async () => {
    const authorization = await signAuthorization({ privateKey, address: to, chainId: 1, nonce: 0 })
    const signed = await account.signTransaction({
      type: 'eip7702',
      chainId: 1,
      to,
      authorizationList: [authorization],
      ...fees,
    })
    expect(signed.slice(0, 4)).toBe('0x04')
    expect(hashOf(signed)).toBe(keccak256(signed))
  })

  test('default: 0x03, with and without its sidecar', async () => {
    const blob = toHex(1, { size: 131_072 })
    const proof = toHex(2, { size: 48 })
    const transaction = {
      type: 'eip4844',
      chainId: 1,
      to,
      maxFeePerBlobGas: 1n,
      blobVersionedHashes: [`0x01${'ab'.repeat(31)}`],
      ...fees,
    } as const
    const canonical = (await account.signTransaction(transaction)) as Hex
    const sidecars = [{ blob, commitment: proof, proof }]
    const wrapped = (await account.signTransaction({ ...transaction, sidecars })) as Hex
    expect(wrapped.length).toBeGreaterThan(2 * 131_072)
    expect([hashOf(canonical), hashOf(wrapped)]).toEqual([keccak256(canonical), keccak256(canonical)])
    expect(payloadOf(wrapped)).toBe(canonical)
  })

  test('behavior: of other types nothing is taken for a sidecar', () => {
    expect(payloadOf('0x02c2c180')).toBe('0x02c2c180')
  })

  test.each([
    ['a type beyond 0x04', concatHex(['0x71', serializeTransaction({ chainId: 1, type: 'eip1559' })])],
    ['a reserved first byte', '0x80'],
    ['a list that is cut off', '0xf8ff01'],
    ['a type without a payload', '0x02'],
    ['a payload that is no list', '0x0280'],
    ['an odd number of digits', '0x02c'],
    ['no hex', '0xzz'],
    ['no hex in its first byte', '0x2gc180'],
    ['no hex in the middle', '0x02c18zz0'],
    ['no 0x in front', 'xx0xc180'],
    ['an X in front', '0Xc180'],
    ['the first type beyond 0x04', '0x05c180'],
    ['a list without fields', '0x02c0'],
    ['nothing', '0x'],
    ['no text', 5],
    ['nothing at all', undefined],
  ])('error: %s has none', (_, bytes) => {
    expect(hashOf(bytes)).toBe(undefined)
  })
})

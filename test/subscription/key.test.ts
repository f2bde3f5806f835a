// Which params share a key, what is shown of them, and what no node could take.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stableJson, subscriptionKeyOf } from '../../src/subscription/key'

const a = `0x${'aA'.repeat(20)}`
const b = `0x${'bb'.repeat(20)}`
const t = `0x${'Cc'.repeat(32)}`
const u = `0x${'dd'.repeat(32)}`
const idOf = (...params: unknown[]) => subscriptionKeyOf(params).id

function errorOf(...params: unknown[]): any {
  try {
    subscriptionKeyOf(params)
  } catch (error) {
    return error
  }
  throw new Error('It was taken.')
}

describe('subscriptionKeyOf', () => {
  test('default: heads have one key', () => {
    expect(subscriptionKeyOf(['newHeads'])).toEqual({
      id: '["newHeads"]',
      name: 'newHeads',
      kind: 'newHeads',
      params: ['newHeads'],
      filter: {},
    })
    expect(idOf('newHeads', { includeTransactions: true })).toBe(idOf('newHeads'))
  })

  test('default: a filter is sent in its canonical form, its name tells nothing of it', () => {
    const key = subscriptionKeyOf(['logs', { address: [b, a, b], topics: [t, null, [u], null] }])
    const filter = {
      address: [a.toLowerCase(), b],
      topics: [t.toLowerCase(), null, u],
    }
    expect(key).toMatchObject({ kind: 'logs', params: ['logs', filter], filter })
    expect(key.name).toMatch(/^logs#[\da-f]{8}$/)
  })

  test.each([
    ['case', { address: a }, { address: a.toLowerCase() }],
    ['a list of one', { address: [a] }, { address: a }],
    ['order of addresses', { address: [a, b] }, { address: [b, a] }],
    ['doubled addresses', { address: [a, a, b] }, { address: [a, b] }],
    ['order of alternatives', { topics: [[t, u]] }, { topics: [[u, t]] }],
    ['nulls at the end', { topics: [t, null, null] }, { topics: [t] }],
    ['empty lists', { address: [], topics: [[]] }, {}],
    ['no filter', undefined, {}],
    ['order of fields', { topics: [t], address: a }, { address: a, topics: [t] }],
    ['latest', { fromBlock: 'latest', toBlock: 'latest' }, {}],
  ])('behavior: filters equal up to %s share one key', (_, one, other) => {
    expect(idOf('logs', one)).toBe(idOf('logs', other))
  })

  test.each([
    ['another address', { address: a }, { address: b }],
    ['the place of a topic', { topics: [t, u] }, { topics: [u, t] }],
    ['a null before a topic', { topics: [null, t] }, { topics: [t] }],
    ['an alternative', { topics: [[t, u]] }, { topics: [t] }],
  ])('behavior: %s makes another key', (_, one, other) => {
    expect(idOf('logs', one)).not.toBe(idOf('logs', other))
  })

  test('behavior: params of other kinds are sent as they are, whatever the order of their fields says', () => {
    expect(subscriptionKeyOf(['newPendingTransactions', true])).toMatchObject({
      params: ['newPendingTransactions', true],
      filter: {},
    })
    expect(subscriptionKeyOf(['newPendingTransactions'])).toMatchObject({ name: 'newPendingTransactions' })
    expect(idOf('vendor', { x: 1, y: [{ p: 1, q: 2 }] })).toBe(idOf('vendor', { y: [{ q: 2, p: 1 }], x: 1 }))
    expect(idOf('vendor', [1, 2])).not.toBe(idOf('vendor', [2, 1]))
  })

  test('behavior: a kind that nobody knows is not shown: it may be a secret', () => {
    const { name } = subscriptionKeyOf(['alchemy_minedTransactions-0123456789', { key: 'secret' }])
    expect(name).toMatch(/^other#[\da-f]{8}$/)
  })

  test.each([
    [[], 'params'],
    [[''], 'params'],
    [[5], 'params'],
    [['logs', 5], 'params[1]'],
    [['logs', [a]], 'params[1]'],
    [['logs', { address: '0x12' }], 'params[1].address'],
    [['logs', { address: [a, 7] }], 'params[1].address'],
    [['logs', { topics: t }], 'params[1].topics'],
    [['logs', { topics: [t, t, t, t, t] }], 'params[1].topics'],
    [['logs', { topics: [null, [t, a]] }], 'params[1].topics[1]'],
    [['logs', { fromBlock: '0x1' }], 'params[1].fromBlock'],
    [['logs', { toBlock: 'pending' }], 'params[1].toBlock'],
  ])('error: %j is refused by the name of the field', (params, path) => {
    const error = errorOf(...params)
    expect(error.name).toBe('InvalidOptionsError')
    expect(error.message).toContain(`\`${path}\``)
  })

  test('error: params that cannot be sent', () => {
    const circle: unknown[] = []
    circle.push(circle)
    for (const part of [5n, circle])
      expect(errorOf('vendor', part)).toMatchObject({ name: 'InvalidOptionsError', path: 'params' })
  })

  test('error: params that are no list', () => {
    expect(() => subscriptionKeyOf('newHeads' as never)).toThrow('must be a list')
  })
})

describe('stableJson', () => {
  test('behavior: the order of fields says nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(stableJson(turned)).toBe(stableJson(value))
        expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

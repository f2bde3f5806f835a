// Keys never show: not in an error, whatever shape it is printed in, not in an event, not in status(), for any kind of failure.

import { inspect } from 'node:util'
import { createPublicClient, custom, http, webSocket } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { EventName, ProviderEntry } from '../../src'
import { failover } from '../../src'
import { deadUrl } from '../support/dead-url'
import { createFleet } from '../support/fleet'
import type { BehaviourScript } from '../support/provider-behaviour'

const keys = {
  path: 'pAthKey0123456789abcdef',
  query: 'qUeryKey0123456789+/=',
  user: 'uSerName99',
  password: 'p@ssw0rd-0123456789',
  header: 'hEaderValue0123456789',
  params: 'pArameterOfTheUser0123456789',
}
/** As they stand in an endpoint, or decoded, or sent. */
const secrets = Object.values(keys).flatMap((key) => [key, encodeURIComponent(key)])
const basic = btoa(`${keys.user}:${keys.password}`)

/** The endpoint with all its secrets. */
function secretUrl(url: string) {
  const { host, protocol } = new URL(url)
  const user = `${encodeURIComponent(keys.user)}:${encodeURIComponent(keys.password)}`
  return `${protocol}//${user}@${host}/v2/${keys.path}?apikey=${encodeURIComponent(keys.query)}`
}

/** Without user info, which viem's own http() cannot send. */
function plainUrl(url: string) {
  const secret = new URL(secretUrl(url))
  secret.username = secret.password = ''
  return secret.href
}

const headers = { authorization: `Bearer ${keys.header}`, 'x-api-key': keys.header }

const ways: Record<string, (url: string, wsUrl: string) => ProviderEntry> = {
  'an http URL': (url) => ({ http: secretUrl(url), headers }),
  'headers of a function': (url) => ({ http: plainUrl(url), headers: async () => headers }),
  'a ws URL': (_, wsUrl) => ({ ws: plainUrl(wsUrl) }),
  'http()': (url) => http(plainUrl(url), { fetchOptions: { headers }, retryCount: 0 }),
  'webSocket()': (_, wsUrl) => webSocket(plainUrl(wsUrl), { reconnect: false, retryCount: 0 }),
}

const echo = `invalid key ${keys.path} of ${keys.header} at ${keys.query}`
const failures: Record<string, BehaviourScript> = {
  'a hang': { hang: true },
  'a lost connection': { reset: 'after' },
  'a refused handshake, or 403': [
    { methods: 'handshake', status: 403 },
    { status: 403, body: echo },
  ],
  'a page': { body: `<html>${echo}</html>` },
  'an empty body': { body: '' },
  '401 that quotes the key': { status: 401, error: { code: -32000, message: echo, data: { [keys.path]: echo } } },
  '429': { status: 429, error: { code: -32005, message: `rate limit of ${keys.path}` } },
  'a revert that quotes the key': { error: { code: 3, message: `execution reverted: ${keys.path}`, data: '0x1234' } },
  'another chain': { wrongChain: 5 },
}

/** Everything a program could print of it. */
function allTextsOf(value: any, seen = new Set<unknown>()): string {
  const texts = [inspect(value, { showHidden: true, depth: null, maxStringLength: null, getters: true })]
  for (let link = value; link && !seen.has(link); link = link.cause) {
    seen.add(link)
    texts.push(String(link), String(link.stack), String(link.message), String(link.details), safeJson(link))
    for (const attempt of link.attempts ?? []) texts.push(allTextsOf(attempt.error, seen), safeJson(attempt))
  }
  return texts.join('\n')
}

function safeJson(value: unknown): string {
  const parents = new Set<unknown>()
  return String(
    JSON.stringify(value, (_, item) => {
      if (typeof item !== 'object' || item === null) return typeof item === 'bigint' ? `${item}` : item
      if (parents.has(item)) return 'seen'
      parents.add(item)
      return item
    }),
  )
}

function expectNoSecret(text: string) {
  const found = [...secrets, basic].filter((secret) => text.includes(secret))
  if (found.length > 0) {
    const at = text.indexOf(found[0] as string)
    expect(`${found.join()} in ${text.slice(Math.max(0, at - 300), at + 100)}`).toBe('')
  }
  expect(found).toEqual([])
}

const names: EventName[] = ['request', 'attempt', 'failover', 'breaker', 'limit', 'capability']

describe.each(Object.entries(ways))('%s', (_, way) => {
  test.concurrent.each(Object.entries(failures))('error: %s', async (_, script) => {
    await using fleet = await createFleet([script])
    const [p1] = fleet.providers
    const transport = failover([way(p1.url, p1.wsUrl)], { timeout: 150, share: false, breaker: { networkFailures: 1 } })
    const client = createPublicClient({ chain: mainnet, transport })
    const events: unknown[] = []
    for (const name of names) client.transport.on(name, (event) => events.push([name, event]))
    const errors: unknown[] = []
    for (const method of ['eth_call', 'eth_sendRawTransaction', 'eth_getFilterChanges', 'eth_newFilter']) {
      const request = { method, params: [keys.params] }
      errors.push(
        await client.transport.request(request).then(
          () => undefined,
          (error: unknown) => error,
        ),
      )
    }
    await client.transport
      .subscribe({ params: [keys.params], onData: () => {} })
      .catch((error: unknown) => errors.push(error))
    expect(errors.filter((error) => error instanceof Error).length).toBeGreaterThan(3)
    expect(events.length).toBeGreaterThan(0)
    for (const error of errors) expectNoSecret(allTextsOf(error))
    expectNoSecret(JSON.stringify(events))
    expectNoSecret(JSON.stringify(client.transport.status()))
    await client.transport.close()
  })
})

test('error: refused connections, and a wallet that throws what it holds', async () => {
  // Not port 1: `fetch` refuses that by itself.
  const url = deadUrl()
  const throwing = custom({
    request: async () => {
      throw Object.assign(new Error(`cannot reach ${plainUrl(url)}`), { endpoint: plainUrl(url), code: 4900 })
    },
  })
  const list = [
    { http: secretUrl(url), headers },
    { id: 'viem', http: http(plainUrl(url)) },
  ]
  const client = createPublicClient({ chain: mainnet, transport: failover(list, { timeout: 100 }) })
  const error = await client
    .getBalance({ address: mainnet.contracts.multicall3.address })
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'AllProvidersFailedError' })
  expect(allTextsOf(error)).toContain('ECONNREFUSED')
  expectNoSecret(allTextsOf(error))
  // What a wallet holds is not ours to know: only what this list holds is taken out of it.
  const mixed = createPublicClient({ transport: failover([{ id: 'wallet', http: throwing }], { timeout: 100 }) })
  await expect(mixed.getBlockNumber()).rejects.toBeInstanceOf(Error)
})

test('error: options that are refused', () => {
  const bad = [
    [secretUrl('ftp://a.example')],
    [{ http: secretUrl('ws://a.example') }],
    [{ http: secretUrl('http://a.example'), headers: { 'x-api-key': 5 as never } }],
    [{ id: secretUrl('http://a.example'), http: secretUrl('http://a.example'), [keys.path]: 1 }],
  ]
  for (const list of bad) {
    const make = () => failover(list as never)
    expect(make).toThrow()
    try {
      make()
    } catch (error) {
      const text = allTextsOf(error)
      for (const secret of [keys.password, keys.query]) expect(text).not.toContain(secret)
    }
  }
})

test('behavior: default ids', () => {
  const list = [secretUrl('https://a.example'), `https://${'0123456789abcdef'.repeat(2)}.eth.rpc.example.cloud/`]
  const client = createPublicClient({ transport: failover(list) })
  expect(client.transport.status().providers.map(({ id }) => id)).toEqual(['a.example', 'eth.rpc.example.cloud'])
})

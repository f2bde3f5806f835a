// The list, read: what each entry is, its id and setup, and how its channels are made.

import { inspect } from 'node:util'
import type { Transport } from 'viem'
import { custom, fallback, http, webSocket } from 'viem'
import { ipc } from 'viem/node'
import { describe, expect, test, vi } from 'vitest'
import type { ProviderEntry } from '../src'
import { failover, InvalidOptionsError } from '../src'
import { readList } from '../src/entries'
import { providerSetup } from './support/settings'

const HEX = '0123456789abcdef0123456789abcdef'

const read = (list: readonly ProviderEntry[], breaker = {}) => readList(list, {}, breaker)
const idsOf = (...list: ProviderEntry[]) => read(list).setups.map(({ id }) => id)
const channelsOf = (...list: ProviderEntry[]) => read(list).setups.map(({ channels }) => channels)

/** A transport of this type that answers with its name and remembers what it was built with. */
function fake(type: string, key = type) {
  const built = vi.fn()
  const request = vi.fn((_: unknown) => Promise.resolve(`${key} answers`))
  const transport: Transport = (parameters) => {
    built(parameters)
    return { config: { key, name: key, type, request: request as never }, request: request as never }
  }
  return { transport, built, request }
}

describe('default ids', () => {
  test('default: the host, and a port if it is unusual', () => {
    expect(
      idsOf(
        'https://rpc.example.com/v2/KEYKEYKEY?key=KEYKEYKEY',
        'https://rpc.example.com:8443/',
        'http://127.0.0.1:8545',
        'https://b.example:443',
        'http://c.example:80',
        'http://[::1]:8545',
        'wss://ws.example.com/KEYKEYKEY',
        { http: 'https://user:KEYKEYKEY@d.example/' },
      ),
    ).toEqual([
      'rpc.example.com',
      'rpc.example.com:8443',
      '127.0.0.1:8545',
      'b.example',
      'c.example',
      '[::1]:8545',
      'ws.example.com',
      'd.example',
    ])
  })

  test('behavior: Given a default id for https://<32 hex>.eth.rpc.example.cloud/, then the hex label is not in it', () => {
    expect(idsOf(`https://${HEX}.eth.rpc.example.cloud/`)).toEqual(['eth.rpc.example.cloud'])
  })

  test('behavior: a host of nothing but random labels is called provider', () => {
    expect(idsOf(`http://${HEX}:8545`, `http://${HEX}/`)).toEqual(['provider:8545', 'provider'])
  })

  test('behavior: the second of a name is -2, then -3, past names that are taken', () => {
    const url = 'https://rpc.example.com/'
    expect(idsOf(url, url, { id: 'rpc.example.com-2', http: url }, url)).toEqual([
      'rpc.example.com',
      'rpc.example.com-3',
      'rpc.example.com-2',
      'rpc.example.com-4',
    ])
    expect(idsOf(url, { id: 'rpc.example.com', http: url })).toEqual(['rpc.example.com-2', 'rpc.example.com'])
  })

  test("behavior: a transport's key", () => {
    expect(
      idsOf(http('https://a.example/KEYKEYKEY'), http('https://a.example'), http('https://a.example', { key: 'mine' })),
    ).toEqual(['http', 'http-2', 'mine'])
  })

  test('behavior: an own id is kept as it is', () => {
    expect(idsOf({ id: 'own node', http: 'https://a.example' })).toEqual(['own node'])
  })
})

describe('channels', () => {
  test('default: what each entry is', () => {
    expect(
      channelsOf(
        'http://a.example',
        'wss://a.example',
        { http: 'https://a.example', ws: 'wss://a.example' },
        { ws: 'ws://a.example' },
        webSocket('wss://a.example'),
        ipc('/tmp/none.ipc'),
        http('https://a.example'),
        custom({ request: () => Promise.resolve(null) }),
        fallback([webSocket('wss://a.example')]),
      ),
    ).toEqual([['http'], ['ws'], ['http', 'ws'], ['ws'], ['ws'], ['ws'], ['http'], ['http'], ['http']])
  })

  test('behavior: the scheme is read as URLs are: in capitals, after a space', () => {
    expect(channelsOf('WSS://A.EXAMPLE', ' wss://a.example', 'HTTPS://A.EXAMPLE')).toEqual([['ws'], ['ws'], ['http']])
  })

  test('behavior: a socket given as http is the ws channel, any other given as ws the http channel; http before ws', () => {
    expect(
      channelsOf(
        { http: fake('webSocket').transport },
        { ws: fake('http').transport },
        { http: fake('ipc').transport, ws: fake('custom').transport },
      ),
    ).toEqual([['ws'], ['http'], ['http', 'ws']])
  })

  test('error: two of the same channel', () => {
    for (const [entry, type] of [
      [{ http: fake('http').transport, ws: fake('custom').transport }, 'http'],
      [{ http: fake('webSocket').transport, ws: 'wss://a.example/KEYKEYKEY' }, 'ws'],
    ] as const) {
      let thrown: unknown
      try {
        read([entry])
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(InvalidOptionsError)
      expect((thrown as Error).message).toMatch(
        `Option \`providers[0].ws\` must be another channel than http (both are ${type}), but it is `,
      )
      expect((thrown as Error).message).not.toMatch(/KEYKEYKEY/)
    }
  })

  test('behavior: transports are built per client, with all factory parameters but retries; URLs share one channel', async () => {
    const { transport, built, request } = fake('custom', 'wallet')
    const list = readList([transport, 'https://a.example', 'wss://a.example'], { timeout: 5 }, {})
    built.mockClear()
    const parameters = { chain: undefined, pollingInterval: 7, retryCount: 3, timeout: 9 }
    const [one, other] = [list.connect(parameters), list.connect(parameters)]
    expect(built.mock.calls).toEqual([[{ ...parameters, retryCount: 0 }], [{ ...parameters, retryCount: 0 }]])
    expect(one[0]).not.toBe(other[0])
    expect(one.slice(1)).toEqual(other.slice(1))
    expect([one[1] === other[1], one[2] === other[2]]).toEqual([true, true])
    expect(await one[0]?.request({ method: 'eth_accounts' })).toBe('wallet answers')
    expect(request).toHaveBeenCalledTimes(1)
  })

  test('behavior: the socket of a URL is told of without a client, and without dialling', () => {
    const list = read([{ http: 'https://a.example', ws: 'wss://a.example' }, webSocket('wss://b.example')])
    const states = () => list.setups.map(({ socket }) => socket?.())
    expect(states()).toEqual(['idle', undefined])
    list.connect({})
    expect(states()).toEqual(['idle', undefined])
    list.close()
    expect(states()).toEqual(['closed', undefined])
  })

  test('behavior: channels of a client stand in the order of the slots', () => {
    const list = read(['https://a.example', { http: fake('webSocket').transport, ws: fake('http').transport }])
    expect(list.connect({}).map(({ type }) => type)).toEqual(list.setups.flatMap(({ channels }) => channels))
  })
})

describe('setups', () => {
  test('default', () => {
    expect(read(['https://a.example']).setups).toEqual([
      providerSetup(0, { id: 'a.example', capabilities: { methods: undefined } }),
    ])
  })

  test('behavior: a provider without priority counts as its place in the list', () => {
    const list = ['https://a.example', { http: 'https://b.example', priority: -3 }, 'https://c.example']
    expect(read(list).setups.map(({ priority }) => priority)).toEqual([0, -3, 2])
  })

  test('behavior: what the user said', () => {
    const [setup] = read([
      {
        http: 'https://a.example',
        weight: 2,
        cost: 0,
        backup: true,
        private: true,
        limits: { burst: 3 },
        capabilities: { methods: { exclude: ['trace_*'] }, errors: [] },
      },
    ]).setups
    expect(setup).toMatchObject({
      weight: 2,
      cost: 0,
      isBackup: true,
      isPrivate: true,
      limits: { burst: 3 },
      capabilities: { methods: { exclude: ['trace_*'] }, errors: [] },
    })
  })

  test("behavior: each value of a breaker defaults to that of the list's, one that is undefined too", () => {
    const [first, second] = read(
      [{ http: 'https://a.example', breaker: { failures: 9, window: undefined } }, 'https://b.example'],
      { window: 5, ratio: 0.1 },
    ).setups
    expect([first?.breaker, second?.breaker]).toEqual([
      { failures: 9, window: 5, ratio: 0.1 },
      { window: 5, ratio: 0.1 },
    ])
  })

  test('behavior: wallets are custom and unknown transports, unless the user says otherwise', () => {
    const types = ['custom', 'injected', 'http', 'webSocket', 'ipc', 'fallback', 'failover']
    const isWallet = (list: ProviderEntry[]) => read(list).setups.map((setup) => setup.isWallet)
    expect(isWallet(types.map((type) => fake(type).transport))).toEqual([true, true, false, false, false, false, false])
    expect(isWallet(['https://a.example', { http: 'https://a.example', wallet: true }])).toEqual([false, true])
    expect(isWallet([{ http: fake('custom').transport, wallet: false }])).toEqual([false])
  })

  test("behavior: a transport's own methods are its capabilities, unless the user says otherwise", () => {
    const transport = http('https://a.example', { methods: { include: ['eth_call'] } })
    const methodsOf = (entry: ProviderEntry) => read([entry]).setups[0]?.capabilities.methods
    expect(methodsOf(transport)).toEqual({ include: ['eth_call'] })
    expect(methodsOf({ http: transport, capabilities: { methods: undefined, errors: [] } })).toEqual({
      include: ['eth_call'],
    })
    expect(methodsOf({ http: transport, capabilities: { methods: { exclude: ['eth_call'] } } })).toEqual({
      exclude: ['eth_call'],
    })
  })
})

describe('another failover', () => {
  test('behavior: it is flattened into this one, however deep, if it is nothing but a list', () => {
    const inner = failover(['https://b.example', failover(['https://c.example', 'https://d.example'])])
    const named = failover([{ id: 'e', http: 'https://e.example' }], { key: 'k' }).with({})
    expect(idsOf('https://a.example', inner, named)).toEqual(['a.example', 'b.example', 'c.example', 'd.example', 'e'])
  })
})

describe('transports', () => {
  test('error: a function that makes none, such as `http` in place of `http(url)`', () => {
    expect(() => failover([http as never])({})).toThrow(
      'Option `providers[0]` must be a viem transport, such as http(url)',
    )
  })

  test('behavior: what is printed of one, hidden fields included, shows no endpoint and no header', () => {
    const headers = { authorization: 'Bearer a-secret' }
    const transport = failover([failover([{ http: 'https://a.example/a-secret', headers }])])
    const shown = inspect({ transport }, { depth: null, showHidden: true })
    expect(shown).toContain('with')
    expect(shown).not.toContain('a-secret')
  })
})

describe('hasSocketFirst', () => {
  test.each<[string, boolean, ProviderEntry[]]>([
    ['only http', false, ['https://a.example', http('https://b.example')]],
    ['a socket first', true, ['wss://a.example', 'https://a.example']],
    ['a socket second', false, ['https://a.example', 'wss://a.example']],
    ['webSocket() first', true, [webSocket('wss://a.example'), 'https://a.example']],
    ['ipc() first', true, [ipc('/tmp/none.ipc')]],
    ['ws of any provider', true, ['https://a.example', { http: 'https://b.example', ws: 'wss://b.example' }]],
    ['a flattened socket first', true, [failover(['wss://a.example'])]],
  ])('default: %s', (_, expected, list) => {
    expect(read(list).hasSocketFirst).toBe(expected)
  })
})

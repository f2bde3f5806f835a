// What users write, checked when `failover()` is called: field path, rule and value, and never an endpoint.

import type { Transport } from 'viem'
import { fallback, http } from 'viem'
import { describe, expect, test } from 'vitest'
import { failover, InvalidOptionsError } from '../src'
import { checkIds, checkKnown, checkList, checkOptions, checkOverrides } from '../src/checks'
import { failureKinds } from './support/failure-kinds'

const URL_A = 'https://a.example/v2/KEYKEYKEY'
const SECRETS = /KEYKEYKEY|a\.example|bearer/i

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (!(error instanceof InvalidOptionsError)) throw error
    for (const text of [error.message, error.stack, error.path, error.rule, JSON.stringify(error)])
      expect(text).not.toMatch(SECRETS)
    return error.shortMessage
  }
  return 'accepted'
}

const ofOptions = (options: unknown) => messageOf(() => failover([URL_A], options as never))
const ofList = (list: unknown) => messageOf(() => failover(list as never))
const ofProvider = (fields: object) => ofList([URL_A, { http: 'https://b.example/KEYKEYKEY', ...fields }])

/** The path of a refused option. */
const pathOf = (message: string) => /^Option `(.*)` /.exec(message)?.[1]

describe('the list', () => {
  test('default: URLs of the four schemes, transports, providers, other failovers', () => {
    const entries = [
      'http://127.0.0.1:8545',
      URL_A,
      'ws://a.example',
      'wss://a.example/KEYKEYKEY',
      'HTTPS://A.EXAMPLE',
      http(URL_A),
      fallback([http(URL_A)]),
      failover([URL_A]),
      { http: URL_A, ws: 'wss://a.example' },
      { ws: 'wss://a.example' },
      { http: http(URL_A) },
    ]
    expect(ofList(entries)).toBe('accepted')
  })

  test('error: an empty list, or none', () => {
    expect(ofList([])).toBe('Option `providers` must be a list of at least one provider, but it is an empty array.')
    for (const list of [undefined, null, URL_A, {}, 5, new Set([URL_A])])
      expect(ofList(list)).toMatch(/^Option `providers` must be a list of at least one provider, but it is /)
  })

  test.each([
    ['ftp://a.example/KEYKEYKEY', '"ftp:..."'],
    ['file:///etc/KEYKEYKEY', '"file:..."'],
    ['/tmp/KEYKEYKEY.ipc', '"..."'],
    ['a.example/KEYKEYKEY', '"..."'],
    ['localhost:8545', '"localhost:..."'],
    ['KEYKEYKEY', '"..."'],
    ['', '""'],
  ])('error: bad scheme %s', (entry, shown) => {
    expect(ofList([URL_A, entry])).toBe(
      `Option \`providers[1]\` must be a URL with http:, https:, ws: or wss:, but it is ${shown}.`,
    )
    expect(ofProvider({ http: entry })).toBe(
      `Option \`providers[1].http\` must be an http: or https: URL or a viem transport, but it is ${shown}.`,
    )
    expect(ofProvider({ ws: entry })).toBe(
      `Option \`providers[1].ws\` must be a ws: or wss: URL or a viem transport, but it is ${shown}.`,
    )
  })

  test('error: a URL in the field of the other channel', () => {
    expect(ofProvider({ ws: URL_A })).toBe(
      'Option `providers[1].ws` must be a ws: or wss: URL or a viem transport, but it is "https:...".',
    )
    expect(ofProvider({ http: 'wss://a.example/KEYKEYKEY' })).toBe(
      'Option `providers[1].http` must be an http: or https: URL or a viem transport, but it is "wss:...".',
    )
  })

  test.each([[5], [null], [undefined], [[URL_A]], [true], [1n]])('error: %s is no entry', (entry) => {
    expect(ofList([URL_A, entry])).toMatch(
      /^Option `providers\[1\]` must be a URL, a viem transport or a provider, but it is /,
    )
  })

  test('error: a provider without endpoint', () => {
    const rule = 'must have at least one of http and ws, but it is an object.'
    expect(ofList([{}])).toBe(`Option \`providers[0]\` ${rule}`)
    expect(ofList([{ id: 'a', http: undefined }])).toBe(`Option \`providers[0]\` ${rule}`)
  })

  test('error: an endpoint of another type', () => {
    for (const value of [5, {}, null, [URL_A], new URL(URL_A)])
      expect(ofList([{ http: value }])).toMatch(/^Option `providers\[0\]\.http` must be an http: or https: URL/)
  })

  test('error: a URL object', () => {
    expect(ofList([new URL(URL_A)])).toBe(
      'Option `providers[0]` must be a URL, a viem transport or a provider, but it is a URL object (give its href).',
    )
    expect(ofProvider({ ws: new URL(URL_A) })).toMatch(/but it is a URL object \(give its href\)\.$/)
  })

  test('error: an id that is a URL', () => {
    expect(ofProvider({ id: URL_A })).toBe(
      'Option `providers[1].id` must be a text that is not empty and no URL, but it is a URL.',
    )
    expect(ofProvider({ id: 'a/b@c?' })).toBe('accepted')
  })

  test('error: duplicate ids', () => {
    expect(ofList([{ id: 'a', http: URL_A }, URL_A, { id: 'a', ws: 'wss://a.example' }])).toBe(
      'Option `providers[2].id` must be unique, but it is "a".',
    )
    expect(ofList([{ id: 'a', http: URL_A }, { id: 'A', http: URL_A }, { http: URL_A }, { http: URL_A }])).toBe(
      'accepted',
    )
  })

  test('error: duplicate ids of flattened lists', () => {
    const inner = failover([{ id: 'a', http: URL_A }])
    const own = { id: 'a', http: URL_A }
    expect(messageOf(() => failover([own, inner]))).toBe('Option `providers[1].id` must be unique, but it is "a".')
    const two = failover([URL_A, URL_A])
    expect(messageOf(() => failover([two, own, own]))).toBe('Option `providers[2].id` must be unique, but it is "a".')
  })
})

describe('a provider', () => {
  test('default', () => {
    const full = {
      id: 'a',
      http: URL_A,
      ws: 'wss://a.example',
      headers: { authorization: 'Bearer KEYKEYKEY' },
      priority: -1,
      weight: 0.5,
      cost: 0,
      backup: true,
      private: false,
      wallet: false,
      capabilities: {
        methods: { include: ['eth_*'], exclude: [] },
        archive: 128,
        history: { fromBlock: 0, transactions: false },
        logs: { maxBlockRange: 1, maxAddresses: 1, fromBlock: 0, maxResults: 1 },
        subscriptions: ['newHeads', 'logs', 'newPendingTransactions'],
        errors: [
          { code: -32005, kind: 'quota' },
          { message: /slow down/i, kind: 'rate-limit' },
        ],
      },
      limits: { requestsPerSecond: 0.5, burst: 1, concurrency: 2, batchSize: 1 },
      breaker: {
        failures: 1,
        networkFailures: 1,
        ratio: 1,
        minimumAttempts: 1,
        window: 1,
        openFor: 1,
        maxOpenFor: 1,
      },
    }
    expect(ofList([full])).toBe('accepted')
    const names = Object.keys(full).filter((name) => name !== 'http')
    expect(ofProvider(Object.fromEntries(names.map((name) => [name, undefined])))).toBe('accepted')
  })

  test.each<[object, string, string]>([
    [{ id: '' }, 'id', 'must be a text that is not empty and no URL, but it is "".'],
    [{ id: 5 }, 'id', 'must be a text that is not empty and no URL, but it is 5.'],
    [{ priority: Number.NaN }, 'priority', 'must be a finite number, but it is NaN.'],
    [{ priority: Infinity }, 'priority', 'must be a finite number, but it is Infinity.'],
    [{ priority: '1' }, 'priority', 'must be a finite number, but it is "1".'],
    [{ weight: 0 }, 'weight', 'must be a finite number above 0, but it is 0.'],
    [{ weight: -2 }, 'weight', 'must be a finite number above 0, but it is -2.'],
    [{ cost: -1 }, 'cost', 'must be a finite number of 0 or more, but it is -1.'],
    [{ backup: 1 }, 'backup', 'must be true or false, but it is 1.'],
    [{ private: 'yes' }, 'private', 'must be true or false, but it is "yes".'],
    [{ wallet: null }, 'wallet', 'must be true or false, but it is null.'],
    [{ limits: [] }, 'limits', 'must be an object, but it is an empty array.'],
    [{ limits: { requestsPerSecond: 0 } }, 'limits.requestsPerSecond', 'must be a finite number above 0, but it is 0.'],
    [{ limits: { burst: 0.5 } }, 'limits.burst', 'must be a whole number of 1 or more, but it is 0.5.'],
    [{ limits: { concurrency: 0 } }, 'limits.concurrency', 'must be a whole number of 1 or more, but it is 0.'],
    [{ limits: { batchSize: 0 } }, 'limits.batchSize', 'must be a whole number of 1 or more, but it is 0.'],
    [{ breaker: { failures: 0 } }, 'breaker.failures', 'must be a whole number of 1 or more, but it is 0.'],
    [{ breaker: { ratio: 1.5 } }, 'breaker.ratio', 'must be a number above 0 and up to 1, but it is 1.5.'],
    [{ breaker: { window: 0 } }, 'breaker.window', 'must be a finite number above 0, but it is 0.'],
    [{ breaker: { openFor: -5 } }, 'breaker.openFor', 'must be a finite number above 0, but it is -5.'],
    [{ breaker: false }, 'breaker', 'must be an object, but it is false.'],
    [{ capabilities: { methods: ['eth_call'] } }, 'capabilities.methods', 'must be an object, but it is an array.'],
    [
      { capabilities: { methods: { exclude: 'trace_*' } } },
      'capabilities.methods.exclude',
      'must be a list of methods, or prefixes and *, but it is "trace_*".',
    ],
    [
      { capabilities: { methods: { include: [''] } } },
      'capabilities.methods.include',
      'must be a list of methods, or prefixes and *, but it is an array.',
    ],
    [
      { capabilities: { methods: { include: ['*_call'] } } },
      'capabilities.methods.include',
      'must be a list of methods, or prefixes and *, but it is an array.',
    ],
    [
      { breaker: { openFor: 5_000, maxOpenFor: 1_000 } },
      'breaker.maxOpenFor',
      'must not be less than openFor, but it is 1000.',
    ],
    [
      { capabilities: { logs: { maxBlockRange: -1_000 } } },
      'capabilities.logs.maxBlockRange',
      'must be a whole number of 1 or more, but it is -1000.',
    ],
    [
      { capabilities: { logs: { fromBlock: -1 } } },
      'capabilities.logs.fromBlock',
      'must be a whole number of 0 or more, but it is -1.',
    ],
    [
      { capabilities: { history: { transactions: 'all' } } },
      'capabilities.history.transactions',
      'must be true, false or a whole number of blocks, but it is "all".',
    ],
    [
      { capabilities: { subscriptions: ['newBlocks'] } },
      'capabilities.subscriptions',
      'must be true, false or a list of newHeads, logs, newPendingTransactions, but it is an array.',
    ],
  ])('75. Given %j, then `failover()` throws naming the field path', (fields, path, rest) => {
    expect(ofProvider(fields)).toBe(`Option \`providers[1].${path}\` ${rest}`)
  })

  test('behavior: Given an unknown key, then `failover()` throws naming the field path', () => {
    const paths = [
      { url: URL_A },
      { limits: { requestsPerMinute: 5 } },
      { capabilities: { logs: { maxRange: 5 } } },
      { capabilities: { methods: { only: ['eth_call'] } } },
      { breaker: { timeout: 5 } },
    ].map((fields) => pathOf(ofList([{ http: URL_A, ...fields }])))
    expect(paths).toEqual([
      'providers[0].url',
      'providers[0].limits.requestsPerMinute',
      'providers[0].capabilities.logs.maxRange',
      'providers[0].capabilities.methods.only',
      'providers[0].breaker.timeout',
    ])
    expect(pathOf(ofList([JSON.parse(`{"http": "${URL_A}", "__proto__": {}}`)]))).toBe('providers[0].__proto__')
    expect(ofProvider({ url: URL_A })).toMatch(/`providers\[1\]\.url` is not an option here \(there are id, http, ws, /)
  })

  test('behavior: Given an error rule without code and text or without kind, then `failover()` throws naming the field path', () => {
    const ofRule = (rule: unknown) => ofProvider({ capabilities: { errors: [{ code: 1, kind: 'quota' }, rule] } })
    const at = 'Option `providers[1].capabilities.errors[1]'
    expect(ofRule({ kind: 'quota' })).toBe(`${at}\` must have at least one of code and message, but it is an object.`)
    expect(ofRule({ code: 1 })).toMatch(`${at}.kind\` must be one of network, timeout, `)
    expect(ofRule({ code: 1, kind: 'bad' })).toMatch(/must be one of .*, but it is "bad"\.$/)
    expect(ofRule({ code: 1.5, kind: 'quota' })).toBe(`${at}.code\` must be a whole number, but it is 1.5.`)
    expect(ofRule({ message: '', kind: 'quota' })).toBe(
      `${at}.message\` must be a text that is not empty, or a pattern, but it is "".`,
    )
    expect(pathOf(ofRule(null))).toBe('providers[1].capabilities.errors[1]')
    expect(pathOf(ofRule({ code: 1, kind: 'quota', when: 'now' }))).toBe('providers[1].capabilities.errors[1].when')
    expect(ofProvider({ capabilities: { errors: {} } })).toBe(
      'Option `providers[1].capabilities.errors` must be a list of rules, but it is an object.',
    )
  })

  test('behavior: a rule may name every failure kind', () => {
    const errors = failureKinds.map((kind) => ({ code: 1, kind }))
    expect(ofProvider({ capabilities: { errors } })).toBe('accepted')
  })

  test('error: headers that are no object of texts; those never appear', () => {
    const rule = 'must be an object of texts that can be sent as headers, or a function that gives one'
    for (const headers of [
      ['Bearer KEYKEYKEY'],
      'Bearer KEYKEYKEY',
      5,
      null,
      new Headers({ authorization: 'Bearer KEYKEYKEY' }),
      new Map([['authorization', 'Bearer KEYKEYKEY']]),
    ])
      expect(ofProvider({ headers })).toMatch(`Option \`providers[1].headers\` ${rule}`)
    for (const [given, shown] of [
      [undefined, 'undefined'],
      [5, 'a number'],
      [['Bearer KEYKEYKEY'], 'an array'],
    ] as const)
      expect(ofProvider({ headers: { authorization: given } })).toBe(
        `Option \`providers[1].headers.authorization\` must be a text, but it is ${shown}.`,
      )
    for (const [name, value, shown] of [
      ['authorization', 'Bearer KEY\nKEYKEYKEY', 'authorization'],
      ['authorization', 'Bearer KEYKEYKEY\u2026', 'authorization'],
      ['authori zation', 'Bearer KEYKEYKEY', 'authori...'],
      ['x-key: KEYKEYKEY', '', 'x-key...'],
      ['', 'Bearer KEYKEYKEY', ''],
    ] as const)
      expect(ofProvider({ headers: { 'x-good': 'a', [name]: value } })).toBe(
        `Option \`providers[1].headers.${shown}\` must be a header that can be sent, but it is a text.`,
      )
    for (const headers of [{}, () => ({}), Object.assign(Object.create(null), { a: 'b' })])
      expect(ofProvider({ headers })).toBe('accepted')
  })
})

describe('headers of a provider', () => {
  const headers = { authorization: 'Bearer KEYKEYKEY' }

  test('error: beside nothing but transports, which would not send them', () => {
    const rule = 'must be given to the transport itself where neither http nor ws is a URL, but it is'
    expect(ofList([{ http: http(URL_A), headers }])).toBe(`Option \`providers[0].headers\` ${rule} an object.`)
    expect(ofList([{ ws: http(URL_A), headers: () => headers }])).toBe(
      `Option \`providers[0].headers\` ${rule} a function.`,
    )
  })

  test('behavior: beside a transport and a URL they are those of the URL', () => {
    expect(ofList([{ http: http(URL_A), ws: 'wss://a.example', headers }])).toBe('accepted')
    expect(ofList([{ http: URL_A, ws: http(URL_A), headers }])).toBe('accepted')
    expect(ofList([{ http: http(URL_A), headers: undefined }])).toBe('accepted')
  })
})

describe('the options', () => {
  test('default: all of them', () => {
    const options = {
      key: 'a',
      name: 'A',
      timeout: 0,
      strategy: 'fastest',
      methods: {
        eth_call: { strategy: 'cheapest', timeout: 5, hedge: { delay: 0, budget: 0 }, repeat: true },
        'trace_*': { providers: ['a.example'], hedge: false },
      },
      hedge: false,
      retry: { rounds: 1, delay: 0, budget: 0 },
      waitForProvider: false,
      breaker: { failures: 1 },
      transactions: { broadcast: 'all' },
      logs: { maxRequests: 1, concurrency: 1, timeout: 0 },
      verifyChain: false,
      consistency: 'none',
      maxLag: 5,
      subscriptions: 'auto',
      batch: false,
      share: false,
      rank: { interval: 1_000 },
      retryCount: 0,
      retryDelay: 0,
      shouldThrow: () => undefined,
    }
    expect(ofOptions(options)).toBe('accepted')
    expect(ofOptions(Object.fromEntries(Object.keys(options).map((name) => [name, undefined])))).toBe('accepted')
    for (const strategy of ['priority', 'latency-weighted', 'load-balanced', 'freshest', () => []])
      expect(ofOptions({ strategy })).toBe('accepted')
  })

  test('behavior: Given `failover(list, { rank: true, retryCount: 2, shouldThrow })`, then it is accepted', () => {
    expect(ofOptions({ rank: true, retryCount: 2, shouldThrow: () => true })).toBe('accepted')
    expect(ofOptions({ rank: false, retryDelay: 100 })).toBe('accepted')
  })

  test.each(['cache', 'quorum', 'retries', 'providers', 'toString', 'constructor'])(
    'error: `%s` is no option (some come later)',
    (name) => {
      expect(ofOptions({ [name]: true })).toMatch(
        new RegExp(
          `^Option \`${name}\` is not an option here \\(there are key, name, timeout, .*\\), but it is true\\.$`,
        ),
      )
    },
  )

  test('behavior: Given a negative or non-finite timeout, then an error before anything is sent', () => {
    for (const timeout of [-1, Number.NaN, Infinity, -Infinity, '5', null, 5n]) {
      const rest = `must be a finite number of 0 or more, but it is ${typeof timeout === 'bigint' ? '5n' : typeof timeout === 'string' ? '"5"' : timeout}.`
      expect(ofOptions({ timeout })).toBe(`Option \`timeout\` ${rest}`)
      expect(ofOptions({ methods: { eth_call: { timeout } } })).toBe(`Option \`methods.eth_call.timeout\` ${rest}`)
      expect(messageOf(() => checkOverrides({ timeout } as never, 'with'))).toBe(`Option \`with.timeout\` ${rest}`)
    }
    expect(ofOptions({ timeout: 0 })).toBe('accepted')
  })

  test.each<[object, string]>([
    [{ key: '' }, 'key'],
    [{ name: 5 }, 'name'],
    [{ strategy: 'quickest' }, 'strategy'],
    [{ strategy: null }, 'strategy'],
    [{ hedge: true }, 'hedge'],
    [{ hedge: { delay: -1 } }, 'hedge.delay'],
    [{ hedge: { budget: Number.NaN } }, 'hedge.budget'],
    [{ retry: 3 }, 'retry'],
    [{ retry: { rounds: 0 } }, 'retry.rounds'],
    [{ retry: { delay: -1 } }, 'retry.delay'],
    [{ retry: { budget: Infinity } }, 'retry.budget'],
    [{ waitForProvider: 0 }, 'waitForProvider'],
    [{ breaker: { maxOpenFor: 0 } }, 'breaker.maxOpenFor'],
    [{ transactions: { broadcast: 'some' } }, 'transactions.broadcast'],
    [{ logs: { maxRequests: 0 } }, 'logs.maxRequests'],
    [{ logs: { concurrency: 0.5 } }, 'logs.concurrency'],
    [{ logs: { timeout: -1 } }, 'logs.timeout'],
    [{ verifyChain: 'no' }, 'verifyChain'],
    [{ consistency: 'eventual' }, 'consistency'],
    [{ maxLag: -1 }, 'maxLag'],
    [{ subscriptions: 'never' }, 'subscriptions'],
    [{ batch: 20 }, 'batch'],
    [{ share: 1 }, 'share'],
    [{ rank: 5 }, 'rank'],
    [{ rank: [] }, 'rank'],
    [{ retryCount: -1 }, 'retryCount'],
    [{ retryCount: 1.5 }, 'retryCount'],
    [{ retryDelay: -1 }, 'retryDelay'],
    [{ shouldThrow: true }, 'shouldThrow'],
    [{ methods: [] }, 'methods'],
    [{ methods: { eth_call: null } }, 'methods.eth_call'],
    [{ methods: { eth_call: { retries: 5 } } }, 'methods.eth_call.retries'],
    [{ methods: { eth_call: { repeat: 'yes' } } }, 'methods.eth_call.repeat'],
    [{ methods: { eth_call: { strategy: 'x' } } }, 'methods.eth_call.strategy'],
    [{ methods: { 'trace_*': { providers: 'own' } } }, 'methods.trace_*.providers'],
    [{ methods: { eth_call: { providers: [] } } }, 'methods.eth_call.providers'],
    [{ methods: { '*_call': {} } }, 'methods.*_call'],
    [{ methods: { 'eth_**': {} } }, 'methods.eth_**'],
    [{ methods: { '': {} } }, 'methods.'],
    [{ breaker: { openFor: 2, maxOpenFor: 1 } }, 'breaker.maxOpenFor'],
  ])('error: %j', (options, path) => {
    expect(pathOf(ofOptions(options))).toBe(path)
  })

  test.each([null, 5, 'text', [], true])('error: %j are no options', (options) => {
    expect(ofOptions(options)).toMatch(/^Option `options` must be an object, but it is /)
  })

  test('behavior: a prefix may be empty, and each bound of a breaker may stand alone', () => {
    for (const options of [{ methods: { '*': {} } }, { breaker: { openFor: 90_000 } }, { breaker: { maxOpenFor: 1 } }])
      expect(ofOptions(options)).toBe('accepted')
  })

  test('behavior: what options inherit is used, so it is checked', () => {
    expect(pathOf(ofOptions(Object.create({ timeout: -1 })))).toBe('timeout')
    expect(ofOptions(Object.create({ timeout: 5 }))).toBe('accepted')
    expect(ofOptions(Object.assign(Object.create(null), { timeout: 5 }))).toBe('accepted')
  })

  test('error: an endpoint as a name or a value is not printed', () => {
    expect(pathOf(ofOptions({ [URL_A]: true }))).toBe('***')
    expect(pathOf(ofOptions({ methods: { [URL_A]: { timeout: -1 } } }))).toBe('methods.***.timeout')
    expect(ofOptions({ strategy: URL_A })).toMatch(/but it is a URL\.$/)
    expect(pathOf(ofProvider({ [URL_A]: URL_A }))).toBe('providers[1].***')
  })
})

describe('ids that options name', () => {
  const read = (list: unknown, options: object) => messageOf(() => (failover(list as never, options) as Transport)({}))

  test('error: a wall of an unknown provider', () => {
    expect(read([{ id: 'a', http: URL_A }], { methods: { 'trace_*': { providers: ['a', 'b'] } } })).toBe(
      'Option `methods.trace_*.providers[1]` must be the id of a provider (there are a), but it is "b".',
    )
    expect(read([{ id: 'a', http: URL_A }], { methods: { 'trace_*': { providers: ['a'] }, eth_call: {} } })).toBe(
      'accepted',
    )
  })

  test('error: when failover() is called, if all ids can be read from the list; else when a client is made', () => {
    const options = { methods: { eth_call: { providers: ['b.example', 'd'] } } }
    const plain = ['https://e.example/x', failover([{ ws: 'wss://b.example' }]), { id: 'c', http: http(URL_A) }]
    const wanted =
      'Option `methods.eth_call.providers[1]` must be the id of a provider (there are e.example, b.example, c), but it is "d".'
    expect(messageOf(() => failover(plain, options))).toBe(wanted)
    const open = failover(['https://b.example', http(URL_A, { key: 'c' })], options)
    expect(messageOf(() => open({}))).toContain('(there are b.example, c)')
    expect(read(['https://b.example', http(URL_A, { key: 'd' })], options)).toBe('accepted')
  })

  test('default: checkIds and checkKnown', () => {
    expect(messageOf(() => checkIds(['a', 'b'], {}))).toBe('accepted')
    expect(messageOf(() => checkIds(['a', 'b', 'a'], {}))).toBe(
      'Option `providers[2].id` must be unique, but it is "a".',
    )
    expect(messageOf(() => checkKnown('c', ['a', 'b'], 'with.provider'))).toBe(
      'Option `with.provider` must be the id of a provider (there are a, b), but it is "c".',
    )
  })
})

describe('overrides', () => {
  test('default', () => {
    const overrides = {
      provider: 'a',
      channel: 'ws',
      strategy: 'fastest',
      timeout: 0,
      exclude: [],
      allowFailover: true,
    } as const
    expect(messageOf(() => checkOverrides(overrides, 'with'))).toBe('accepted')
    expect(messageOf(() => failover([URL_A]).with(overrides))).toBe('accepted')
    expect(messageOf(() => checkOverrides({ channel: undefined }, 'with'))).toBe('accepted')
  })

  test.each<[object, string]>([
    [{ provider: '' }, 'provider'],
    [{ channel: 'ipc' }, 'channel'],
    [{ strategy: 'best' }, 'strategy'],
    [{ exclude: 'a' }, 'exclude'],
    [{ exclude: [5] }, 'exclude'],
    [{ allowFailover: 1 }, 'allowFailover'],
    [{ retries: 1 }, 'retries'],
    [{ signal: undefined }, 'signal'],
  ])('error: %j', (overrides, name) => {
    expect(pathOf(messageOf(() => failover([URL_A]).with(overrides)))).toBe(`with.${name}`)
    expect(pathOf(messageOf(() => checkOverrides(overrides, 'options')))).toBe(`options.${name}`)
  })

  test('error: with() names a provider that is not in the list, when it is used', () => {
    const transport = failover([{ id: 'a', http: URL_A }])
    expect(messageOf(() => transport.with({ provider: 'b' })({}))).toBe(
      'Option `with.provider` must be the id of a provider (there are a), but it is "b".',
    )
    expect(messageOf(() => transport.with({ exclude: ['a', 'c'] })({}))).toBe(
      'Option `with.exclude[1]` must be the id of a provider (there are a), but it is "c".',
    )
  })
})

describe('the checks themselves', () => {
  test('default: pure: what is given stays as it is', () => {
    const list = Object.freeze([Object.freeze({ http: URL_A, limits: Object.freeze({ burst: 1 }) })])
    const options = Object.freeze({ methods: Object.freeze({ eth_call: Object.freeze({ timeout: 1 }) }) })
    expect([messageOf(() => checkList(list)), messageOf(() => checkOptions(options, ''))]).toEqual([
      'accepted',
      'accepted',
    ])
  })
})

// Raw transactions and their look-ups over scripted providers: who sees the bytes, what counts as sent, what is told.

import type { Hex } from 'viem'
import { createPublicClient, createWalletClient, keccak256, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { FailoverOptions, ProviderConfig, RequestEvent } from '../../../src'
import { failover } from '../../../src'
import { createFleet } from '../../support/fleet'
import type { FleetProvider } from '../../support/fleet-provider'
import type { BehaviourScript } from '../../support/provider-behaviour'

const account = privateKeyToAccount(keccak256('0x01'))
const to = account.address
const raw = await signed()
const hash = keccak256(raw)
const SEND = 'eth_sendRawTransaction'
const SYNC = 'eth_sendRawTransactionSync'
const LOOK_UP = 'eth_getTransactionByHash'
const rejected = { code: -32000, message: 'insufficient funds for gas * price + value' }
const known = { code: -32000, message: 'already known' }

function signed(nonce = 0): Promise<Hex> {
  const fees = { gas: 21_000n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n }
  return account.signTransaction({ type: 'eip1559', chainId: 1, to, value: 5n, nonce, ...fees })
}

function clientOf(
  providers: readonly FleetProvider[],
  options: FailoverOptions = {},
  configs: readonly ProviderConfig[] = [],
) {
  const list = providers.map(({ id, url }, index) => ({ id, http: url, ...configs[index] }))
  return createPublicClient({
    chain: mainnet,
    cacheTime: 0,
    transport: failover(list, { timeout: 3_000, retry: { rounds: 1 }, verifyChain: false, ...options }),
  })
}

type Client = ReturnType<typeof clientOf>
const send = (client: Client, params: readonly unknown[] = [raw], method = SEND) =>
  client.transport.request({ method, params })

function errorOf(sent: Promise<unknown>): Promise<any> {
  return sent.then(
    (value) => expect.unreachable(`sent: ${value}`),
    (error: unknown) => error,
  )
}

const kindsOf = (error: any) => error.attempts.map(({ provider, kind }: any) => `${provider} ${kind}`)

describe('the next provider', () => {
  test.each([
    ['503', { status: 503 }, 'server-error'],
    ['a timeout', { hang: 'processed' }, 'timeout'],
    ['a lost connection', { reset: 'processed' }, 'network'],
    ['a full pool', { error: { code: -32000, message: 'txpool is full' } }, 'transaction-rejected'],
    ['an unknown method', { unsupported: '*' }, 'unsupported-method'],
  ] as const)('default: after %s the same bytes', async (_, script, why) => {
    await using fleet = await createFleet([{ methods: SEND, ...script }, {}])
    const [p1, p2] = fleet.providers
    const client = clientOf([p1, p2])
    const whys: string[] = []
    client.transport.on('failover', (event) => whys.push(event.why))
    expect(await send(client)).toBe(hash)
    expect([p1.count(SEND), p2.count(SEND), whys]).toEqual([1, 1, [why]])
    expect(p2.calls.find(({ method }) => method === SEND)?.params).toEqual([raw])
  })

  test('error: a rejection by the rules of the chain is final', async () => {
    await using fleet = await createFleet([{ methods: SEND, error: rejected }, {}])
    const [p1, p2] = fleet.providers
    const error = await errorOf(send(clientOf([p1, p2])))
    expect(error).toMatchObject({
      name: 'InvalidInputRpcError',
      ...{ code: -32000 },
      mayHaveBeenSent: false,
      transactionHash: hash,
    })
    expect([p1.count(), p2.count()]).toEqual([1, 0])
  })

  test("error: one line says what is known of it, in viem's error of a wallet client too", async () => {
    await using fleet = await createFleet([{ methods: SEND, reset: 'processed' }])
    const line = `The transaction may have been sent: ${hash}`
    const linesOf = ({ message }: Error) => message.split('\n').filter((text) => text.includes('may have been sent'))
    const transport = failover([fleet.providers[0].url], { retry: { rounds: 1 } })
    const wallet = createWalletClient({ account, chain: mainnet, transport })
    const error = await errorOf(wallet.sendRawTransaction({ serializedTransaction: raw }))
    const fees = { gas: 21_000n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n }
    const wrapped = await errorOf(wallet.sendTransaction({ type: 'eip1559', to, value: 5n, nonce: 0, ...fees }))
    expect([linesOf(error), error.metaMessages.at(-1)]).toEqual([[line], line])
    expect([wrapped.name, linesOf(wrapped)]).toEqual(['TransactionExecutionError', [line]])
    expect(wrapped.walk((link: object) => 'mayHaveBeenSent' in link)).toMatchObject({ transactionHash: hash })
  })

  test('behavior: bytes that are no transaction go as they are', async () => {
    await using fleet = await createFleet([
      { methods: SEND, error: { code: -32000, message: 'rlp: element is larger' } },
    ])
    const [p1] = fleet.providers
    const error = await errorOf(send(clientOf([p1]), ['0x02ff']))
    expect(error).toMatchObject({ code: -32000, mayHaveBeenSent: false })
    expect(error).not.toHaveProperty('transactionHash')
    expect(error.message.endsWith('\nThe transaction was not sent.')).toBe(true)
    expect(p1.calls[0]?.params).toEqual(['0x02ff'])
  })
})

describe('news that is good', () => {
  test('default: already known', async () => {
    await using fleet = await createFleet([{ methods: SEND, error: known }, {}])
    expect(await send(clientOf(fleet.providers))).toBe(hash)
    expect(fleet.providers.map((provider) => provider.count())).toEqual([1, 0])
  })

  test('behavior: a rule of the user may say so', async () => {
    await using fleet = await createFleet([{ methods: SEND, error: { code: -31999, message: 'seen it' } }])
    const rules = [{ capabilities: { errors: [{ code: -31999, kind: 'already-known' as const }] } }]
    expect(await send(clientOf(fleet.providers, {}, rules))).toBe(hash)
  })

  test.each([
    ['nonce too low'],
    ['OwnNonceAlreadyUsed'],
    ['replacement transaction underpriced'],
    ['already finalized'],
  ])('behavior: "%s" only if the hash is found, first at the provider that said so', async (message) => {
    const script = { methods: SEND, error: { code: -32000, message } }
    await using fleet = await createFleet([{}, script, {}])
    const [p1, p2, p3] = fleet.providers
    p1.behave({ methods: SEND, status: 503 })
    const client = clientOf([p1, p2, p3])
    const error = await errorOf(send(client))
    expect(error).toMatchObject({ code: -32000, details: message, mayHaveBeenSent: true })
    const asked = (provider: FleetProvider) => provider.calls.map(({ method }) => method)
    expect([asked(p1), asked(p2), asked(p3)]).toEqual([[SEND, LOOK_UP], [SEND, LOOK_UP], []])
    for (const provider of [p1, p2, p3]) provider.forgetCalls()
    p2.behave([script, { methods: LOOK_UP, result: { [LOOK_UP]: { hash } } }])
    expect(await send(client)).toBe(hash)
    expect([asked(p1), asked(p2), asked(p3)]).toEqual([[SEND], [SEND, LOOK_UP], []])
    p2.behave(script)
    p3.behave({ methods: LOOK_UP, result: { [LOOK_UP]: { hash } } })
    p1.behave([
      { methods: SEND, status: 503 },
      { methods: LOOK_UP, status: 503 },
    ])
    expect(await send(clientOf([p1, p2, p3]))).toBe(hash)
  })

  test('error: on a chain with its own serializer only the answer of a provider counts', async () => {
    await using fleet = await createFleet([{ methods: SEND, error: known }])
    const chain = { ...mainnet, serializers: { transaction: () => '0x' as const } }
    const transport = failover([fleet.providers[0].url], { verifyChain: false })
    const client = createPublicClient({ chain, transport })
    const error = await errorOf(client.transport.request({ method: SEND, params: [raw] }))
    expect(error.details).toBe('already known')
    expect(error).not.toHaveProperty('transactionHash')
  })
})

describe('private providers', () => {
  const configs = [{}, { private: true }]

  test('error: 503 from it: nobody else ever sees the bytes', async () => {
    await using fleet = await createFleet([{}, { methods: SEND, status: 503 }])
    const [p1, p2] = fleet.providers
    const error = await errorOf(send(clientOf([p1, p2], {}, configs)))
    expect(error).toMatchObject({ name: 'AllProvidersFailedError', mayHaveBeenSent: true, transactionHash: hash })
    expect(kindsOf(error)).toEqual(['p2 server-error'])
    expect(p1.count()).toBe(0)
  })

  test('behavior: broadcast is not to all', async () => {
    await using fleet = await createFleet(3)
    const [p1, p2, p3] = fleet.providers
    const options = { transactions: { broadcast: 'all' as const } }
    expect(await send(clientOf([p1, p2, p3], options, [...configs, { private: true }]))).toBe(hash)
    expect([p1.count(), p2.count() + p3.count()]).toEqual([0, 2])
  })

  test('error: pinned to another one it is not sent at all', async () => {
    await using fleet = await createFleet(2)
    const client = clientOf(fleet.providers, {}, configs)
    const error = await errorOf(client.transport.request({ method: SEND, params: [raw] }, { provider: 'p1' }))
    expect(error.name).toBe('NoProviderError')
    expect(fleet.providers.map((provider) => provider.count())).toEqual([0, 0])
  })

  test('behavior: look-ups go to it first, to others only after null', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const client = clientOf([p1, p2], {}, configs)
    await send(client)
    const request = { method: 'eth_getTransactionReceipt', params: [hash] }
    p2.forgetCalls()
    expect(await client.transport.request(request)).toBe(null)
    expect([p2.count(), p1.count()]).toEqual([1, 1])
    p1.forgetCalls()
    p2.behave({ methods: request.method, status: 503 })
    await errorOf(client.transport.request(request))
    expect(p1.count()).toBe(0)
    p2.behave({})
    fleet.chain.mine()
    expect(await client.transport.request(request)).toMatchObject({ transactionHash: hash })
    expect(p1.count()).toBe(0)
    await client.transport.request({ method: request.method, params: [toHex(1, { size: 32 })] })
    expect(p1.count(request.method)).toBe(1)
  })

  test.each([
    ['fails', { status: 503 }, {}],
    ['does not know the method', { error: { code: -32601, message: 'the method is not available' } }, {}],
    ['may not be asked', {}, { exclude: ['p1'] }],
  ])(
    'behavior: nobody but it can be asked, as the other one %s: its null is the answer',
    async (_, says, overrides) => {
      await using fleet = await createFleet([{ methods: 'eth_getTransactionReceipt', ...says }, {}])
      const client = clientOf(fleet.providers, {}, configs)
      await send(client)
      const request = { method: 'eth_getTransactionReceipt', params: [hash] }
      expect(await client.transport.request(request, overrides)).toBe(null)
    },
  )
})

describe('broadcast to all', () => {
  const options = { transactions: { broadcast: 'all' as const } }

  test('behavior: who names one to begin with is given the others too', async () => {
    await using fleet = await createFleet([{ methods: SEND, error: { code: -32700, message: 'Parse error' } }, {}])
    const client = clientOf(fleet.providers, options)
    const request = { method: SEND, params: [raw] }
    expect(await client.transport.request(request, { provider: 'p1', allowFailover: true })).toBe(hash)
    await errorOf(client.transport.request(request, { provider: 'p1' }))
    expect(fleet.providers.map((provider) => provider.count(SEND))).toEqual([2, 1])
  })

  test('default: everybody gets the bytes, the first answer counts', async () => {
    await using fleet = await createFleet([{ methods: SEND, hang: true }, {}, {}])
    expect(await send(clientOf(fleet.providers, options))).toBe(hash)
    expect(fleet.providers.map((provider) => provider.count(SEND))).toEqual([1, 1, 1])
  })

  test('behavior: "already known" is not kept waiting by one that hangs', async () => {
    await using fleet = await createFleet([
      { methods: SEND, hang: true },
      { methods: SEND, error: known },
    ])
    const client = clientOf(fleet.providers, { ...options, timeout: 0 })
    expect(await send(client)).toBe(hash)
    await client.transport.close()
  })

  test('behavior: nor is a mined one whose nonce is "too low"', async () => {
    await using fleet = await createFleet([
      { methods: SEND, hang: true },
      [
        { methods: SEND, error: { code: -32000, message: 'nonce too low' } },
        { methods: LOOK_UP, result: { [LOOK_UP]: { hash } } },
      ],
    ])
    const client = clientOf(fleet.providers, { ...options, timeout: 0 })
    expect(await send(client)).toBe(hash)
    await client.transport.close()
  })

  test('error: tells what happened to all, with the words of one that spoke', async () => {
    await using fleet = await createFleet([
      { methods: SEND, reset: 'processed' },
      { methods: SEND, error: rejected },
    ])
    const error = await errorOf(send(clientOf(fleet.providers, options)))
    expect(error).toMatchObject({ details: rejected.message, mayHaveBeenSent: true, transactionHash: hash })
    expect(kindsOf(error)).toEqual(['p1 network', 'p2 transaction-rejected'])
  })

  test('behavior: excluded and walled off ones get nothing', async () => {
    await using fleet = await createFleet(3)
    const [p1, p2, p3] = fleet.providers
    const client = clientOf([p1, p2, p3], { ...options, methods: { [SEND]: { providers: ['p2', 'p3'] } } })
    await client.transport.request({ method: SEND, params: [raw] }, { exclude: ['p2'] })
    expect([p1.count(), p2.count(), p3.count()]).toEqual([0, 0, 1])
    p3.behave({ methods: SEND, error: rejected })
    const error = await errorOf(client.transport.request({ method: SEND, params: [raw] }, { exclude: ['p2'] }))
    expect(error.details).toBe(rejected.message)
  })
})

describe(SYNC, () => {
  const receipt = { transactionHash: hash, status: '0x1' }
  const FIND = 'eth_getTransactionReceipt'

  test('default: a provider that has it answers, one that has not is passed', async () => {
    await using fleet = await createFleet([{}, { methods: SYNC, result: { [SYNC]: receipt } }])
    expect(await send(clientOf(fleet.providers), [raw], SYNC)).toEqual(receipt)
    expect(fleet.providers.map((provider) => provider.count())).toEqual([1, 1])
  })

  test('error: nobody has it: as over http()', async () => {
    await using fleet = await createFleet(2)
    const error = await errorOf(send(clientOf(fleet.providers), [raw], SYNC))
    expect(error).toMatchObject({ name: 'MethodNotFoundRpcError', code: -32601, mayHaveBeenSent: false })
  })

  test('error: code 4 is final: taken, but not mined in time', async () => {
    const error = { code: 4, message: "The transaction was added to the mempool but wasn't processed in 100 ms" }
    await using fleet = await createFleet([{ methods: SYNC, error }, {}])
    const thrown = await errorOf(send(clientOf(fleet.providers), [raw, 100], SYNC))
    expect(thrown).toMatchObject({ code: 4, mayHaveBeenSent: true, transactionHash: hash })
    expect(fleet.providers.map((provider) => provider.count())).toEqual([1, 0])
  })

  test('behavior: already known: the receipt is looked for until it is there', async () => {
    const script = [
      { methods: SYNC, error: known },
      { methods: FIND, skip: 1, result: { [FIND]: receipt } },
    ]
    await using fleet = await createFleet([script])
    expect(await send(clientOf(fleet.providers), [raw], SYNC)).toEqual(receipt)
    expect(fleet.providers[0].count(FIND)).toBe(2)
  })

  test('error: a nonce that is taken by another one is not waited for', async () => {
    await using fleet = await createFleet([{ methods: SYNC, error: { code: -32000, message: 'nonce too low' } }])
    const error = await errorOf(send(clientOf(fleet.providers, { timeout: 0 }), [raw], SYNC))
    expect(error).toMatchObject({ details: 'nonce too low', mayHaveBeenSent: false })
    expect(fleet.providers[0].count(FIND)).toBe(0)
  })

  test('error: closed or given up while it looks', async () => {
    await using fleet = await createFleet([{ methods: SYNC, error: known }])
    const [p1] = fleet.providers
    const client = clientOf([p1], { timeout: 0 })
    const controller = new AbortController()
    const request = { method: SYNC, params: [raw] }
    const [given, closed] = [
      client.transport.request(request, { signal: controller.signal }),
      send(client, [raw], SYNC),
    ]
    await new Promise<void>((resolve) => {
      client.transport.on('attempt', ({ method }) => method === FIND && p1.count(FIND) >= 2 && resolve())
    })
    controller.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    await client.transport.close()
    await expect(closed).rejects.toMatchObject({ name: 'TransportClosedError' })
    expect(p1.count(FIND)).toBe(2)
  })
})

describe('after a send', () => {
  const nonceOf = (client: Client) => client.getTransactionCount({ address: to, blockTag: 'pending' })
  const NONCE = 'eth_getTransactionCount'

  test('behavior: look-ups and the pending nonce prefer the provider that took it', async () => {
    await using fleet = await createFleet([{ methods: SEND, status: 503 }, {}])
    const [p1, p2] = fleet.providers
    const client = clientOf([p1, p2])
    expect(await nonceOf(client)).toBe(0)
    await send(client)
    for (const provider of [p1, p2]) provider.forgetCalls()
    expect(await nonceOf(client)).toBe(1)
    expect(await client.getTransaction({ hash })).toMatchObject({ hash })
    expect([p1.count(), p2.count()]).toEqual([0, 2])
    await client.getTransactionCount({ address: to, blockTag: 'latest' })
    await client.getTransactionCount({ address: client.chain.contracts.multicall3.address, blockTag: 'pending' })
    expect(p1.count(NONCE)).toBe(2)
  })

  test('behavior: the pending nonce does not go back while the transaction is known', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const client = clientOf([p1, p2])
    for (const nonce of [0, 1, 2]) await send(client, [await signed(nonce)])
    expect(await nonceOf(client)).toBe(3)
    p1.behave({ methods: NONCE, result: { [NONCE]: '0x1' } })
    expect(await nonceOf(client)).toBe(3)
    await p1.kill()
    // p2 has never heard of them: what is gone everywhere frees its nonce.
    expect(await nonceOf(client)).toBe(0)
  })

  test('behavior: while nobody can say, it is taken to be pending', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const client = clientOf([p1])
    await send(client)
    p1.behave([
      { methods: NONCE, result: { [NONCE]: '0x0' } },
      { methods: LOOK_UP, status: 503 },
    ])
    expect(await nonceOf(client)).toBe(1)
  })

  test('behavior: a wallet client without a nonce manager', async () => {
    await using fleet = await createFleet([{}, { lag: 3 }])
    const [p1, p2] = fleet.providers
    const transport = failover([p1.url, p2.url])
    const wallet = createWalletClient({ account, chain: mainnet, transport })
    await wallet.sendTransaction({ to, value: 1n })
    await wallet.sendTransaction({ to, value: 1n })
    expect(fleet.chain.sent.map(({ nonce }) => nonce)).toEqual([0, 1])
  })
})

describe('sends in a row', () => {
  const SENDS = 4
  test.each([
    ['load-balanced', [{ lag: 3 }, { lag: 3 }, {}]],
    ['load-balanced', [{}, { lag: 3 }]],
    // It takes every transaction and tells of none.
    ['priority', [{ methods: 'eth_getTransactionCount', result: { eth_getTransactionCount: '0x0' } }, {}]],
  ] as const)('behavior: through a lagging set, %s, nonces are consecutive (%#)', async (strategy, scripts) => {
    const fleet = await createFleet<readonly BehaviourScript[]>(scripts)
    const list = fleet.providers.map(({ url }) => url)
    const wallet = createWalletClient({ account, chain: mainnet, transport: failover(list, { strategy }) })
    for (let count = 0; count < SENDS; count++) await wallet.sendTransaction({ to, value: 1n })
    expect(fleet.chain.sent.map(({ nonce }) => nonce)).toEqual([0, 1, 2, 3])
    await wallet.transport.close()
    await fleet.close()
  })
})

describe('what is told', () => {
  test('default: one request event, with who took it', async () => {
    await using fleet = await createFleet([{ methods: SEND, status: 503 }, {}])
    const client = clientOf(fleet.providers)
    const events: RequestEvent[] = []
    client.transport.on('request', (event) => events.push(event))
    await send(client)
    expect(events).toMatchObject([{ method: SEND, outcome: 'success', provider: 'p2', channel: 'http' }])
    for (const provider of fleet.providers) provider.behave({ methods: SEND, error: rejected })
    await errorOf(send(client, [await signed(1)]))
    expect(events[1]).toMatchObject({ outcome: 'error', error: { code: -32000, kind: 'transaction-rejected' } })
    expect(events).toHaveLength(2)
    expect(client.transport.status().requests).toMatchObject({ total: 2, failed: 1 })
  })

  test('error: given up by the caller', async () => {
    await using fleet = await createFleet([{ methods: SEND, hang: true }, {}])
    const client = clientOf(fleet.providers)
    const outcomes: string[] = []
    client.transport.on('request', ({ outcome }) => outcomes.push(outcome))
    const controller = new AbortController()
    const sent = client.transport.request({ method: SEND, params: [raw] }, { signal: controller.signal })
    controller.abort(null)
    expect(await sent.catch((reason: unknown) => ({ reason }))).toEqual({ reason: null })
    expect([outcomes, fleet.providers[1].count()]).toEqual([['aborted'], 0])
  })
})

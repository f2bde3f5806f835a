// What holds for every request of a method: from its own settings, those of a prefix, the list's, and what one request asks for.

import { describe, expect, test } from 'vitest'
import type { Heads } from '../../../src/provider/head'
import type { Plan, PlanSettings, RequestOverrides } from '../../../src/request/route/plan'
import { createPlanner, createPlanners, keptRoute } from '../../../src/request/route/plan'
import { planSettings } from '../../support/settings'

const READ = { method: 'eth_getBalance', params: ['0xa', 'latest'] }
const WALLET = { method: 'eth_accounts' }

const plannerOf = (settings: Partial<PlanSettings> = {}, defaults?: RequestOverrides) =>
  createPlanner({ ...planSettings, ...settings }, defaults)

describe('settings of methods', () => {
  const plan = plannerOf({
    methods: {
      'trace_*': { timeout: 1, strategy: 'cheapest' },
      'trace_call*': { timeout: 2 },
      trace_callMany: { timeout: 3 },
      'debug_*': { timeout: 4 },
      trace: { timeout: 5 },
    },
  })

  test.each([
    ['trace_block', 1, 'cheapest'],
    ['trace_call', 2, 'priority'],
    ['trace_callMany', 3, 'priority'],
    ['eth_call', 10_000, 'priority'],
    ['toString', 10_000, 'priority'],
  ])('%s: by its own name, else by the longest prefix, and by nothing else', (method, timeout, strategy) => {
    expect(plan({ method })).toMatchObject({ timeout, strategy })
  })

  test('behavior: a method that is said to be repeatable is, and one that is said not to be is not', () => {
    const own = plannerOf({ methods: { evm_mine: { repeat: true }, eth_getBalance: { repeat: false } } })
    expect([own({ method: 'evm_mine' }), own(READ)].map(({ need }) => need.isRepeatable)).toEqual([true, false])
  })

  test('behavior: whom it is walled to', () => {
    expect(plannerOf({ methods: { eth_getBalance: { providers: ['p2'] } } })(READ).wall).toEqual(['p2'])
  })
})

describe('timeout', () => {
  test.each<[string, Partial<PlanSettings>, RequestOverrides | undefined, number]>([
    ['of the list', { timeout: 5_000 }, undefined, 5_000],
    ['of the method', { timeout: 5_000, methods: { eth_getBalance: { timeout: 70 } } }, undefined, 70],
    ['of the request', { methods: { eth_getBalance: { timeout: 70 } } }, { timeout: 30 }, 30],
    ['0: none', { methods: { eth_getBalance: { timeout: 0 } } }, undefined, Infinity],
  ])('%s', (_, settings, overrides, timeout) => {
    expect(plannerOf(settings)(READ, overrides).timeout).toBe(timeout)
  })

  test.each<[string, Partial<PlanSettings>, number]>([
    ['none of its own accord', {}, Infinity],
    ['that the user has named for the list', { isTimeoutGiven: true }, 10_000],
    ['that the user has named for the method', { methods: { eth_accounts: { timeout: 70 } } }, 70],
  ])('of a wallet: %s', (_, settings, timeout) => {
    expect(plannerOf(settings)(WALLET).timeout).toBe(timeout)
  })
})

describe('hedges and rounds', () => {
  test('default: of a read, and as many rounds as there is time for', () => {
    expect(plannerOf({ hedge: { delay: 70 } })(READ)).toMatchObject({ hedge: { delay: 70 }, rounds: Infinity })
  })

  test('behavior: the delay of the method goes before that of the list', () => {
    const methods = { eth_getBalance: { hedge: { delay: 30 } } }
    expect(plannerOf({ hedge: { delay: 70 }, methods })(READ).hedge).toEqual({ delay: 30 })
    expect(plannerOf({ hedge: false, methods })(READ).hedge).toEqual({ delay: 30 })
    expect(plannerOf({ hedge: false })(READ).hedge).toBeUndefined()
  })

  test('behavior: none of one provider that is asked alone, in at most four rounds; as ever where others may be asked too', () => {
    const plan = plannerOf()
    expect(plan(READ, { provider: 'p1' })).toMatchObject({ isPinned: true, hedge: undefined, rounds: 4 })
    const open = plan(READ, { provider: 'p1', allowFailover: true })
    expect(open).toMatchObject({ isPinned: false, hedge: { delay: undefined }, rounds: Infinity })
    expect(plan(READ, { channel: 'ws' })).toMatchObject({ isPinned: false, rounds: Infinity })
  })

  test('behavior: none of a wallet, in one round', () => {
    expect(plannerOf()(WALLET)).toMatchObject({ hedge: undefined, rounds: 1 })
  })

  test('behavior: none of logs that are wide', () => {
    const plan = plannerOf()
    const logs = (toBlock: string) => plan({ method: 'eth_getLogs', params: [{ fromBlock: '0x0', toBlock }] })
    expect([logs('0x3e8').hedge, logs('0x3e7').hedge]).toEqual([undefined, { delay: undefined }])
  })
})

describe('what is kept', () => {
  test('behavior: one plan for a method, and one where its params make it heavy', () => {
    const plan = plannerOf()
    expect(plan(READ)).toBe(plan({ ...READ, params: ['0xb', 'latest'] }))
    const heavy = () => plan({ method: 'eth_call', params: [{}, 'latest', { '0x0': {} }] })
    expect(heavy()).toBe(heavy())
    expect(heavy().base).toBe(plan({ method: 'eth_call', params: [{}, 'latest'] }))
  })

  test('behavior: what is asked for one request holds for that one', () => {
    const plan = plannerOf()
    expect(plan(READ, { timeout: 30 }).timeout).toBe(30)
    expect(plan(READ).timeout).toBe(10_000)
    const heavy = { method: 'eth_call', params: [{}, 'latest', { '0x0': {} }] }
    expect([plan(heavy, { timeout: 30 }).timeout, plan(heavy).timeout]).toEqual([30, 10_000])
  })

  test('behavior: of two old blocks, each by itself', () => {
    const plan = plannerOf()
    const at = (block: string) => plan({ method: 'eth_getBalance', params: ['0xa', block] }).need.old?.block
    expect([at('0x5'), at('0x6')]).toEqual([5, 6])
  })

  test('behavior: a route while nothing has changed that it depends on, unless the strategy looks at more than the list', () => {
    const routeOf = (plan: Plan, version: number) =>
      keptRoute(plan, { channels: [], ranking: { rank: (_, channels) => channels }, heads, version }, 0)
    const heads = { best: () => undefined } as unknown as Heads
    const plan = plannerOf()(READ)
    const route = routeOf(plan, 1)
    expect([routeOf(plan, 1) === route, routeOf(plan, 2) === route]).toEqual([true, false])
    const other = plannerOf({ strategy: 'fastest' })(READ)
    expect(routeOf(other, 1)).not.toBe(routeOf(other, 1))
  })

  test('behavior: names that are made up do not pile up: past 500 they are planned anew', () => {
    const plan = plannerOf()
    for (let index = 0; index < 499; index++) plan({ method: `made_up${index}` })
    expect(plan(READ)).toBe(plan(READ))
    expect(plan(WALLET)).not.toBe(plan(WALLET))
    expect(plan(READ)).toBe(plan(READ))
  })
})

describe('what with() has set', () => {
  test('behavior: it holds for all requests, unless one asks for something else', () => {
    const plan = plannerOf({}, { provider: 'p1', exclude: ['p3'], channel: 'ws', strategy: 'fastest' })
    expect(plan(READ)).toMatchObject({ provider: 'p1', exclude: ['p3'], channel: 'ws', strategy: 'fastest' })
    expect(plan(READ, { provider: 'p2' })).toMatchObject({ provider: 'p2', exclude: ['p3'], channel: 'ws' })
    expect(plan(READ, { provider: undefined, timeout: 30 })).toMatchObject({ provider: 'p1', timeout: 30 })
  })

  test('behavior: clients with the same settings share their plans, those with others, or of another engine, do not', () => {
    const plannerFor = createPlanners({})
    const [one, other] = [{}, {}]
    const planner = plannerFor(one, planSettings)
    expect(plannerFor(one, { ...planSettings })).toBe(planner)
    expect(plannerFor(one, { ...planSettings, timeout: 1 })).not.toBe(planner)
    expect(plannerFor(one, { ...planSettings, rounds: 1 })).not.toBe(planner)
    expect(plannerFor(other, planSettings)).not.toBe(planner)
    expect(plannerFor(one, planSettings)).toBe(planner)
  })
})

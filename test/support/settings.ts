// The library's defaults in the form that the parts below the options take, so that tests name only what they are about.

import type { EngineSetup } from '../../src/engine'
import type { ProviderSetup } from '../../src/provider/provider'
import type { PlanSettings } from '../../src/request/plan'

export const planSettings: PlanSettings = {
  strategy: 'priority',
  methods: {},
  timeout: 10_000,
  isTimeoutGiven: false,
  hedge: {},
  rounds: Infinity,
  seesDepth: () => true,
}

export const engineSettings: Omit<EngineSetup, 'providers' | 'planner'> = {
  chainId: undefined,
  hasOwnSerializer: false,
  verifyChain: true,
  consistency: 'head',
  hedgeBudget: 20,
  retryBudget: 20,
  retryDelay: 150,
  waitForProvider: true,
  share: true,
  broadcast: 'first',
  logs: {},
  shouldThrow: undefined,
  verify: 'auto',
  mostFilled: { heads: 256, logs: 10_000 },
  pollingInterval: undefined,
  onClose: () => {},
}

/** The setup of the provider at an index of the list: p1, p2, ... over http. */
export function providerSetup(index: number, given: Partial<ProviderSetup> = {}): ProviderSetup {
  return {
    id: `p${index + 1}`,
    priority: index,
    weight: 1,
    cost: 1,
    isBackup: false,
    isPrivate: false,
    isWallet: false,
    channels: ['http'],
    capabilities: {},
    limits: {},
    breaker: {},
    ...given,
  }
}

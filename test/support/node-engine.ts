// An engine whose providers are simulated nodes over one chain, on the manual clock, for code that follows the chain by
// requests.

import type { RpcRequest } from '../../src/types'
import type { Chain } from './chain'
import { createChain } from './chain'
import { RpcFault } from './chain-rpc'
import type { ChainStandpoint } from './chain-standpoint'
import { createStandpoint } from './chain-standpoint'
import type { Ended, TestEngine, TestEngineOptions, TestProvider, TestRequestOptions } from './engine'
import { createTestEngine } from './engine'
import { networkError, rpcError } from './errors'
import { createNode } from './node'
import type { LogLimits } from './node-logs'

export type EngineNode = ChainStandpoint & {
  /** How many blocks the node's head is behind that of the chain: always, or for each request by its method. */
  lag: number | ((method: string) => number)
  isDead: boolean
  limits: LogLimits | undefined
  /** How long each answer takes (in ms of the clock). */
  after: () => number | undefined
  /** Called before each answer. What it returns or throws takes the place of the answer. */
  before: (request: RpcRequest) => { readonly value: unknown } | undefined
  forgetFilters(): void
}

export type NodeEngine = TestEngine & {
  readonly chain: Chain
  readonly nodes: readonly EngineNode[]
  /** Makes a request, and moves the clock on until it has ended. */
  ask(method: string, params?: readonly unknown[], overrides?: TestRequestOptions): Promise<any>
}

export type NodeEngineOptions = {
  nodes?: number | readonly TestProvider[]
  chain?: Chain
  options?: TestEngineOptions['options']
}

export function createNodeEngine(given: NodeEngineOptions = {}): NodeEngine {
  const { nodes: providers = 2, chain = createChain(), options = {} } = given
  const engine = createTestEngine({ providers, options: { consistency: 'head', ...options } })
  const count = typeof providers === 'number' ? providers : providers.length
  const nodes = Array.from({ length: count }, (_, index) => {
    const own = createStandpoint(chain)
    const headOf = (method: string) =>
      Math.max(0, own.head.number - (typeof node.lag === 'number' ? node.lag : node.lag(method)))
    const inner = createNode({ chain: own, headOf: () => headOf('eth_getFilterChanges') })
    const node: EngineNode = Object.assign(own, {
      lag: 0,
      isDead: false,
      limits: undefined,
      after: () => undefined,
      before: () => undefined,
      forgetFilters: inner.forgetFilters,
    })
    const channel = engine.channel(`p${index + 1}`)
    const answer = async (request: RpcRequest) => {
      const { method, params = [] } = request
      const after = node.after()
      if (after !== undefined) await new Promise<void>((resolve) => void engine.clock.after(after, resolve))
      if (node.isDead) throw networkError()
      try {
        const view = { head: headOf(method), chainId: 1, logs: node.limits }
        const given = node.before(request)
        return given ? given.value : inner.answer(method, params as any[], view)
      } catch (error) {
        if (error instanceof RpcFault) throw rpcError(error.code, error.message, error.data)
        throw error
      }
    }
    channel.reply(answer)
    return node
  })

  async function ask(method: string, params?: readonly unknown[], overrides?: TestRequestOptions) {
    const seen = engine.start(method, params, overrides)
    await engine.clock.settle()
    while (!seen.ended) await engine.clock.advanceTo(engine.clock.nextAt as number)
    const { value, error } = seen.ended as Ended
    if (error) throw error
    return value as any
  }

  return { ...engine, chain, nodes, ask }
}

// Tells whether an EIP-1193 provider is connected, by `connect`, `disconnect` and `chainChanged`. Works only while one of
// these has a listener. Sends one small request when there is a reason to doubt: it has no timer, and repeats nothing.

import type { Hex } from 'viem'
import { numberToHex, ProviderDisconnectedError } from 'viem'
import { field } from '../base/fields'
import { TransportClosedError } from '../errors'
import type { Events } from '../events'
import type { FailoverValue } from '../value'
import type { ProviderPayloads } from './events'

export type ConnectionOptions = {
  readonly source: Pick<FailoverValue, 'request' | 'on' | 'status'>
  readonly events: Events<ProviderPayloads>
}

export type Connection = {
  /** Listeners were added or removed: begins or stops to watch. */
  follow(): void
  /** A request was answered. */
  onAnswer(method: string, result: unknown): void
  /** A request or a subscription failed. */
  onFailure(error: unknown): void
  /** An event of a subscription came. */
  onPush(): void
  close(): void
}

const NAMES = ['connect', 'disconnect', 'chainChanged'] as const
/** The error that shows that no provider could answer. Any error of a provider's own shows that it can be reached. */
const NOBODY = 'AllProvidersFailedError'

export function createConnection({ source, events }: ConnectionOptions): Connection {
  let state: 'unknown' | 'connected' | 'disconnected' | 'closed' = 'unknown'
  let chainId: Hex | undefined
  let isAsking = false
  let isChainInDoubt = false
  let unwatch: (() => void) | undefined

  function follow() {
    const isWanted = state !== 'closed' && NAMES.some(events.has)
    if (isWanted === (unwatch !== undefined)) return
    unwatch?.()
    unwatch = isWanted ? source.on('breaker', onBreaker) : undefined
    if (isWanted && state !== 'connected') void ask()
  }

  /** Asks, one request at a time. For a known chain it asks for the block number: `eth_chainId` would be answered locally. */
  async function ask() {
    if (isAsking || state === 'closed') return
    isAsking = true
    do {
      const isChain = isChainInDoubt || chainId === undefined
      isChainInDoubt = false
      try {
        const result = await source.request({ method: isChain ? 'eth_chainId' : 'eth_blockNumber' })
        if (isChain) learn(result)
        if (chainId !== undefined) connect(chainId)
      } catch (error) {
        isAsking = false
        isChainInDoubt ||= isChain
        if (field(error, 'name') === NOBODY) disconnect(error)
        else if (field(error, 'name') === 'TransportClosedError') close()
        return
      }
    } while (isChainInDoubt)
    isAsking = false
  }

  function connect(to: Hex) {
    if (!unwatch || state === 'connected' || state === 'closed') return
    state = 'connected'
    events.emit('connect', { chainId: to })
  }

  function disconnect(error: unknown) {
    if (!unwatch || state === 'disconnected' || state === 'closed') return
    state = 'disconnected'
    events.emit('disconnect', new ProviderDisconnectedError(error as Error))
  }

  function learn(value: unknown) {
    const id = toChainId(value)
    if (!unwatch || id === undefined || id === chainId) return
    const isChange = chainId !== undefined && state === 'connected'
    chainId = id
    if (isChange) events.emit('chainChanged', id)
  }

  function onAnswer(method: string, result: unknown) {
    if (!unwatch) return
    // Answers may come out of order. So an answer with another chain only raises doubt, and our own request decides.
    const isSwitch = /^wallet_(switch|add)EthereumChain$/.test(method)
    const isOther = method === 'eth_chainId' && chainId !== undefined && toChainId(result) !== chainId
    if (isSwitch || isOther) isChainInDoubt = true
    if (isChainInDoubt || state !== 'connected') void ask()
  }

  function onFailure(error: unknown) {
    if (!unwatch) return
    if (field(error, 'name') === 'TransportClosedError') close()
    else if (state === 'connected' && field(error, 'name') === NOBODY) isDark() ? disconnect(error) : void ask()
  }

  function onPush() {
    if (unwatch && state === 'disconnected') void ask()
  }

  /** For programs that only subscribe, the breakers are the only sign. */
  function onBreaker({ to }: { readonly to: string }) {
    if (state === 'connected' ? to === 'open' && isDark() : to === 'closed') void ask()
  }

  /** Whether the breaker of every usable channel is open. */
  function isDark() {
    return source
      .status()
      .providers.every(
        ({ wrongChain, channels }) =>
          wrongChain || Object.values(channels).every(({ breaker }) => breaker.state !== 'closed'),
      )
  }

  function close() {
    disconnect(new TransportClosedError())
    state = 'closed'
    follow()
  }

  return { follow, onAnswer, onFailure, onPush, close }
}

function toChainId(value: unknown): Hex | undefined {
  const id = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? numberToHex(id) : undefined
}

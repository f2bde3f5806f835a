// Whether an EIP-1193 provider is connected, told as `connect`, `disconnect` and `chainChanged`. Only while somebody listens to
// one of them, and by the answer to one small question, asked when there is a reason to doubt: no timer, nothing repeated.

import type { Hex } from 'viem'
import { numberToHex, ProviderDisconnectedError } from 'viem'
import { TransportClosedError } from '../errors'
import type { Events } from '../events'
import type { FailoverValue } from '../value'
import type { ProviderPayloads } from './events'

export type ConnectionOptions = {
  readonly source: Pick<FailoverValue, 'request' | 'on' | 'status'>
  readonly events: Events<ProviderPayloads>
}

export type Connection = {
  /** Listeners have come or gone. */
  follow(): void
  /** A request was answered. */
  onAnswer(method: string, result: unknown): void
  /** A request failed. */
  onFailure(error: unknown): void
  /** Something was pushed. */
  onPush(): void
  close(): void
}

const NAMES = ['connect', 'disconnect', 'chainChanged'] as const
/** Nobody of the list could answer. What a provider says itself, errors included, is an answer. */
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

  /** One question at a time. What is asked goes to the providers: an `eth_chainId` that is verified is answered by the library. */
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
        if (nameOf(error) === NOBODY) disconnect(error)
        else if (nameOf(error) === 'TransportClosedError') close()
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
    // Answers may come in another order than they were asked for: only our own questions, one by one, tell of a change.
    const isSwitch = /^wallet_(switch|add)EthereumChain$/.test(method)
    const isOther = method === 'eth_chainId' && chainId !== undefined && toChainId(result) !== chainId
    if (isSwitch || isOther) isChainInDoubt = true
    if (isChainInDoubt || state !== 'connected') void ask()
  }

  function onFailure(error: unknown) {
    if (!unwatch) return
    if (nameOf(error) === 'TransportClosedError') close()
    else if (state === 'connected' && nameOf(error) === NOBODY) isDark() ? disconnect(error) : void ask()
  }

  function onPush() {
    if (unwatch && state === 'disconnected') void ask()
  }

  /** Where nothing but subscriptions is used, only breakers tell. */
  function onBreaker({ to }: { readonly to: string }) {
    if (state === 'connected' ? to === 'open' && isDark() : to === 'closed') void ask()
  }

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

function nameOf(error: unknown) {
  return (error as Error | undefined)?.name ?? ''
}

function toChainId(value: unknown): Hex | undefined {
  const id = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? numberToHex(id) : undefined
}

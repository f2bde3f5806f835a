// The events of an EIP-1193 provider: names and payloads. Types only.

import type { Address, Hex, ProviderRpcError } from 'viem'

/**
 * The payload of `message` (EIP-1193). `eth_subscription`: an event of a subscription, in the shape in which nodes push it.
 * `eth_subscription_error`: an error of a subscription: a gap could not be filled (`SubscriptionGapError`), no provider serves it
 * any more, or it has ended because the transport was closed. Programs that know only the first type can ignore it.
 */
export type ProviderMessage =
  | { readonly type: 'eth_subscription'; readonly data: { readonly subscription: Hex; readonly result: unknown } }
  | { readonly type: 'eth_subscription_error'; readonly data: { readonly id: Hex; readonly error: unknown } }

/** The events of an EIP-1193 provider and their listeners, in the form of viem's `EIP1193EventMap`. */
export type ProviderEventMap = {
  /** A provider of the list answers: for the first time, or again after `disconnect`. */
  connect: (info: { readonly chainId: Hex }) => void
  /** No provider answers any more, or this one was closed (code 4900). Never emitted twice without a `connect` in between. */
  disconnect: (error: ProviderRpcError) => void
  /** `eth_chainId` has changed. It can change only where a wallet of the list moves to another chain. */
  chainChanged: (chainId: Hex) => void
  /** Never emitted: listen to the wallet itself for its accounts. It is here so that programs may listen to it. */
  accountsChanged: (accounts: Address[]) => void
  /** An event or an error of a subscription. */
  message: (message: ProviderMessage) => void
}

/** The name of an event of an EIP-1193 provider. */
export type ProviderEventName = keyof ProviderEventMap

/** The payload of each event, which its listeners get. */
export type ProviderPayloads = { [name in ProviderEventName]: Parameters<ProviderEventMap[name]>[0] }

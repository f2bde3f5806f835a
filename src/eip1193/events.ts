// What an EIP-1193 provider tells: names and payloads. Types only.

import type { Address, Hex, ProviderRpcError } from 'viem'

/**
 * `eth_subscription`: an event of a subscription, in the shape of the node.
 * `eth_subscription_error`: what a subscription has to tell beside its events: its source was lost, a gap could not be
 * filled, or it is over because the transport was closed. Programs that know only the first kind take no notice.
 */
export type ProviderMessage =
  | { readonly type: 'eth_subscription'; readonly data: { readonly subscription: Hex; readonly result: unknown } }
  | { readonly type: 'eth_subscription_error'; readonly data: { readonly id: Hex; readonly error: unknown } }

/** The events of an EIP-1193 provider and their listeners, in the form of viem's `EIP1193EventMap`. */
export type ProviderEventMap = {
  /** A provider of the list answers on the chain: for the first time, or again after `disconnect`. */
  connect: (info: { readonly chainId: Hex }) => void
  /** Nothing answers any more, or it was closed (code 4900). Never twice without a `connect` in between. */
  disconnect: (error: ProviderRpcError) => void
  /** `eth_chainId` is another one than before: only without a chain, where a wallet may move. */
  chainChanged: (chainId: Hex) => void
  /** Never comes: who watches a wallet's accounts listens to the wallet. Programs may listen to it all the same. */
  accountsChanged: (accounts: Address[]) => void
  message: (message: ProviderMessage) => void
}

export type ProviderEventName = keyof ProviderEventMap

/** What listeners get. */
export type ProviderPayloads = { [name in ProviderEventName]: Parameters<ProviderEventMap[name]>[0] }

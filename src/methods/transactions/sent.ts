// What was sent through one engine in the last minute: who took it, and which nonces its senders have used. Asks nobody.

import type { Hex } from 'viem'
import { parseTransaction, recoverTransactionAddress } from 'viem'
import type { Clock } from '../../base/clock'
import { payloadOf } from './hash'

export type Sent = {
  readonly hash: Hex
  /** Id of the provider that took it. */
  readonly provider: string
  readonly nonce: number
}

export type SentTransactions = {
  /** Notes that `provider` took these bytes. */
  add(hash: Hex, provider: string, bytes: unknown): void
  isEmpty(): boolean
  /** Who took the transaction; `undefined` if it was not sent from here, or long ago. */
  takerOf(hash: string): string | undefined
  /** What the address has sent, the highest nonce first. */
  by(address: string): Promise<Sent[]>
  /** The transaction turned out to be gone. */
  forget(hash: Hex): void
  clear(): void
}

type Entry = Sent & { readonly at: number; sender: Promise<string | undefined> | undefined; payload: Hex | undefined }

/** How long it is remembered (in ms). */
const REMEMBERED = 60_000
/** The newest; recovering a sender costs about a millisecond. */
const MOST = 256

export function createSentTransactions(clock: Clock): SentTransactions {
  const entries = new Map<string, Entry>()

  function forgetOld() {
    const now = clock.now()
    for (const [hash, { at }] of entries) {
      if (now - at < REMEMBERED && entries.size <= MOST) return
      entries.delete(hash)
    }
  }

  return {
    add(hash, provider, bytes) {
      const payload = payloadOf(bytes)
      entries.delete(hash)
      if (payload)
        entries.set(hash, { hash, provider, nonce: nonceOf(payload), at: clock.now(), sender: undefined, payload })
      forgetOld()
    },
    isEmpty: () => entries.size === 0,
    takerOf(hash) {
      forgetOld()
      return entries.get(hash)?.provider
    },
    async by(address) {
      forgetOld()
      const all = [...entries.values()].filter(({ nonce }) => nonce >= 0)
      const senders = await Promise.all(all.map(senderOf))
      return all.filter((_, index) => senders[index] === address.toLowerCase()).sort((a, b) => b.nonce - a.nonce)
    },
    forget: (hash) => void entries.delete(hash),
    clear: () => entries.clear(),
  }
}

/** -1 for bytes that are no transaction. */
function nonceOf(payload: Hex): number {
  try {
    return parseTransaction(payload).nonce ?? 0
  } catch {
    return -1
  }
}

/** Worked out when it is first asked for: whoever counts nonces for himself does not pay for it. */
function senderOf(entry: Entry): Promise<string | undefined> {
  const { payload } = entry
  entry.payload = undefined
  entry.sender ??= recoverTransactionAddress({ serializedTransaction: payload as never }).then(
    (address) => address.toLowerCase(),
    () => undefined, // a signature that is none: nobody's
  )
  return entry.sender
}

// What was sent through one engine in the last minute: who took it, and which nonces its senders have used. Asks nobody.

import type { Hex } from 'viem'
import { parseTransaction, recoverTransactionAddress } from 'viem'
import type { Clock } from '../../base/clock'
import { createRecent } from '../../base/recent'

export type Sent = {
  readonly hash: Hex
  /** Id of the provider that took it. */
  readonly provider: string
  readonly nonce: number
}

export type SentTransactions = {
  /** Notes that `provider` took the transaction. @param payload the signed bytes that its hash is computed from */
  add(hash: Hex, provider: string, payload: Hex): void
  /** Who took the transaction; `undefined` if it was not sent from here, or long ago. */
  takerOf(hash: string): string | undefined
  /** What the address (in lower case) has sent, the highest nonce first. */
  by(address: string): Promise<Sent[]>
  /** The transaction turned out to be gone. */
  forget(hash: Hex): void
  clear(): void
}

type Signed = Sent & { readonly sender: string }

type Entry = {
  readonly provider: string
  /** Computed at the first call: a caller that counts nonces itself does not pay for it. */
  signed(): Promise<Signed | undefined>
}

/** How long a transaction is remembered (in ms). */
export const REMEMBERED = 60_000
/** Most transactions that are remembered, the newest ones: recovering a sender costs about a millisecond. */
const MOST = 256

export function createSentTransactions(clock: Clock): SentTransactions {
  const entries = createRecent<Entry>(MOST, REMEMBERED)

  return {
    add(hash, provider, payload) {
      let signed: Promise<Signed | undefined> | undefined
      entries.set(hash, { provider, signed: () => (signed ??= read(hash, provider, payload)) }, clock.now())
    },
    takerOf: (hash) => entries.get(hash, clock.now())?.provider,
    async by(address) {
      const all = await Promise.all(entries.all(clock.now()).map(([, entry]) => entry.signed()))
      return all.filter((one): one is Signed => one?.sender === address).sort((a, b) => b.nonce - a.nonce)
    },
    forget: entries.delete,
    clear: entries.clear,
  }
}

/** `undefined` for bytes that are no transaction, and for a signature that is not valid. */
async function read(hash: Hex, provider: string, payload: Hex): Promise<Signed | undefined> {
  try {
    const { nonce = 0 } = parseTransaction(payload)
    const sender = await recoverTransactionAddress({ serializedTransaction: payload as never })
    return { hash, provider, nonce, sender: sender.toLowerCase() }
  } catch {
    return undefined
  }
}

// Whether any provider answers and is on the client's chain: `ready()` waits for that.

import type { Parts } from './flight'
import type { Face } from './route/plan'
import { askUpkeep, UPKEEP_LIMIT } from './upkeep/upkeep'
import { checkChain } from './upkeep/verify-chain'

/**
 * Resolves with `true` at the first provider that is, with `false` if none is; if no chain is checked, with whether any gives an
 * answer. Rejects if the engine is closed.
 */
export async function verifyAny(parts: Parts, { channels }: Face): Promise<boolean> {
  if (parts.closed) throw parts.closed
  // The checks do not keep the process alive, but here a caller waits for them: this timer does.
  const wait = parts.clock.after(UPKEEP_LIMIT, () => {})
  const checks = parts.channels.map(async (channel) => {
    const { chain, setup } = channel.provider
    if (parts.chainId === undefined) return askUpkeep(channel, channels, parts, { method: 'eth_chainId' })
    // A wallet may have changed its chain since the last check.
    if (chain.state === 'unknown' || setup.isWallet) await checkChain(channel, channels, parts)
    if (chain.state !== 'verified') throw new Error('not verified')
  })
  try {
    await Promise.any(checks)
    return true
  } catch {
    return false // no provider is verified
  } finally {
    wait.cancel()
  }
}

// Whether any provider is there and on the client's chain: what `ready()` waits for.

import type { Parts } from './flight'
import { fly } from './pipeline'
import type { Face } from './route/plan'
import { UPKEEP_LIMIT } from './upkeep/upkeep'
import { checkChain } from './upkeep/verify-chain'

/** Resolves with `true` at the first one that is; with `false` when none was. Rejects once the engine is closed. */
export async function verifyAny(parts: Parts, face: Face): Promise<boolean> {
  if (parts.closed) throw parts.closed
  if (parts.chainId === undefined) return isAnyAlive(parts, face)
  // The checks keep no process alive, but here a caller waits for them.
  const wait = parts.clock.after(UPKEEP_LIMIT, () => {})
  const checks = parts.channels.map(async (channel) => {
    const { chain, setup } = channel.provider
    // A wallet may have moved.
    if (chain.state === 'unknown' || setup.isWallet) await checkChain(channel, face.channels, parts)
    if (chain.state !== 'verified') throw new Error('not verified')
  })
  try {
    await Promise.any(checks)
    return true
  } catch {
    return false // none of them is
  } finally {
    wait.cancel()
  }
}

/** Without a chain to check, an answer is all there is to ask for. */
async function isAnyAlive(parts: Parts, { channels, planner }: Face): Promise<boolean> {
  const question = { method: 'eth_chainId' }
  try {
    await fly(parts, { channels, request: question, plan: { ...planner(question), isInner: true } })
    return true
  } catch (error) {
    if ((error as Error).name === 'TransportClosedError') throw error
    return false // asked again, for as long as the caller waits
  }
}

// Whether any provider answers and is on the client's chain: `ready()` waits for that.

import type { Parts } from './flight'
import { fly } from './pipeline'
import type { Face } from './route/plan'
import { UPKEEP_LIMIT } from './upkeep/upkeep'
import { checkChain } from './upkeep/verify-chain'

/** Resolves with `true` at the first provider that is, with `false` if none is. Rejects if the engine is closed. */
export async function verifyAny(parts: Parts, face: Face): Promise<boolean> {
  if (parts.closed) throw parts.closed
  if (parts.chainId === undefined) return isAnyAlive(parts, face)
  // The checks do not keep the process alive, but here a caller waits for them: this timer does.
  const wait = parts.clock.after(UPKEEP_LIMIT, () => {})
  const checks = parts.channels.map(async (channel) => {
    const { chain, setup } = channel.provider
    // A wallet may have changed its chain since the last check.
    if (chain.state === 'unknown' || setup.isWallet) await checkChain(channel, face.channels, parts)
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

/** If no chain is checked: whether any provider gives an answer. */
async function isAnyAlive(parts: Parts, { channels, planner }: Face): Promise<boolean> {
  const question = { method: 'eth_chainId' }
  try {
    await fly(parts, { channels, request: question, plan: { ...planner(question), isInner: true } })
    return true
  } catch (error) {
    if ((error as Error).name === 'TransportClosedError') throw error
    return false // `ready()` asks again, for as long as its caller waits
  }
}

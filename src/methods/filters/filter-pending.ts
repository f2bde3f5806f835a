// Filters of pending transactions: one provider keeps each, since what was pending cannot be asked for later. If it cannot be
// asked any more, or has forgotten it, the filter goes on at another provider. Each transaction is told once.

import { createNovelty } from '../../base/novelty'
import { barredFrom } from '../../request/route/route'
import { keyOfPending } from '../../rpc/pending'
import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import { isOver, shareOf } from '../calls'
import type { Filter } from './filter'
import type { FilterAsking } from './filter-asking'

type Owner = {
  readonly provider: string
  readonly id: unknown
  /** It has told something of it: behind one address there may be nodes that do not know of each other's. */
  isProven: boolean
}

const MOST_TOLD = 2_000
const CHANGES = 'eth_getFilterChanges'

/** @param opening who asks for it, and how. */
export async function openPendingFilter(
  { ask }: FilterAsking,
  { clock, planOf, providers }: Calls,
  opening: Caller,
  request: RpcRequest,
): Promise<Filter> {
  /** Who may not be asked for its changes cannot keep it. */
  const mute = barredFrom(planOf({ method: CHANGES }), providers)
  let owner = await openAtOne(opening)
  const isNew = createNovelty(MOST_TOLD)
  /** Filters that could not be uninstalled where the owner was before. */
  const left = new Map<string, Owner>()
  let isClosed = false

  async function openAtOne(caller: Caller, exclude: readonly string[] = []): Promise<Owner> {
    const { value, by } = await ask(caller, request, { exclude: [...mute, ...exclude] })
    return { provider: by.id, id: value, isProven: false }
  }

  async function changes(caller: Caller) {
    const before = owner
    let failed: unknown
    try {
      const part = caller.limits.isPinned ? caller : shareOf(clock.now(), caller)
      const { value } = await ask(part, requestOf(CHANGES, before), { provider: before.provider })
      if (Array.isArray(value)) {
        before.isProven = true
        return value.filter((told) => isNew(keyOfPending(told)))
      }
    } catch (error) {
      if (isOver(caller, error)) throw error
      failed = error
    }
    // What was pending meanwhile cannot be asked for again.
    if (owner === before) await moveOn(caller, failed)
    return []
  }

  async function moveOn(caller: Caller, failed: unknown) {
    const before = owner
    // Whoever has forgotten it may be given it anew; one that is down would fail again, and one that never had it may.
    const isDown = nameOf(failed) === 'AllProvidersFailedError'
    const isElsewhere = isDown || !before.isProven
    const next = await openAtOne(caller, isElsewhere ? [before.provider] : []).catch((error) => {
      if (!isDown && isElsewhere && !isOver(caller, error)) return openAtOne(caller)
      throw nameOf(error) === 'NoProviderError' ? failed : error
    })
    // Another poll was quicker, or nobody wants it any more.
    if (isClosed || owner !== before) return void uninstall(caller, next)
    owner = next
    void uninstall(caller, before)
  }

  /** Nobody waits for one that is down; it may have forgotten it. Never rejects. */
  async function uninstall(caller: Caller, old: Owner) {
    const { provider } = old
    left.set(provider, old)
    try {
      await ask(caller, requestOf('eth_uninstallFilter', old), { provider, isOneShot: true })
      if (left.get(provider) === old) left.delete(provider)
    } catch {
      // It is tried again when the filter is uninstalled.
    }
  }

  return {
    changes,
    close(caller) {
      isClosed = true
      return Promise.all([...left.values(), owner].map((old) => uninstall(caller, old)))
    },
  }
}

function nameOf(error: unknown) {
  return (error as Error | undefined)?.name
}

function requestOf(method: string, { id }: Owner): RpcRequest {
  return { method, params: [id] }
}

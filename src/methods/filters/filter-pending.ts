// Filters of pending transactions: one provider keeps each, since what was pending cannot be asked for later. If it cannot be
// asked any more, or has forgotten it, the filter goes on at another provider. Each transaction is told once.

import { field } from '../../base/fields'
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
  /** Whether it has ever answered a poll: nodes behind one address may not know each other's filters. */
  isProven: boolean
}

/** Most transactions that are remembered, so that each is told once. */
const MOST_TOLD = 2_000
const CHANGES = 'eth_getFilterChanges'

/** @param opening the caller that makes the filter. */
export async function openPendingFilter(
  { ask }: FilterAsking,
  { clock, planOf, providers }: Calls,
  opening: Caller,
  request: RpcRequest,
): Promise<Filter> {
  /** Ids of providers that cannot keep the filter, as they may not be asked for its changes. */
  const mute = barredFrom(planOf({ method: CHANGES }), providers)
  let owner = await openAtOne(opening)
  const isNew = createNovelty(MOST_TOLD)
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
    // Another filter goes on from now; what was pending meanwhile cannot be asked for later.
    if (owner === before) await moveOn(caller, failed)
    return []
  }

  async function moveOn(caller: Caller, failed: unknown) {
    const before = owner
    // A provider that has forgotten its filter may make another. One that is down, or never answered a poll, may fail again.
    const isDown = field(failed, 'name') === 'AllProvidersFailedError'
    const isElsewhere = isDown || !before.isProven
    const next = await openAtOne(caller, isElsewhere ? [before.provider] : []).catch((error) => {
      if (!isDown && isElsewhere && !isOver(caller, error)) return openAtOne(caller)
      throw failed && field(error, 'name') === 'NoProviderError' ? failed : error
    })
    // Another poll was quicker, or the filter is closed.
    if (isClosed || owner !== before) return void uninstall(caller, next)
    owner = next
    void uninstall(caller, before)
  }

  /** Best effort: a provider that is down is not waited for. It drops a filter that nobody polls by itself. Never rejects. */
  function uninstall(caller: Caller, old: Owner) {
    const { provider } = old
    return ask(caller, requestOf('eth_uninstallFilter', old), { provider, isOneShot: true }).catch(() => {})
  }

  return {
    changes,
    close(caller) {
      isClosed = true
      return uninstall(caller, owner)
    },
  }
}

function requestOf(method: string, { id }: Owner): RpcRequest {
  return { method, params: [id] }
}

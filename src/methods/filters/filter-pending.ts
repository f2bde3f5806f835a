// Filters of pending transactions: one provider keeps each, since what was pending cannot be asked for later. If it cannot be
// asked any more, or has forgotten it, the filter goes on at another provider. Each transaction is told once.

import type { RpcRequest } from '../../types'
import type { Caller, Calls } from '../calls'
import { isOver, shareOf } from '../calls'
import type { FilterAsking } from './filter-asking'

export type PendingFilter = {
  /** As it was asked for. */
  readonly request: RpcRequest
  owner: Owner
  /** Hashes that were told, the newest. */
  readonly told: Set<string>
  /** Filters that could not be uninstalled where the owner was before. */
  readonly left: Map<string, Owner>
  isClosed: boolean
}

type Owner = { readonly provider: string; readonly id: unknown }

export type PendingFilters = {
  open(caller: Caller, request: RpcRequest): Promise<PendingFilter>
  changes(caller: Caller, filter: PendingFilter): Promise<readonly unknown[]>
  /** Uninstalls it wherever it is. */
  close(caller: Caller, filter: PendingFilter): Promise<void>
}

const MOST_TOLD = 2_000

export function createPendingFilters({ ask, answer }: FilterAsking, { clock }: Calls): PendingFilters {
  async function openAtOne(caller: Caller, request: RpcRequest, exclude?: readonly string[]): Promise<Owner> {
    const { value, by } = await answer(caller, request, { exclude })
    return { provider: by.id, id: value }
  }

  async function changes(caller: Caller, filter: PendingFilter) {
    const { owner } = filter
    let failed: unknown
    try {
      const part = caller.limits.isPinned ? caller : shareOf(clock.now(), caller)
      const found = await ask(part, requestOf('eth_getFilterChanges', owner), { provider: owner.provider })
      if (Array.isArray(found)) return found.filter((transaction) => isNew(filter.told, transaction))
    } catch (error) {
      if (isOver(caller, error)) throw error
      failed = error
    }
    // What was pending meanwhile cannot be asked for again.
    if (filter.owner === owner) await moveOn(caller, filter, failed)
    return []
  }

  async function moveOn(caller: Caller, filter: PendingFilter, failed: unknown) {
    const { owner: before } = filter
    // Whoever has forgotten it may be given it anew; one that is down would fail again.
    const isDown = nameOf(failed) === 'AllProvidersFailedError'
    const owner = await openAtOne(caller, filter.request, isDown ? [before.provider] : []).catch((error) => {
      throw nameOf(error) === 'NoProviderError' ? failed : error
    })
    // Another poll was quicker, or nobody wants it any more.
    if (filter.isClosed || filter.owner !== before) return void uninstall(caller, filter, owner)
    filter.owner = owner
    void uninstall(caller, filter, before)
  }

  /** Nobody waits for one that is down; it may have forgotten it. Never rejects. */
  async function uninstall(caller: Caller, { left }: PendingFilter, owner: Owner) {
    const { provider } = owner
    left.set(provider, owner)
    try {
      await ask(caller, requestOf('eth_uninstallFilter', owner), { provider, isOneShot: true })
      if (left.get(provider) === owner) left.delete(provider)
    } catch {
      // It is tried again when the filter is uninstalled.
    }
  }

  return {
    async open(caller, request) {
      const owner = await openAtOne(caller, request)
      return { request, owner, told: new Set(), left: new Map(), isClosed: false }
    },
    changes,
    async close(caller, filter) {
      filter.isClosed = true
      await Promise.all([...filter.left.values(), filter.owner].map((owner) => uninstall(caller, filter, owner)))
    },
  }
}

function nameOf(error: unknown) {
  return (error as Error | undefined)?.name
}

function requestOf(method: string, { id }: Owner): RpcRequest {
  return { method, params: [id] }
}

/** @param transaction its hash, or all of it */
function isNew(told: Set<string>, transaction: unknown): boolean {
  const hash = ((transaction as { hash?: unknown } | null)?.hash ?? transaction) as string
  if (told.has(hash)) return false
  told.add(hash)
  if (told.size > MOST_TOLD) told.delete(told.values().next().value as string)
  return true
}

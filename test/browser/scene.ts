// One tab with the dapp over real nodes, each behind a proxy that can break, and the judgement of what the page showed.

import type { Address, Hash } from 'viem'
import { hexToBigInt } from 'viem'
import { inject } from 'vitest'
import type { Chain } from '../../examples/dapp/network/chain'
import { startChain } from '../../examples/dapp/network/chain'
import { balanceSlot, token } from '../../examples/dapp/network/token'
import { askNode } from '../../examples/nodes'
import type { FlakyProxy } from '../support/flaky-proxy'
import { createFlakyProxy } from '../support/flaky-proxy'
import type { Chromium } from './chromium'
import type { DappPage } from './dapp-page'
import { openDapp } from './dapp-page'
import type { Page } from './site'

type Proxy = Pick<FlakyProxy, 'url' | 'wsUrl' | 'close'>

export type Scene<proxy extends Proxy = FlakyProxy> = {
  readonly chain: Chain
  readonly proxies: readonly proxy[]
  readonly page: DappPage
  /** A block with so many transfers. */
  mine(transfers?: number): Promise<void>
  /** The same, and waits until the page shows all of it. */
  show(transfers?: number): Promise<void>
  /** A block every so many ms, until the off-function is called. */
  run(every: number): () => Promise<void>
  /** The tokens of the account that is shown. */
  tokens(): Promise<bigint>
  /** Every block since the page went live and every transfer once, in order, and no complaints: what is not so. */
  judge(): Promise<Record<string, unknown>>
  [Symbol.asyncDispose](): Promise<void>
}

export type SceneOptions = {
  readonly chromium: Chromium
  readonly page?: Page | undefined
  /** How many providers: `p1`, `p2`, ... @default 2 */
  readonly count?: number | undefined
  /** @default both */
  readonly ways?: 'http' | 'ws' | undefined
}

/** Resolves when both streams of the page are live. */
export function openScene(options: SceneOptions): Promise<Scene> {
  return openSceneOver((url) => createFlakyProxy(url), options)
}

/** @param createProxy what stands between the page and a node, by the URL of that */
export async function openSceneOver<proxy extends Proxy>(
  createProxy: (url: string) => Promise<proxy>,
  { chromium, page: name = 'dapp', count = 2, ways }: SceneOptions,
): Promise<Scene<proxy>> {
  const chain = await startChain(count)
  const proxies = await Promise.all(chain.nodes.map(({ url }) => createProxy(url)))
  const account = chain.accounts[3] as Address
  const tab = await chromium.context.newPage()

  async function close() {
    await chromium.context.setOffline(false)
    await tab.close()
    await Promise.all([...proxies, chain].map((one) => one.close()))
  }

  const transfer = (_: unknown, index: number) => {
    return { from: chain.accounts[index % 3] as Address, to: account, amount: BigInt(index + 1) }
  }
  const mine = async (transfers = 1) => void (await chain.mine(...Array.from({ length: transfers }, transfer)))

  try {
    await mine(2) // what was before the page came
    const providers = proxies.map(({ url, wsUrl }, index) => listed(`p${index + 1}`, url, wsUrl, ways))
    const page = await openDapp(tab, dappUrl(name, providers, account))
    await goLive(page, chain)
    const first = (await page.shown()).heads[0] as Hash

    return {
      chain,
      proxies,
      page,
      mine,
      async show(transfers) {
        await mine(transfers)
        const { heads, logs } = await chain.truth(0)
        await page.reached(heads.at(-1) as string, logs.at(-1))
      },
      run(every) {
        const timer = setInterval(() => void mine(), every)
        return async () => {
          clearInterval(timer)
          await mine()
        }
      },
      tokens: async () =>
        hexToBigInt(await askNode(chain.nodes[0]!.url, 'eth_getStorageAt', [token, balanceSlot(account), 'latest'])),
      async judge() {
        const truth = await chain.truth(0)
        await page.reached(truth.heads.at(-1) as string, truth.logs.at(-1))
        const { heads, logs } = await page.shown()
        const expected = truth.heads.slice(truth.heads.indexOf(first))
        return wrongOf({ heads: [heads, expected], logs: [logs, truth.logs], complaints: [page.complaints, []] })
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

export function dappUrl(name: Page, providers: readonly string[], account: Address): string {
  const query = new URLSearchParams(providers.map((provider) => ['provider', provider]))
  query.set('token', token)
  query.set('account', account)
  return `${inject('site')}/${name}/?${query}`
}

function listed(id: string, http: string, ws: string, ways: SceneOptions['ways']) {
  return [id, ...(ways === 'ws' ? [] : [http]), ...(ways === 'http' ? [] : [ws])].join(',')
}

/**
 * Blocks come until one of them is shown: from then on none may be missed. The next one comes when the page knows of the
 * last, or there would be more of them than the page shows.
 */
async function goLive({ tab, shown }: DappPage, chain: Chain) {
  await tab.waitForFunction(() => document.querySelectorAll('[data-state="live"], [data-state="polling"]').length >= 2)
  while ((await shown()).heads.length === 0) {
    const height = await chain.mine()
    await tab.waitForFunction(
      (least) => Number(document.querySelector<HTMLElement>('[data-height]')?.dataset.height) >= least,
      height,
    )
  }
}

/** Only what differs, so that a failure shows it and nothing else. */
function wrongOf(pairs: Record<string, readonly [readonly unknown[], readonly unknown[]]>) {
  const isSame = (given: readonly unknown[], expected: readonly unknown[]) =>
    given.length === expected.length && given.every((one, index) => one === expected[index])
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([name, [given, expected]]) =>
      isSame(given, expected) ? [] : [[name, { given, expected }]],
    ),
  )
}

// The dapp in a tab, as somebody who looks at it sees it: everything is read from the page, nothing from the library.

import type { Page as Tab } from 'playwright-core'
import type { BreakerStateName, SocketState } from '../../src'

export type ShownChannel = {
  readonly breaker: BreakerStateName
  readonly attempts: number
  readonly socket?: SocketState | undefined
}

export type Shown = {
  readonly height: string
  readonly ether: string
  readonly tokens: string
  /** Hashes of the newest blocks, in order. */
  readonly heads: readonly string[]
  /** Of all transfers, in order: `<hash of the block>:<index>`. */
  readonly logs: readonly string[]
  readonly providers: Readonly<Record<string, Readonly<Record<'http' | 'ws', ShownChannel>>>>
  readonly streams: readonly string[]
  /** The newest last. */
  readonly activity: readonly { readonly kind: string; readonly text: string }[]
}

/** Something that the page did, in order. */
export type Step = {
  readonly what: 'online' | 'offline' | 'dial'
  readonly url?: string
  /** Whether it came of the `online` event, and not of a timer. */
  readonly isAtOnce?: boolean
  /** In ms. */
  readonly at: number
}

export type DappPage = {
  readonly tab: Tab
  shown(): Promise<Shown>
  /** Resolves when the page shows a block and, if one is given, a log. */
  reached(head: string, log?: string | undefined): Promise<void>
  /** Connects of sockets and what the browser said of its network. */
  steps(): Promise<Step[]>
  /** What was written to the console or thrown by code: what the browser itself reports of the network is left out. */
  readonly complaints: readonly string[]
  /** What the browser reported of the network. */
  readonly reports: readonly string[]
}

/** How Chromium's own words on requests and sockets begin. */
const ofBrowser = ['Failed to load resource:', 'WebSocket connection to ', 'Access to fetch at ']

export async function openDapp(tab: Tab, url: string): Promise<DappPage> {
  const complaints: string[] = []
  const reports: string[] = []
  tab.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return
    const text = message.text()
    const list = ofBrowser.some((start) => text.startsWith(start)) ? reports : complaints
    list.push(text)
  })
  tab.on('pageerror', (error) => complaints.push(`${error.name}: ${error.message}`))
  await tab.addInitScript(recordSteps)
  await tab.goto(url)

  return {
    tab,
    shown: () => tab.evaluate(readPage),
    async reached(head, log) {
      const selectors = [`[data-block="${head}"]`, ...(log ? [`[data-log="${log}"]`] : [])]
      for (const selector of selectors) await tab.waitForSelector(selector, { state: 'attached' })
    },
    steps: () => tab.evaluate(() => (globalThis as unknown as { steps: Step[] }).steps),
    complaints,
    reports,
  }
}

/** Runs in the page, before anything else: its listener of `online` is the first one. */
function recordSteps() {
  const steps: Step[] = []
  let isOnlineEvent = false
  Object.assign(globalThis, { steps })
  addEventListener('offline', () => void steps.push({ what: 'offline', at: performance.now() }))
  addEventListener('online', () => {
    steps.push({ what: 'online', at: performance.now() })
    isOnlineEvent = true
    // The next task, after all listeners and what they have left for later. No timer: one may be due just then.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      isOnlineEvent = false
    }
    port2.postMessage(undefined)
  })
  const Platform = WebSocket
  globalThis.WebSocket = class extends Platform {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      steps.push({ what: 'dial', url: String(url), isAtOnce: isOnlineEvent, at: performance.now() })
    }
  }
}

/** Runs in the page. */
function readPage(): Shown {
  const all = (selector: string, root: ParentNode = document) => [...root.querySelectorAll<HTMLElement>(selector)]
  const data = (name: string) => all(`[data-${name}]`).map(({ dataset }) => dataset[name] ?? '')
  const channelsOf = (provider: HTMLElement) =>
    Object.fromEntries(
      all('[data-channel]', provider).map((row) => {
        const { channel, breaker, socket } = row.dataset
        const attempts = Number(all('[data-attempts]', row)[0]?.dataset.attempts)
        return [channel, { breaker, attempts, ...(socket && { socket }) }]
      }),
    )
  return {
    height: data('height')[0] ?? '',
    ether: data('ether')[0] ?? '',
    tokens: data('tokens')[0] ?? '',
    heads: data('block'),
    logs: data('log').reverse(),
    providers: Object.fromEntries(all('[data-provider]').map((one) => [one.dataset.provider, channelsOf(one)])),
    streams: all('[data-stream]').map(({ dataset }) => dataset.state ?? ''),
    activity: all('[data-kind]')
      .map((one) => ({ kind: one.dataset.kind ?? '', text: one.querySelector('span')?.textContent ?? '' }))
      .reverse(),
  }
}

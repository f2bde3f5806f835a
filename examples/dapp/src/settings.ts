// Reads what the page's address or the environment say, and complains in words.

import type { Address } from 'viem'
import { getAddress } from 'viem'
import type { ProviderConfig } from 'viem-lasso'

/** @param texts `<id>,<url>,<url>`; the scheme of a URL says which way it is */
export function readProviders(texts: readonly string[]): ProviderConfig[] {
  return texts.map((text) => {
    const [id, ...urls] = text.split(',') as [string, ...string[]]
    const http = urls.find((url) => url.startsWith('http'))
    const ws = urls.find((url) => url.startsWith('ws'))
    if (!http && !ws) throw new Error(`A provider is "<id>,<url>,<url>", and not "${text}".`)
    return { id, ...(http && { http }), ...(ws && { ws }) }
  })
}

/** @throws if it is none */
export function readAddress(text: string): Address {
  return getAddress(text.trim())
}

// The weight that `failover` adds to a browser bundle, and for comparison that of viem's own parts.

import { bundleOf, failoverBundle } from '../package/bundle'

export async function measureWeight(): Promise<readonly { what: string; minified: number; brotli: number }[]> {
  const viem = await bundleOf(`export { createPublicClient, fallback, http, webSocket } from 'viem'`, [])
  const ours = await failoverBundle()
  return [
    { what: '`{ createPublicClient, fallback, http, webSocket }` of viem', ...viem },
    { what: '`{ failover }`, viem outside', ...ours },
  ]
}

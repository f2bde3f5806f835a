// The same for CommonJS. viem's own types are those of ES modules: a CommonJS program cannot import them, ours it can.

import type { FailoverOptions, FailoverTransport } from 'viem-lasso'
import { failover } from 'viem-lasso'

const options: FailoverOptions = { strategy: 'fastest', hedge: { delay: 200 } }

export const transport: FailoverTransport = failover(['https://node.example'], options)

// @ts-expect-error not an option: an `any` would let it pass
failover(['https://node.example'], { strategie: 'fastest' })

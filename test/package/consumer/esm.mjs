// The program as an ES module.

import { createPublicClient } from 'viem'
import { failover } from 'viem-lasso'
import { WebSocketServer } from 'ws'
import { run } from './run.cjs'

await run({ failover, createPublicClient, WebSocketServer })

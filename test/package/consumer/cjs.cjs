// The program as CommonJS.

const { createPublicClient } = require('viem')
const { failover } = require('viem-lasso')
const { WebSocketServer } = require('ws')
const { run } = require('./run.cjs')

run({ failover, createPublicClient, WebSocketServer })

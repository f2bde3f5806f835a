// What a program does with the packed library, on any runtime and in both module systems: a read that fails over, a block over
// a socket, an error by its name. It must end by itself.

const { createServer } = require('node:http')

/** @param {{ failover: Function, createPublicClient: Function, WebSocketServer: Function }} packages as the program loaded them */
exports.run = async function run({ failover, createPublicClient, WebSocketServer }) {
  const down = await listen((_, response) => response.writeHead(503).end('<html>down</html>'))
  const node = await listen((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => response.end(answer(String(Buffer.concat(chunks)))))
  })
  const sockets = new WebSocketServer({ server: node.server })
  sockets.on('connection', (socket) => {
    socket.on('message', (frame) => {
      socket.send(answer(String(frame)))
      if (!String(frame).includes('eth_subscribe')) return
      const params = { subscription: '0x1', result: head(8) }
      socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params }))
    })
  })

  const client = createPublicClient({
    transport: failover([down.url, { http: node.url, ws: node.url.replace('http', 'ws') }]),
  })
  const before = await client.getBlockNumber()
  const block = await new Promise((resolve, reject) => {
    const params = ['newHeads']
    client.transport.subscribe({ params, onData: ({ result }) => resolve(BigInt(result.number)), onError: reject })
  })
  await client.transport.close()

  const lost = createPublicClient({ transport: failover([down.url], { retry: { rounds: 1 } }) })
  const error = await lost.getBlockNumber().catch((error) => error)
  await lost.transport.close()
  sockets.close()
  for (const socket of sockets.clients) socket.terminate()
  for (const { server } of [down, node]) {
    server.close()
    server.closeAllConnections?.()
  }

  const seen = [before, block, error.name].join(' ')
  if (seen !== '7 8 AllProvidersFailedError') throw new Error(`the program saw: ${seen}`)
}

function answer(text) {
  const request = JSON.parse(text)
  return JSON.stringify(Array.isArray(request) ? request.map(answerOf) : answerOf(request))
}

function answerOf({ id, method, params }) {
  const results = {
    eth_chainId: '0x1',
    eth_blockNumber: '0x7',
    eth_subscribe: '0x1',
    eth_unsubscribe: true,
    eth_getBlockByNumber: head(params?.[0] === '0x8' ? 8 : 7),
    eth_getBlockByHash: head(Number(params?.[0])),
  }
  return { jsonrpc: '2.0', id, result: results[method] ?? null }
}

function head(number) {
  const hashOf = (height) => `0x${height.toString(16).padStart(64, '0')}`
  return {
    number: `0x${number.toString(16)}`,
    hash: hashOf(number),
    parentHash: hashOf(number - 1),
    timestamp: `0x${(number * 12).toString(16)}`,
    logsBloom: `0x${'00'.repeat(256)}`,
    transactions: [],
  }
}

function listen(onRequest) {
  const server = createServer(onRequest)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, url: `http://127.0.0.1:${server.address().port}` }))
  })
}

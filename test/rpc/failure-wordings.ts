// What providers and nodes say beyond the fixture table, classified by hand.
// A line "# kind verdict blame" and under it "method code message", with " || data" where there is data.

export const WORDINGS = `
# already-known final nobody
eth_sendRawTransaction -32000 already exists in mempool
eth_sendRawTransaction -32000 duplicate tx
eth_sendRawTransaction -32000 transaction was already sent
eth_sendRawTransaction -32000 we already have transaction 0xab
eth_sendRawTransaction -32000 : tx already in mempool
eth_sendRawTransaction -32603 submit transaction to pool failed: Pool(AlreadyImported(0xabc))
eth_sendRawTransaction -32000 INTERNAL_ERROR: existing txn with same hash
eth_sendRawTransaction -32000 existing tx with same hash
eth_sendRawTransaction -32003 Tx: [0xab] already Imported
eth_sendRawTransaction -32076 tx already exist
eth_sendRawTransaction -32000 Transaction already in pool
eth_sendRawTransaction -32000 transaction already known by the pool
# user-rejected final nobody
eth_requestAccounts -32603 User closed modal
eth_requestAccounts -32603 User dismissed the popup
eth_sendTransaction -32603 The user has rejected the request
eth_sendTransaction -32603 ACTION_REJECTED: user-denied
eth_sendTransaction -32603 wallet rejected the request
eth_sendTransaction -32603 Request cancelled by the user
eth_sendTransaction -32603 User rejected the transaction
eth_requestAccounts 5003 Disapproved events
eth_sendTransaction 4001 User rejected the request.
personal_sign -32603 MetaMask Message Signature: User denied message signature.
# transaction-rejected final nobody
eth_sendRawTransaction -32000 execution error: Smart contract panicked: ERR_INCORRECT_NONCE
eth_sendRawTransaction -32000 FunctionCallError(HostError(GuestPanic { panic_msg: "ERR_INCORRECT_NONCE" }))
eth_sendRawTransaction -32000 Invalid, NotAllowedAuthorizationList: Only transactions with type SetCode can have authorization_list.
eth_estimateGas -32000 transaction up-front cost 0x5 exceeds transaction sender account balance 0x1
eth_estimateGas -32000 Transaction requires at least 53000 gas but got 21000
eth_sendRawTransaction 3 too many factory dependencies in the transaction. 40 provided, while only 32 allowed
eth_sendRawTransaction 3 contract deployer address 0x36615cf349d7f6344891b1e7ca7c72883f5dc049 is not in the allow list
eth_sendRawTransaction -32000 cannot issue transaction from non-allow listed address: 0xab
eth_sendRawTransaction -32000 RIP-7560 transaction failed validation
eth_sendRawTransaction 1 mpool message too large (40000B): message too big
eth_estimateGas -32000 Sender doesn't have enough funds to send tx. The max upfront cost is: 100 and the sender's balance is: 5.
eth_estimateGas -32000 not enough balance to cover the fee. error message: Failed to pay for the transaction
eth_estimateGas -32000 not enough funds for gas
eth_sendUserOperation -32602 User op cannot be replaced: fee too low
eth_sendRawTransaction -32000 sequencer rejected the request: nonce too low
eth_sendRawTransaction -32000 insufficient funds for gas * price + value. Please top up your wallet
pm_getPaymasterData -32000 insufficient funds in the gas tank
eth_call -32000 gas uint64 overflow
eth_sendRawTransaction -32005 Transaction gas limit cap exceeded
eth_sendRawTransaction -32000 set code tx must have at least one authorization tuple
eth_sendRawTransaction -32000 transaction cost overflow
eth_sendRawTransaction -32000 Plugin has marked the transaction as invalid
eth_sendRawTransaction -32000 transaction invalid
eth_sendRawTransaction -32000 Calldata of transaction is greater than the allowed max of 30000
eth_sendRawTransaction -32000 Transaction line count for module ADD=402 is above the limit 70
eth_sendRawTransaction -32000 incorrect chain-id; expected 25, got 1
eth_sendRawTransaction -32000 Transaction max init code size exceeded
eth_sendRawTransaction -32603 submit transaction to pool failed: Pool(Stale)
eth_sendRawTransaction -32000 OldNonce
eth_sendRawTransaction -32003 Transaction rejected
eth_sendRawTransaction -32603 submit transaction to pool failed: Pool(InvalidTransaction(InvalidTransaction::Payment))
eth_sendRawTransaction -32000 nonce has already been used
eth_sendRawTransaction -32000 insufficient funds for gas * price + value: balance 429, tx cost 503, overshot 429
eth_sendRawTransaction -32000 GasUintOverflow
eth_sendRawTransaction -32000 IntrinsicGas
eth_sendRawTransaction -32000 EIP-4844 & 7702 transactions cannot have the form of a create transaction
eth_sendRawTransaction -32000 max number of blobs exceeded
eth_sendRawTransaction -32000 can't replace blob-txn with a non-blob-txn
eth_sendRawTransaction -32000 KZGcommitment's versioned hash has to be equal to blob_versioned_hash at the same index
eth_sendRawTransaction -32000 replaced by transaction with higher tip
eth_sendRawTransaction -32003 sender is not an EOA
eth_sendRawTransaction -32000 exceeds max transaction gas limit
eth_sendRawTransaction -32003 nonce has max value
eth_sendRawTransaction -32003 Tx: [0xab] insufficient gas price to replace existing transaction
eth_sendRawTransaction -32003 Transaction gas limit is greater than the block gas limit, gas_limit: 5, cap: 4
eth_sendRawTransaction -32003 Incompatible EIP-155 transaction, signed for another chain
eth_sendRawTransaction -32076 Invalid parameters: tx || "Transaction 0x84b6 is discarded due to a too stale nonce"
eth_sendRawTransaction -32000 Transaction is discarded due to in too distant future
eth_sendRawTransaction -32000 Nonce too low. Provided nonce: 0, current nonce: 5
eth_sendRawTransaction -32000 Insufficient funds for intrinsic transaction cost
eth_sendRawTransaction -32000 gas limit too low
eth_sendRawTransaction -32000 invalid chain ID
eth_sendRawTransaction -32000 max fee per gas too low
eth_sendRawTransaction -32000 tx nonce too low
eth_sendRawTransaction -32000 account nonce mismatch: expected 5, got 4
eth_sendRawTransaction -32000 The account has insufficient balance to pay for gas
eth_sendRawTransaction -32000 signature verification failed
eth_sendRawTransaction -32010 Transaction cost exceeds current gas limit. Limit: 8000000, got: 9000000. Try decreasing supplied gas.
eth_sendRawTransaction -32010 Invalid signature: Crypto error
# transaction-rejected next nobody
eth_sendRawTransaction -32000 transaction rejected: below the minimum gas price
eth_sendRawTransaction -32000 tip below the minimum
eth_sendUserOperation -32504 paymaster 0xab throttled or banned
eth_sendUserOperation -32602 maxFeePerGas must be at least 1000 (current maxFeePerGas: 500) - use pimlico_getUserOperationGasPrice
eth_sendUserOperation -32602 User op max fee per gas is too low: minimum required by this bundler is 100
eth_sendRawTransaction -32000 gas price too low: minimum gas price is 100 gwei
eth_sendRawTransaction -32007 Sender account not authorized to send transactions
eth_sendRawTransaction -32000 An invalid transaction with a lower nonce exists
eth_sendRawTransaction -32000 sender 0xab is blocked as appearing on the SDN or other legally prohibited list
eth_sendRawTransaction -32000 sender is in the blocklist: 0xab
eth_sendRawTransaction -32603 submit transaction to pool failed: Pool(TemporarilyBanned)
eth_sendRawTransaction -32000 maximum number of enqueued transactions reached
eth_sendRawTransaction -32000 mempool has reached its maximum size
eth_sendRawTransaction -32000 transaction rejected: pool is overloaded, please raise gas price
eth_sendUserOperation -32000 UserOperation rejected: mempool full
eth_sendRawTransaction -32000 rate limit: too many transactions from sender today
eth_sendRawTransaction -32010 Recipient is banned in local queue.
eth_sendRawTransaction -32010 Code is banned in local queue.
eth_sendRawTransaction -32000 to address of transaction in blacklist
eth_sendRawTransaction -32003 transaction discarded outright due to pool size constraints
eth_sendRawTransaction -32000 mempool is at full capacity
eth_sendRawTransaction -32000 in-flight transaction limit reached for delegated accounts
eth_sendRawTransaction -32000 only replay-protected (EIP-155) transactions allowed over RPC
eth_sendRawTransaction -32000 pending transaction type conflict
eth_sendRawTransaction -32000 delegation authority has pending transaction
eth_sendRawTransaction -32000 tx dropped due to L2 congestion
eth_sendRawTransaction -32000 FEE_TOO_LOW
eth_sendRawTransaction -32000 FeeTooLow, MaxFeePerGas too low. MaxFeePerGas: 1, BaseFee: 2, MaxPriorityFeePerGas:1, Block number: 3
eth_sendRawTransaction -32603 submit transaction to pool failed: Pool(ImmediatelyDropped)
eth_sendRawTransaction -32000 INTERNAL_ERROR: underpriced
eth_sendRawTransaction -32000 fee too low
eth_sendRawTransaction -32000 spammer
eth_sendRawTransaction -32000 pending sub-pool is full
eth_sendRawTransaction -32000 baseFee sub-pool is full
eth_sendRawTransaction -32000 blobs limit in txpool is full
eth_sendRawTransaction -32003 transaction priority fee below minimum required priority fee 1000
eth_sendRawTransaction -32076 Failed imported to deferred pool: Transaction Pool is full
eth_sendRawTransaction -32000 txpool limit reached
# filter-not-found final nobody
eth_getFilterChanges -32700 filter not found
eth_getFilterChanges -32000 filter has expired
eth_unsubscribe -32000 subscription not found
eth_getFilterChanges -32000 filter not found
eth_getFilterChanges -32001 Resource not found.
eth_unsubscribe -32000 Subscription not found
# timeout next nobody
eth_call -32000 execution aborted (timeout = 5s)
eth_getLogs -32002 request timed out
# auth next provider
eth_call -32000 rpc error: code = PermissionDenied desc = hm
eth_call -32000 rpc error: code = Unauthenticated desc = hm
eth_call -32600 MATIC_MAINNET is not enabled for this app. Visit this page to enable the network
eth_call -32000 Auth failed: Invalid or missing token
eth_call -32000 account not authorized for this endpoint
eth_getBalance -32000 invalid token
eth_call -32602 invalid credentials
eth_call -32000 Invalid token
eth_call -32000 Your IP has been banned
eth_sendRawTransaction -32000 Your IP address is temporarily banned
eth_call -32000 Your subscription is not active
eth_call -32000 Unspecified origin not on whitelist.
eth_call -32600 IP not whitelisted
eth_call -32000 Domain is not in the allow list
eth_call -32000 Subscription expired, please renew
eth_x -40100 Unauthorized
eth_getBalance -2021 IP Address Not Allowed
eth_getBalance 401 invalid api key
eth_getBalance -32000 API key is not allowed to access blockchain
eth_getBalance -32000 Origin not allowed
eth_getBalance -32000 Invalid access token
eth_getBalance -32000 This key is deactivated
eth_getBalance -32000 API key disabled
# reverted final nobody
eth_call -32000 rpc error: code = ResourceExhausted desc = out of gas
eth_call -32000 VM Exception while processing transaction: reverted with panic code 0x11 (Arithmetic operation overflowed)
eth_call -32000 execution reverted: panic: no server available
eth_call -32000 max call depth exceeded
eth_estimateUserOperationGas -32521 UserOperation reverted during simulation
eth_estimateGas -32000 always failing transaction
eth_call 3 execution reverted: rate limit exceeded
eth_call -32000 execution reverted: insufficient funds
eth_call -32000 execution reverted: nonce too low
eth_call -32000 execution reverted: Too many requests, try again later
eth_call -32000 execution reverted: unauthorized
eth_estimateGas -32603 execution reverted: block range too large
eth_call -32003 out of memory: memory limit exceeded during memory expansion
eth_sendRawTransaction -32000 Failed in pending block with: Reverted
eth_call -32000 revert
eth_call -32000 VM execution error: REVERT
eth_estimateGas -32000 Transaction reverted without a reason string
eth_call -32000 contract call reverted
eth_call -32000 err: invalid opcode: opcode 0xfe not defined (supplied gas 1)
eth_call -32000 out of gas
eth_call -32015 Transaction execution error.
eth_call -32000 execution failed || 0x82b42900
eth_call -32000 invalid opcode: INVALID
eth_call -32000 stack underflow (0 <=> 1)
eth_estimateGas -32000 contract address collision
eth_estimateGas -32000 invalid code: must not begin with 0xef
eth_call -32000 return data out of bounds
# missing-state next nobody
debug_traceTransaction -32000 Unable to find a block containing transaction 0x11
eth_call -32000 No known hardfork for execution on historical block 123 (relative to fork block number 456) in chain with id 137
eth_getTransactionReceipt -32000 cannot find transaction
trace_replayTransaction -32000 transaction 0x9bb2c9b9 not found
trace_block -32014 Missing data: trace not found for block
eth_getBalance -32602 block is older than the oldest supported block
eth_getBalance -32000 requested data is outside of the retention window
eth_call -32609 Unsupported historical block identifier encountered: 0x1
eth_call -32602 QUANTITY not supported, just support TAG as latest
eth_getBalance -32000 historic queries are disabled
eth_getProof -32000 requested block is too old, block must be within 100000 blocks of the head block number
eth_getBalance -32000 version does not exist
eth_call -32000 state recreation l2 gas depth limit exceeded
eth_call -32801 no historical RPC is available for this historical (pre-L2) execution request
trace_block -32001 receipts not found
eth_getBalance -32603 Required data unavailable
eth_getBalance -32005 Upgrade to an archive plan add-on for your account. Max height of block allowed on archive for your current plan: 128
eth_getBalance -32000 state not available for block
eth_getBalance -32000 cannot access historical state
eth_getBalance -32000 this node does not store historical state
eth_getBalance -32000 Archive node required
eth_getBalance -32000 pruned
eth_getBlockByNumber -32000 block #5 has been pruned; earliest available is #100
eth_getTransactionReceipt -32000 transaction history is pruned
eth_getBalance -32000 missing trie node abc (path ) <nil>
eth_getBalance -32000 state histories haven't been fully indexed yet
eth_getProof -32000 distance to target block exceeds maximum proof window
trace_block -32000 transaction indexing is in progress
eth_getBlockByNumber -32000 no transactions snapshot file for blockNum=8825881, BlocksAvailable=10278999
eth_getBlockReceipts -32000 got 0 receipts but expected 124
debug_traceTransaction -32000 mutation of old data not available due to pruning
eth_getBalance -32002 No state available for block 0xabc
# unsupported-method next nobody
trace_block -32700 The method trace_block does not exist/is not available
trace_block -32004 Method trace_block is not supported
eth_x -32000 rpc error: code = Unimplemented desc = hm
eth_x -32000 not yet implemented API
trace_block -32600 trace_block is not available on the Free tier - upgrade for access. See available methods and their compute unit costs
eth_sendRawTransaction -32000 Method eth_sendRawTransaction is not permitted
eth_getLogs -32000 This feature is only for premium users
debug_traceTransaction -32602 debug_traceTransaction is only available for premium users
trace_block -32602 Access to this resource requires a paid subscription
eth_getBlockReceipts -32000 eth_getBlockReceipts is not configured
eth_sendRawTransaction -32000 TxPool Disabled
eth_call -32000 eth_call is not whitelisted
eth_call -32000 the rpc method eth_call is not whitelisted
eth_newFilter -32601 filters are not supported
eth_blobBaseFee -32601 the method eth_blobBaseFee does not exist/is not available
eth_maxPriorityFeePerGas -32601 The method eth_maxPriorityFeePerGas does not exist/is not available
eth_getFilterLogs -32601 the method eth_getFilterLogs does not exist/is not available
eth_x -32603 Rpc Endpoint not implemented
debug_traceTransaction -2031 [debug_traceTransaction] Not Allowed
trace_block -32000 Archive, Debug and Trace requests are not available on your current plan.
eth_getBalance -32601 unsupported chain: xyz
debug_traceTransaction -32612 custom tracers are blocked on this endpoint
debug_traceTransaction -32613 Tracing/debugging blocked
debug_traceTransaction -32000 trace API is not enabled
eth_call -32601 eth_call is not available on this endpoint
eth_simulateV1 -32601 The method eth_simulateV1 does not exist/is not available
eth_foo -32601 the method eth_foo does not exist/is not available
eth_subscribe -32601 notifications not supported
admin_peers -32604 Method not enabled
admin_peers -32000 P2P has been disabled. This functionality is not available
# range-too-large next nobody
eth_getLogs -32000 block range too large: latest block number is 100, max range 1000
eth_getLogs -32005 query range must be smaller than size 500
eth_getLogs -32000 eth_getLogs must query at most 1000 blocks
eth_getLogs -32000 query is larger than the range of 1000
eth_getLogs -32602 Please narrow your query
eth_getLogs -32602 toBlock - fromBlock must be <= 1000
eth_getLogs -32602 the span is above the cap of 1000
eth_getLogs -32000 block interval too big
eth_getLogs -32000 Maximum distance between fromBlock and toBlock is 2000
eth_getLogs -32000 block range wider than 500
eth_getLogs -32000 a maximum of 2000 blocks worth of logs may be requested at a time
eth_getLogs -32004 The provided fromBlock and toBlock contain timestamps that exceed the maximum allowed duration of 7 days (604800 seconds): fromBlock: 0x1 (1), toBlock: 0x2 (2)
eth_getLogs -32000 the difference between fromBlock and toBlock must be less than 2000
eth_getLogs -32000 fromBlock and toBlock are too far apart
eth_getLogs -32602 logs are limited to a 10000 block range
eth_getLogs -32000 logs over more than 2000 blocks
eth_getLogs -32000 no more than 1000 blocks
eth_getLogs -32614 eth_getLogs and eth_newFilter are limited to a 10,000 blocks range
eth_getLogs -32600 exceeds the range allowed for your plan (5001 > 2000)
eth_getLogs -32000 Block range limit exceeded.
eth_getLogs -32005 limit exceeded
eth_getLogs -32047 Max range: 800
eth_getLogs -32701 Please specify an address in your request or, to remove restrictions, order a dedicated full node here
eth_getLogs -32000 too many addresses in filter: max 100
eth_getLogs -32000 block range exceeded: max 1000
eth_getLogs -32000 eth_getLogs range limited to 500 blocks
eth_getLogs -32000 Too many blocks requested
eth_getLogs -32602 Maximum block range exceeded
eth_getLogs -32600 the requested block range (from 1 to 9) is too large; max allowed is 5
eth_getLogs -32000 Exceed maximum block range
# server-error next channel
eth_call -32000 rpc error: code = Unavailable desc = transport is closing
eth_getBlockByNumber -32000 rpc error: code = Unknown desc = UnmarshalJSON cannot decode empty bytes: panic
eth_getBlockByNumber -32603 rpc error: code = Internal desc = runtime error: index out of range [0] with length 0
eth_sendRawTransaction -32603 recovered: runtime error: invalid memory address or nil pointer dereference
txpool_content -32603 fetch runtime extrinsic filter failed: wasm trap: wasm \`unreachable\` instruction executed
eth_call 12 Can't route your request to suitable provider, if you specified certain providers revise the list
eth_call -32000 Relay attempts exhausted
eth_call -32002 RPC endpoint returned too many errors, retrying in 0.42 minutes. Consider using a different RPC endpoint.
eth_call -32002 RPC endpoint not found or unavailable.
eth_call -32603 no healthy endpoints available for service
eth_call -32000 no live upstreams while connecting to upstream
eth_call -32000 failed to send relay: no pairings available
eth_getBalance -32603 JSON-RPC response is not a valid object
eth_getBalance -32000 Service down for maintenance today until 17:00
eth_call -32000 the node is only in planned maintenance
eth_call -32603 failed to unmarshal response: invalid character '<' looking for beginning of value
eth_call -32603 Invalid JSON RPC response: ""
eth_call -32603 failed to parse response from upstream
eth_getBalance -32000 malformed response from node
eth_getBalance -32000 got empty response from backend
eth_call -32020 Mirror Node upstream failure - Internal Server Error, error code: 500
eth_call -32000 Node is not synced
eth_call -32000 node out of sync
eth_getLogs -32011 network is unhealthy
eth_getBalance -32000 Service Unavailable
eth_getBalance -32000 node is syncing
eth_call -32603 internal blocking task error
eth_call -32603 internal eth error
eth_getBalance -2102 ethereum temporarily unavailable
eth_getBalance -32603 backend request failed
eth_getBalance -32000 no available upstreams
eth_getBalance -32000 no healthy nodes available
# unknown next nobody
eth_call -32000 not enough balance to cover the request cost
eth_estimateGas -32000 failed to simulate relay call
trace_filter -32000 transaction e130df1634 failed: nonce too high: address 0x826d, tx: 28 state: 0
debug_traceBlockByNumber -32000 tracing failed: insufficient funds for gas * price + value: address 0xab have 0 want 5
debug_traceTransaction -32000 tracing failed: intrinsic gas too low: have 1, want 21000
eth_call -32000 Panic due to OVERFLOW(17)
eth_call -32000 ERC721: invalid token ID
eth_getBalance -32603 rpc error: code = Unknown desc = account not activated
eth_getBalance -32603 the server cancelled the request
eth_call -32603 upstream canceled the request
eth_call -32603 insufficient token balance
eth_estimateGas -32603 Insufficient vault funds
eth_call -32000 CallbackResponse()
eth_getLogs -32000 blocks newer than 5 are not available
eth_getBalance -32000 failed to stop updating account
eth_getBlockByNumber -32000 request exceeds maximum header size
eth_sendRawTransaction -32000 deadline in the future
eth_getBalance -32000 some weird thing
eth_getBalance -32603 assertion xyz
eth_getBalance -32000 unknown blockchain
# parse-error next nobody
eth_call -32700 Cannot wrap string value "0xzz" as a json-rpc type; the input value contains an invalid hex character.
eth_blockNumber -32700 Incorrect number of arguments. 'eth_blockNumber' requires exactly 0 arguments.
eth_getBalance -32700 Parse error
# auth final nobody
eth_sendTransaction -32000 no key for given address or file
eth_accounts 4100 Unauthorized
# network next nobody
eth_accounts 4900 Disconnected
# invalid-params final nobody
eth_getProof -32602 Odd number of digits at line 1 column 86
eth_sendRawTransaction -32602 input too short
eth_getLogs -32602 data did not match any variant of untagged enum ValueOrArray at line 1 column 5
eth_sendRawTransaction 1 message had invalid to address
eth_call -32000 both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified
eth_call -32012 Invalid Contract Address: 0x1. Expected length of 42 chars but was 3.
eth_call 1 decoding params: strconv.ParseUint: parsing "": invalid syntax
eth_getBalance -32000 Expected parameter: address is missing
eth_sendBundle -32000 unable to decode bundle
eth_getBalance -32602 invalid params for method eth_getBalance: not a valid address
eth_getBalance -32602 bad address checksum
eth_getBalance -32602 non-hex character in string
eth_getBalance -32602 wrong length
eth_getStorageAt -32602 storage key too long (want at most 32 bytes, got 33 bytes)
eth_getStorageAt -32602 unable to decode storage key
eth_call -32602 unknown field \`foo\`
eth_getLogs -32602 topics must be less than or equal to 4 in query
eth_getLogs -32602 block must be an integer smaller than 2^64
eth_getLogs -32602 address in query must be smaller than 20 bytes
eth_getBalance -32602 Invalid params
eth_getBalance -32602 expected 2 params, got 3
eth_getLogs -32602 fromBlock must not be after toBlock
eth_sendRawTransaction -32000 ERR_TX_RLP_DECODE
eth_feeHistory -32000 invalid reward percentile: 101
eth_call -32000 both "data" and "input" are set and not equal. Please use "input" to pass transaction call data
eth_call -32000 account 0x01 has both 'state' and 'stateDiff'
eth_getLogs -32000 cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other
wallet_switchEthereumChain 4902 Unrecognized chain ID "0x5". Try adding the chain using wallet_addEthereumChain first.
eth_sendRawTransaction -32000 RLPTooLong
eth_sendRawTransaction -32602 empty transaction data
debug_traceTransaction -32602 invalid tracer config
eth_getLogs -32602 fromBlock is greater than toBlock
eth_call -32602 Expected 2 params, got 1
wallet_sendCalls 5730 Unknown bundle id
eth_call -32602 invalid address
eth_call -32000 invalid address checksum
# block-not-available final nobody
eth_getBlockByNumber 12 requested epoch was a null round (4050503)
# invalid-params next nobody
eth_sendRawTransaction -32000 Transaction type BLOB is invalid, accepted transaction types are [FRONTIER, EIP1559]
eth_sendTransaction -32602 Access list received but is not supported by the current hardfork.
eth_call -32602 \`max_fee_per_blob_gas\` is not supported for blocks before the Cancun hardfork.
eth_getBalance -32603 missing field "result" at line 1 column 47
eth_call -32602 Something we do not support
eth_call -32602 Contact sales to continue
eth_sendRawTransaction -32000 transaction type not valid in this context
eth_sendRawTransaction -32000 ERR_UNKNOWN_TX_TYPE
eth_sendRawTransaction -32000 fork supporting this transaction type is not activated yet
eth_sendRawTransaction -32602 Invalid transaction type
# block-not-available next nobody
eth_getBalance -32700 header not found
eth_call -32000 Received invalid block tag 65535. Latest block number is 21
eth_getLogs -32602 BlockOutOfRangeError: block height is 21 but requested was 65535
eth_getLogs -32602 blockHash cannot be found
eth_getLogs 1 invalid epoch range: to block is too far in the future (maximum: 2880)
eth_getLogs -32000 The fromBlock or blockhash cannot be found
eth_call -32000 Received invalid block tag 50. Latest block number is 10
eth_getLogs -32000 requested range is newer than head
eth_getLogs -32602 requested range is later than the latest block
eth_getBlockByNumber -32000 block 0x5 is in the future
eth_getBlockByNumber -32000 requested block number in the future
eth_call -32000 requested block has not been produced yet
eth_call -32000 block 500 is ahead of the current head
eth_getBalance -32602 block number exceeds the latest block
eth_getBlockByNumber -32000 height 105 must be less than or equal to the current blockchain height 104
eth_getBalance -32000 failed to get balance of address: 0x1d2d at height: 529640, with: invalid height not in available range: 86510775
eth_getLogs -32000 could not find results for height #1234
eth_getBalance -32000 cannot query with height in the future; please provide a valid height
eth_getBalance -32602 requested block is beyond latest
eth_feeHistory -32001 header range not found, start block: 0x1, end block: 0x2
eth_call -32602 BlockOutOfRangeError: block height is 5 but requested was 10
eth_feeHistory -32603 could not find newest block number requested: 5
eth_getBlockByNumber -32000 could not find block for height 826401374464
eth_call -32000 the block does not exist
eth_call -32602 requested block number greater than current block number
eth_getBlockByNumber -32000 block number out of range
eth_getLogs -32000 fromBlock is greater than latest block
eth_call -32000 header for hash not found
eth_call -32000 hash 0xabc is not currently canonical
eth_getBlockByNumber -32000 safe block not found
eth_feeHistory -32000 request beyond head block: requested 10, head 5
eth_call -32000 block not found: 12345
eth_call -32001 Cannot find block 0x123, could not be found
debug_traceTransaction -32000 Parent block not found
eth_getBalance -32001 block not found: finalized
# invalid-request next nobody
eth_call -32007 Request is too big || Exceeded max limit of 167772160
# rate-limit next nobody
eth_call -32000 requests above 10 rps are not supported on the free plan
eth_getBalance -32000 rate limit exceeded. Higher limits are not available on the free plan
eth_getBalance -32005 Too many requests; bursts are not included in your plan
eth_call -32000 Not enough balance to cover the compute units
eth_call -32000 request queue is overloaded
eth_call -32000 connection pool is overloaded
eth_call -32000 connection pool has reached its limit
eth_call -32000 rpc error: code = ResourceExhausted desc = hm
eth_call -32607 Call Limit
eth_call -32000 requests not allowed above 10 rps on the free plan
eth_sendRawTransaction -32005 rate limited, please deploy your own node
eth_getBalance -32603 gateway rejected the request: rate limit
eth_getBalance -32005 Rate limit exceeded, see the Retry-After header
eth_getBalance -32005 Request limit exceeded. Check X-RateLimit headers
eth_call -32000 slow down
eth_call -32602 Requests are coming too quickly
eth_call -32000 Request limit has been reached
eth_call -32000 maximum number of requests exceeded
eth_call -32016 you reached your limit
eth_subscribe -32608 Exceeded maximum allowed subscriptions
eth_call -32605 IP Rate limit exceeded on eth_call
eth_blockNumber -32046 Cannot fulfill request
eth_call 429 Quota exceeded for quota metric 'JSON-RPC requests' and limit 'JSON-RPC requests per minute'
eth_getBalance -32000 Your app has exceeded its throughput
eth_call -32009 Server is busy, try again later
eth_subscribe -32006 Too many subscriptions on the connection
eth_getBalance -2043 Exceed rate limit
eth_getBalance -32011 Rate limit reached
eth_getBalance -32000 Your request has been throttled
eth_getBalance -32090 Too many requests, reason: call rate limit exhausted, retry in 10s
eth_getBalance -32097 request limit reached
eth_getBalance -32000 capacity exceeded
eth_getBalance -32005 limit exceeded
eth_getBalance -32000 Too many connections
eth_getBalance -32029 throttled
eth_getBalance -32016 over rate limit
# batch-refused next nobody
eth_call -32600 batch requests are not permitted
eth_sendRawTransaction -32007 Method eth_sendRawTransaction is not permitted as part of batch requests
eth_call -32000 method not allowed in batch
eth_getBalance -32000 Batch requests are only available for paid plans
eth_call -32202 Batch requests are disabled
eth_call -32005 Batched requests are not supported by this server
eth_call -32010 The batch request was too large || Exceeded max limit of 100
eth_call -32600 batch too large
eth_call -32005 Number of requests exceeds max batch size
eth_getBalance -32005 Batch size too large. Maximum is 100
# quota next nobody
eth_getRawTransactionByHash -32000 insufficient balance
eth_sendRawTransaction -32000 monthly data transfer limit of your plan reached
eth_getBalance -32000 insufficient funds on your API account
eth_call -32000 not enough credits, recharge your account
eth_getBalance -32000 You've reached the limit of 100 requests today
eth_call -32000 Insufficient balance, please recharge your account
eth_call -32602 Your balance is insufficient. Please top up to continue
eth_getBalance -32000 insufficient account balance
eth_call -32005 You are out of compute units
eth_call -32000 Free requests limit has been reached for today
eth_call -32000 compute units limit reached for this month
eth_getBalance -2041 Exceed daily request cost limit of ethereum
eth_getBalance -32005 compute unit quota exceeded
eth_getBalance -32000 You have exceeded your free tier limit for today, please upgrade
eth_getBalance -32000 You reached the free tier limit
eth_getBalance -32052 Insufficient credits
eth_getBalance -32000 You have reached your daily request limit
eth_getBalance 429 Your app has exceeded its monthly quota
eth_getBalance -32000 Not enough credits on balance
# timeout next channel
eth_call -32000 rpc error: code = DeadlineExceeded desc = hm
eth_call -32000 Post "http://1.2.3.4:5": context deadline exceeded (Client.Timeout exceeded while awaiting headers)
eth_getBalance -32000 Gateway timeout
eth_getBalance -32000 read tcp 1.2.3.4:5: i/o timeout
eth_getBalance -32000 upstream timed out
eth_getBalance -32603 context deadline exceeded
# network next channel
eth_getBalance -32000 Post "http://1.2.3.4:8545": EOF
eth_getBalance -32000 connection reset by peer
eth_getBalance -32000 dial tcp: lookup node: no such host
eth_getBalance -32603 dial tcp 10.0.0.1:8545: connect: connection refused
# result-too-large next nobody
eth_getLogs -32000 rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5000000 vs. 4194304)
eth_getLogs -32602 cap of 1000 logs per query
eth_getLogs 1 filter matches too many events, try a more restricted filter
eth_getLogs -32000 query returned too many results
eth_getLogs -32005 result size exceeds limit
eth_getLogs -32000 response exceeds maximum size
debug_traceTransaction -32000 trace result is too large
eth_getLogs -32000 exceeds maximum number of logs
eth_getLogs -32000 Query returned more than 20000 results. Try with this block range [0x1, 0x2].
eth_call -32003 response too large
eth_getLogs -32602 query exceeds max results 20000, retry with the range 24383075-24383077
`

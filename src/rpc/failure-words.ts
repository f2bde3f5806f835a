// What the words of providers and nodes mean. The tables are read from the top: the first match wins. Pure.
// Texts come in lower case on one line. Codes, statuses and the method are weighed in failure.ts.

import type { Meaning, Words } from './transaction-words'
import { REVERT_WORDS, SEND, SEND_WORDS, TRANSACTION_WORDS } from './transaction-words'

/** Words that leave no doubt: they outrank the words about transactions and about providers. */
const PLAIN_WORDS: Words = [
  // Solidity's own panics have a code. In NEAR, a contract that refuses a transaction panics.
  [{ kind: 'server-error' }, /^(?!.*contract panic).*\bpanic(?!\W*(code|0x|due)|_msg)|\bruntime error|wasm trap/],
  [
    { kind: 'user-rejected' },
    /(user|wallet)[\W_]?(has )?(reject|denied|cancel|declin)|user[\W_](closed|dismissed)|(rejected|denied|cancell?ed) by (the )?user/,
  ],
  [{ kind: 'batch-refused' }, /not (allowed|permitted|supported) .{0,24}\bbatch/],
  [
    { kind: 'unsupported-method' },
    /\bmethods?\b.{0,40}(not (found|s|a[^n ]|en|ex|im|perm|wh)|n['’]t (exist|support)|unavailable|disabled|unsupported|blocked)/,
    /(unsupported|unknown|no such|invalid) (rpc )?methods?\b/,
  ],
  [
    { kind: 'invalid-params' },
    /invalid (argument|hex|((contract|to|from) )?address\b)|unmarshal|decoding params|both gas ?price and|odd[ -](length|number of dig)|without 0x|missing value|(many|few|number of) (arg|param)/,
  ],
  [
    { kind: 'quota' },
    /(month|dai)ly|(per|this|\/) ?(day|month)\b|quota(?!.{0,80}per.(sec|min))|billing (?!page)/,
    /^(?!.*\b(funds|sender)).*(\btop.?up|recharge|(limit|request|call).{0,40}\btoday)|payment required|limit for (your|the) current plan|(reached|exceeded).{0,12}\bfree|usage limit/,
    /credits?\b.{0,40}(ex|reach|insuff|used|balance)|(insufficient|enough|out of|no) .{0,12}(credit|compute)/,
  ],
  // All providers of a chain with one sequencer limit a sender alike.
  [{ kind: 'rate-limit', verdict: 'final' }, /sender.{0,12}rate limit/],
]

/** For methods that are not about a transaction. */
const BILL_WORDS: Words = [[{ kind: 'quota' }, /insufficient .{0,12}(balance|funds)/]]

const PROVIDER_WORDS: Words = [
  [{ kind: 'invalid-params', verdict: 'next' }, /logs are not supported/],
  // A number that the chain has left out: no block will come.
  [{ kind: 'block-not-available', verdict: 'final' }, /null round/],
  [
    { kind: 'block-not-available' },
    /\b(beyond|exceeds?|ahead)\b.{0,40}(\bhead\b|latest)|< begin|block.{0,40}out ?of ?range|blocks specified|invalid block range/,
  ],
  [
    { kind: 'filter-not-found' },
    /(filter[^(]{0,40}|subscription )(not (be )?(found|exist)|n['’]t exist)|filter[^(]{0,40}expired|(unknown|no such|invalid) filter( id|$)/,
  ],
  [{ kind: 'invalid-request', verdict: 'next' }, /errors? in batch/],
  [
    { kind: 'batch-refused' },
    /\bbatch\w*.{0,40}(size|limit|exceed|too |not (a|s|e|p)|more than|disabled|only)|(exceed|too many|limit).{0,40}\bbatch|responses to batch/,
  ],
  // Blocks, state and history that the node does not have.
  [
    { kind: 'missing-state' },
    /missing trie|\bprun(ed|ing)|archiv|\bhistor|data (is )?unavailable|\bold(er|est)?\b|retention|quantity not|ancient/,
    /\bstate.{0,40}(unavailable|not (yet )?(available|found|present)|discarded|does not)|no state|proof window/,
    /state (at block|root|tree|recreation)|tipset|purged|(low|earli)est |reader set|not traceable|transaction( 0x\w+)? not found|find (a block containing )?transaction/,
    /(receipts?|record|resource|body) (is )?not found|no (tx|block|receipts?) data|data .{0,40}not available|tx index/,
    /(trie|version|module) does not|indexing is|max height of block|unsupported block number|snapshot file|receipts but/,
  ],
  [
    { kind: 'block-not-available' },
    /\bheaders?\b.{0,40}not (found|exist)|unknown block(?!chain)|(later|newer|greater|higher) than .{0,12}(latest|current|head)/,
    /\b(from|to)?block(hash)?\b.{0,40}(not (be )?(found|exist|available)|n['’]t exist|not been|\byet\b)|block number from id/,
    /height (\d+ )?(must be|passed|is not|not in)|(could|can) ?n[o']t find .{0,12}(block|results)|after last accepted|unfinalized|invalid block ?(height|hash)|code=40000/,
    /^\W*(0x)?[\da-f]+ could not be found|(safe|finalized|pending)\b.{0,40}not (a )?(supported|found|available)/,
    /not currently canonical|future (block|epoch)|(block|number|height)\b.{0,24} in the future|block tag .{0,24}latest block number is/,
  ],
  // Too many blocks, addresses, results or bytes.
  [{ kind: 'range-too-large' }, /requested blocks|blocks worth|\blogs (are )?(limited to|over) .{0,12}\d\w* block/],
  [
    { kind: 'result-too-large' },
    /respon\w+.{0,40}(size|too (large|big)|larger|exceed)|returned more than|message larger than/,
    /\b(results?|logs)\b.{0,40}(exceed|limit|too |over)|(max\w*|exceed\w*|too many|cap of).{0,40}\b(results|logs|events)\b/,
  ],
  [
    { kind: 'range-too-large' },
    /(too \w+|exceed\w*|max\w*|limit\w*|up to|at most|no more than|(small|larg|bigg|great|wid)er than|reduc\w*|allowed|over) .{0,40}(range|\bblocks)\b/,
    /(\branges?|\bblocks)\b.{0,40}(too \w+|exceed|max|limit|(small|larg|bigg|great|wid)er than|less than|allowed|over|wide)/,
    /specify an address|(too many|max\w*|exceed\w*|less).{0,40}\baddress(es)?\b|contains \d+ filters|from_?block.{0,12}to_?block.{0,40}exceed/,
  ],
  [{ kind: 'invalid-request', verdict: 'next' }, /(request|payload|body|entity|content).{0,12} too (large|big|long)/],
  // The provider's terms of use: plan, pace, access.
  [
    { kind: 'unsupported-method' },
    /^(?!.*(\brps\b|per.?sec|rate.?limit|too many)).*not (available|included|supported) .{0,40}\b(plans?\b|tier|paid|premium)/,
  ],
  [
    { kind: 'rate-limit' },
    /rate.?limit|rate exceeded|throttl|\brps\b|per.?(sec|min)|\d.{0,12}\/ ?s(ec(ond)?)?\b|reqs?\/s/,
    /too many .{0,12}request|(too many|max\w*|exceed\w*) .{0,24}(requests|calls|conn|subsc)|too (fast|quick|frequent)|slow down/,
    /(request|call) (limit|count)|capacity|throughput|compute unit|concurren|limited|overload|too much load|\bbusy|resourceexhausted/,
    /limit (has been )?(exceeded|reached|hit)|(reached|exceed(s|ed)?)\b.{0,40}\blimit|(code:?|error) 1015|timeout on the free/,
    /(try again|retry) (in|after) \d/,
  ],
  [
    { kind: 'unsupported-method' },
    /\b(chain|network)\b.{0,40}not (a|s|e)|unsupported (chain|network)/,
    /(not allowed|only|requires?|upgrade) .{0,40}\b(plans?\b|tier|paid|premium)/,
  ],
  // The request needs an account that the node holds itself.
  [
    { kind: 'auth', verdict: 'final', blame: 'nobody' },
    /password or unlock|unknown account|account (is )?locked|no key for given/,
  ],
  [
    { kind: 'auth' },
    /unauthori|authenticat|\bauth (fail|err|req)|(api|access).?key|token (is )?(invalid|expired|required)|project.?id|\bjwt\b|access token/,
    /forbidden|(access|permission) ?(is )?denied|not (allowed|permitted|authori)|(illegal|blocked) ip|\bbanned\b|\b(white|allow).?list/,
    /invalid (origin|key|cred|token\b(?! (id|addr)))|^\w+_\w+ is not enabled for this app/,
    /\b(account|endpoint|app|key|project|subscription)\b.{0,40}(disabled|suspended|(in|not )active|deactivated|expired|blocked|deleted|paused)/,
  ],
  [
    { kind: 'unsupported-method' },
    /unsupported (subscription|tracer|rpc|api|module|call)|(is|been) disabled/,
    /not (been |yet )?(supported|implemented|enabled|configured)|unimplemented|(does ?not|n['’]t) support|no "?\w+"? subscription/,
    /\b(subscriptions?|tracer|module|(tx)?pool|debug|trac(e|ing)|api|rpc(?! error))\b.{0,40}(not (a[^n ]|perm)|disabled|blocked)/,
  ],
  [
    { kind: 'invalid-params' },
    /invalid (topic|reward|filter|param|input|type|value|length|hash|data|format|json)|malformed|(exceed|more than).{0,12}topics/,
    /is not an? (object|array|string|valid)|failed to parse|from\w*.{0,12}greater than|(has|specify) both|are set\b/,
    /(missing|required) .{0,12}(field|param|arg|value)|(param|field|arg)\w*\b.{0,40}(required|missing)/,
  ],
  [
    { kind: 'timeout', blame: 'nobody' },
    /(execution|evm|trac|query).{0,12}(time.?out|timed out|aborted)|(?<!client\.)timeout (expired|exceeded)/,
  ],
  [
    { kind: 'network', isUntouched: true },
    /econnrefused|enotfound|eai_again|und_err_connect|connection refused|no such host|unreach|\bconnect e\w+ [\d:]/,
    /cert(?!ai)|handshake|before secure|err_(tls|ssl)|eproto|socket (is (clos|not)|was closed with)|\bbad port/,
  ],
  [{ kind: 'timeout' }, /time(d)?[-_ ]?out|deadline ?exceeded|took too long/],
  [
    { kind: 'network' },
    /econn|epipe|\b(tls|ssl)\b|und_err|fetch failed|failed to fetch|load failed|network ?error|socket (hang|closed|disc)/,
    /connection (reset|closed|terminat|error|lost|abort)|disconnect|broken pipe|upstream connect|\beof$/,
  ],
  [
    { kind: 'server-error' },
    /bad gateway|(service|temporarily) (is )?(not |un)available|unhealthy|(no|empty) response|crashed|maintenance|code = unavailable/,
    /(backend|server|node|upstream|provider|endpoint)s?\b.{0,40}(offline|not .{0,40}(healthy|ready)|\bdown\b|unavailable|response|fail)/,
    /no (\w+ )?(backend|upstream|server|node|provider|endpoint)s?\b|failed to (.{0,40}(upstream|backend)|send relay)|endpoint returned/,
    /(attempt|upstream|provider|endpoint)s exhausted|suitable provider|still in progress|\bsync(ing|ed)?\b/,
  ],
  [
    { kind: 'server-error', blame: 'nobody' },
    /please retry|try again|at this time|null value|temporary|resource (not |un)available/,
  ],
]

/** Methods whose errors are about a transaction. For others, "insufficient balance" is about the bill at the provider. */
const TRANSACTIONAL = /^$|send|call|estimate|simulate|accesslist|sign|fill|bundle|trace_raw|userop|^pm_/i
/** Methods that run mined transactions again. If one of these does not run, the node is wrong about the chain. */
const REPLAY = /trace/

/** The meaning of a text; `undefined` if it holds no known words. @param kinds the kinds that it may be of, by default all */
export function meaningOfText(said: string, method: string, kinds = /./): Meaning | undefined {
  if (!said) return undefined
  // Where a text repeats the name of the method, the words in the name mean nothing.
  const text = said.replaceAll(method.toLowerCase(), '')
  const tables = [REVERT_WORDS, PLAIN_WORDS]
  if (TRANSACTIONAL.test(method)) tables.push(TRANSACTION_WORDS)
  else if (!REPLAY.test(method)) tables.push(BILL_WORDS)
  if (SEND.test(method)) tables.push(SEND_WORDS)
  const isMeant = ([{ kind }, ...patterns]: Words[number]) =>
    kinds.test(kind) && patterns.some((pattern) => pattern.test(text))
  return [...tables, PROVIDER_WORDS].flat().find(isMeant)?.[0]
}

// What the words of providers and nodes mean. The tables are read from the top: the first match wins. Pure.
// Texts come in lower case on one line. Codes, statuses and the method are weighed in failure.ts.

import type { Meaning, Words } from './transaction-words'
import { REVERT_WORDS, SEND, SEND_WORDS, TRANSACTION_WORDS } from './transaction-words'

/** Words that leave no doubt: they outrank the words about transactions and about providers. */
const PLAIN_WORDS: Words = [
  [
    { kind: 'user-rejected' },
    /user.{0,12}(reject|denied|cancel|declin)|(rejected|denied) (by (the )?user|the request)/,
  ],
  [
    { kind: 'unsupported-method' },
    /\bmethods?\b.{0,40}(not (found|s|a|en|ex|im|perm|wh)|n['’]t (exist|support)|unavailable|disabled|unsupported|blocked)/,
    /(unsupported|unknown|no such|invalid) (rpc )?method\b/,
  ],
  [
    { kind: 'invalid-params' },
    /invalid (argument|hex|address\b)|unmarshal|odd[ -]length|without 0x|missing value|(many|few|number of) (arg|param)/,
  ],
  [
    { kind: 'quota' },
    /(month|dai)ly|(per|this|\/) ?(day|month)\b|quota(?!.{0,80}per.(sec|min))|billing|payment required|(reached|exceeded).{0,12}\bfree/,
    /credits?\b.{0,40}(ex|reach|insuff|used|balance)|(insufficient|enough|out of|no) .{0,12}credits?|usage limit/,
    /limit for (your|the) current plan/,
  ],
  // All providers of a chain with one sequencer limit a sender alike.
  [{ kind: 'rate-limit', verdict: 'final' }, /sender.{0,12}rate limit/],
]

const PROVIDER_WORDS: Words = [
  [{ kind: 'invalid-params', verdict: 'next' }, /logs are not supported/],
  // A number that the chain has left out: no block will come.
  [{ kind: 'block-not-available', verdict: 'final' }, /null round/],
  [
    { kind: 'block-not-available' },
    /range extends|beyond.{0,40}(head|latest)|block.{0,40}out ?of ?range|pending (state|block)|blocks specified|invalid block range|blocknumber/,
  ],
  [
    { kind: 'filter-not-found' },
    /(filter[^(]{0,40}|subscription )(not (be )?(found|exist)|n['’]t exist)|filter[^(]{0,40}expired|(unknown|no such|invalid) filter( id|$)/,
  ],
  [{ kind: 'invalid-request', verdict: 'next' }, /errors? in batch/],
  [
    { kind: 'batch-refused' },
    /\bbatch\w*.{0,40}(size|limit|exceed|too |not (a|s|e)|more than|disabled)|(exceed|too many|limit).{0,40}\bbatch|responses to batch/,
  ],
  // Blocks, state and history that the node does not have.
  [
    { kind: 'missing-state' },
    /missing trie|\bprun(ed|ing)|archiv|\bhistor|data (is )?unavailable|old data|too old|quantity not|ancient/,
    /\bstate.{0,40}(unavailable|not (yet )?(available|found|present)|discarded|does not|n't been)|no state|proof window/,
    /state (at block|root|tree|recreation)|load state|tipset|purged|(low|earli)est |reader set|not traceable|transaction not found/,
    /(receipts?|record|resource|body) (is )?not found|no (tx|block|receipts?) data|data .{0,40}not available|tx index/,
    /evm module|(trie|version) does not|indexing is|max height of block|unsupported block number|snapshot file|receipts but/,
  ],
  [
    { kind: 'block-not-available' },
    /\bheaders?\b.{0,40}not (found|exist)|unknown block(?!chain)|(greater|higher) than .{0,12}(latest|current|head)/,
    /\bblock\b.{0,40}(not (be )?(found|exist|available|yet)|n['’]t exist)|block number from id|height (\d+ )?(must be|passed|is not|not in)/,
    /(could|can) ?n[o']t find .{0,12}(block|results)|after last accepted|unfinalized|invalid block ?(height|hash)|code=40000/,
    /^\W*(0x)?[\da-f]{1,64} could not be found|(safe|finalized|pending)\b.{0,40}not (a )?(supported|found|available)/,
    /not currently canonical|future (block|epoch)|height in the future/,
  ],
  // Too many blocks, addresses, results or bytes.
  [{ kind: 'range-too-large' }, /requested blocks|blocks worth|\blogs (are )?(limited to|over) .{0,12}\d\w* block/],
  [
    { kind: 'result-too-large' },
    /respon\w+.{0,40}(size|too (large|big)|larger|exceed)|returned more than/,
    /\b(results?|logs)\b.{0,40}(exceed|limit|too |over)|(max\w*|exceed\w*|too many|cap of).{0,40}\b(results|logs|events)\b/,
  ],
  [
    { kind: 'range-too-large' },
    /(too \w+|exceed\w*|max\w*|limit\w*|up to|at most|no more than|larger|greater|reduc\w*|allowed|over) .{0,40}(range|\bblocks)\b/,
    /(\branges?|\bblocks)\b.{0,40}(too \w+|exceed|max|limit|larger|bigger|greater|less than|allowed|over|wide)|smaller than size/,
    /(too many|max\w*|exceed\w*|less).{0,40}\b(address(es)?|allowed topics)\b|range of param|specify an address/,
    /contains \d+ filters|from_?block.{0,12}to_?block.{0,40}(too |less than|exceed)/,
  ],
  [{ kind: 'invalid-request', verdict: 'next' }, /(request|payload|body|entity|content).{0,12} too (large|big|long)/],
  // The provider's terms of use: pace, plan, access.
  [
    { kind: 'rate-limit' },
    /rate.?limit|rate exceeded|too many .{0,12}(requests?|calls|conn|subsc)|throttl|\brps\b|per.?(sec|min)|\d.{0,12}\/ ?s(ec(ond)?)?\b|reqs?\/s/,
    /request (limit|count)|capacity|throughput|compute unit|concurren|limited|overload|too much load|\bbusy/,
    /limit (exceeded|reached|hit)|exceed(s|ed)?\b.{0,40}\blimit|(code:?|error) 1015|timeout on the free/,
    /(try again|retry) (in|after) \d/,
  ],
  [
    { kind: 'unsupported-method' },
    /\b(chain|network)\b.{0,40}not (a|s|e)|unsupported (chain|network)/,
    /(not (available|included|supported|allowed)|requires?|upgrade) .{0,40}\b(plan|tier)\b/,
  ],
  // The request needs an account that the node holds itself.
  [{ kind: 'auth', verdict: 'final', blame: 'nobody' }, /password or unlock|unknown account|account (is )?locked/],
  [
    { kind: 'auth' },
    /unauthori|authenticat|(api|access).?key|access token|token (is )?(invalid|expired|required)|project.?id|\bjwt\b/,
    /forbidden|(access|permission) (is )?denied|not (allowed|permitted|authori)|(illegal|blocked|banned) ip|invalid (origin|key)|\b(white|allow).?list/,
    /\b(account|endpoint|app|key|project|subscription)\b.{0,40}(disabled|suspended|inactive|deactivated|expired|blocked|deleted|paused)/,
  ],
  [
    { kind: 'unsupported-method' },
    /unsupported (subscription|tracer|rpc|api|feature|module|operation|request|namespace|call)|(is|been) disabled/,
    /not (supported|implemented|(been )?enabled)|(does ?not|n['’]t) support|no "?\w+"? subscription/,
    /\b(subscriptions?|tracer|module|api|(tx)?pool|debug|trac(e|ing)|rpc)\b.{0,40}(not (a|perm)|disabled|unavailable|blocked)/,
  ],
  [
    { kind: 'invalid-params' },
    /invalid (topic|reward|filter|param|input|type|value|length|hash|data|format|json)|malformed|(exceed|more than).{0,12}topics/,
    /is not an? (object|array|string|valid)|failed to parse|from\w*.{0,12}greater than|(has|specify) both|are set\b/,
    /(missing|required) .{0,12}(field|param|arg|value)|(param|field|arg)\w* .{0,40}(required|missing)/,
  ],
  [
    { kind: 'timeout', blame: 'nobody' },
    /(execution|evm|trac|query).{0,12}(time.?out|timed out|aborted)|timeout (expired|exceeded)/,
  ],
  [
    { kind: 'network', isUntouched: true },
    /econnrefused|enotfound|eai_again|und_err_connect|connection refused|no such host|unreach|\bconnect e\w+ [\d:]/,
    /cert(?!ai)|handshake|before secure|err_(tls|ssl)|eproto|socket (is (clos|not)|was closed with)|\bbad port/,
  ],
  [{ kind: 'timeout' }, /time(d)?[-_ ]?out|deadline exceeded|took too long/],
  [
    { kind: 'network' },
    /econn|epipe|\b(tls|ssl)\b|und_err|fetch failed|failed to fetch|load failed|network ?error|socket (hang|closed|disc)/,
    /connection (reset|closed|terminat|error|lost|abort)|disconnect|broken pipe|upstream connect|\beof$/,
  ],
  [
    { kind: 'server-error' },
    /bad gateway|service (is )?(not |un)available|temporarily unavailable|unhealthy|(no|empty) response|\bpanic|crashed|maintenance/,
    /(backend|server|node|upstream|provider)s?\b.{0,40}(offline|not .{0,40}(healthy|ready)|\bdown\b|unavailable|response|fail)/,
    /no (healthy |available )?(backend|upstream|server|node|provider)|failed to .{0,40}(upstream|backend)/,
    /still in progress|\bsync(ing|ed)?\b/,
  ],
  [
    { kind: 'server-error', blame: 'nobody' },
    /please retry|try again|null value|temporary|resource (not |un)available/,
  ],
]

/** Methods whose errors are about a transaction. For others, "insufficient balance" is about the bill at the provider. */
const TRANSACTIONAL = /^$|send|call|estimate|simulate|accesslist|sign|fill|bundle|trace/i

/** The meaning of a text; `undefined` if it holds no known words. @param kinds the kinds that it may be of, by default all */
export function meaningOfText(text: string, method: string, kinds = /./): Meaning | undefined {
  if (!text) return undefined
  const tables = [REVERT_WORDS, PLAIN_WORDS]
  if (TRANSACTIONAL.test(method)) tables.push(TRANSACTION_WORDS)
  if (SEND.test(method)) tables.push(SEND_WORDS)
  const isMeant = ([{ kind }, ...patterns]: Words[number]) =>
    kinds.test(kind) && patterns.some((pattern) => pattern.test(text))
  return [...tables, PROVIDER_WORDS].flat().find(isMeant)?.[0]
}

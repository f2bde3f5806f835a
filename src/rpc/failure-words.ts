// The words of providers and nodes -> what they mean. A table, read from the top: the first match wins. Pure.
// Texts come in lower case on one line. Which method was asked and what the codes say is weighed in failure.ts.

import type { FailureKind } from '../types'

export type Meaning = {
  kind: FailureKind
  verdict?: 'final' | 'next'
  blame?: 'channel' | 'provider' | 'nobody'
  isUntouched?: boolean
  isMethodUnknown?: boolean
  transaction?: 'known' | 'nonce-taken' | 'policy' | 'rule'
}

type Extra = Omit<Meaning, 'kind'>

const next: Extra = { verdict: 'next' }
const nobody: Extra = { blame: 'nobody' }
const final: Extra = { verdict: 'final' }
const known: Extra = { transaction: 'known' }
const nonceTaken: Extra = { transaction: 'nonce-taken' }
const policy: Extra = { verdict: 'next', transaction: 'policy' }
const rule: Extra = { transaction: 'rule' }
/** Another node may be of a newer fork. */
const unfit: Extra = { verdict: 'next', transaction: 'rule' }
const untouched: Extra = { isUntouched: true }

const WORDS: readonly [RegExp, FailureKind, Extra?][] = [
  // What stands behind a colon may be the contract's own words.
  [/^[^:]*revert[^:]*(please retry|try again)/, 'server-error', nobody],
  [
    /execution .{0,12}revert|^(error: )?revert|\brevert(ed)? (reason|opcode)|\b(transaction|tx|call|message|evm|contract)\b.{0,30}\brevert|: revert(ed)?\b|vm (exception|execution error|error)|function_selector|evm ?error|revert\(0x/,
    'reverted',
  ],
  [/user.{0,12}(reject|denied|cancel|declin|disapprov)|(rejected|denied|cancell?ed|declined) (by (the )?user|the request)/, 'user-rejected'],
  [
    /\bmethods?\b.{0,70}(not (found|supported|available|allowed|enabled|exist|implemented|whitelisted|permitted|recogni[sz]ed|served)|n['’]t (exist|support)|unavailable|disabled|unsupported|restricted|blocked|unknown)|(unsupported|unknown|unimplemented|no such|disabled|unrecogni[sz]ed|invalid|forbidden) (rpc |json-rpc |eth )?method\b|not whitelisted/,
    'unsupported-method',
  ],
  [
    /invalid argument|cannot unmarshal|odd[ -]length|without 0x|missing value|(too many|wrong number of|not enough|too few) (arguments|param)|invalid (hex|address)\b/,
    'invalid-params',
  ],
  [
    /(month|dai)ly|(per|\/) ?(day|month)\b|quota(?!.{0,30}per sec)|billing|payment required|top.?up|\bcredits?\b.{0,40}(exceed|exhaust|reach|insufficient|deplet|used up|balance)|(insufficient|not enough|out of|no|run out of) .{0,12}credits?|(reached|exceeded).{0,12}\bfree|(usage|capacity|request)s? limit.{0,24}(plan|account)|limit for (your|the) current plan|subscription (has )?(expired|ended)/,
    'quota',
  ],

  // Transactions: these very bytes, another of the nonce, the node's own policy, the chain's rules.
  [/already (been )?(finali[sz]ed|mined|executed|included|confirmed|committed)/, 'already-known', nonceTaken],
  [
    /nonce.{0,12}too (low|old|small)|nonce.{0,30}(already|(has been|was) used)|nonce (is )?(already|expired|mismatch|lower|less)|(old|stale|expired|incorrect|invalid|bad|wrong|correct)[ _]?((transaction|account|tx) )?(nonce|sequence)|(lower|less|smaller) than .{0,16}nonce|oldnonce|ownnonce|pool\(stale|is outdated|\breplac\w* (transaction|tx)?.{0,24}(underpriced|too low|not ?allowed)|replacementnotallowed|(could|can) ?not replace|same nonce|sequence mismatch|toolowpriority|priority is too low|nonce reuse|replaced by|sender account nonce/,
    'transaction-rejected',
    nonceTaken,
  ],
  [
    /already[ _]?(known|imported|broadcast|submitted)|already_exists|\bknown transaction|same hash|\b(transaction|tx|txn) (is |was |has )?(been )?already (in\b|known|have|present|received|pending|submitted|processed|added|exist)|already (exists )?in (the |our )?(cache|mem|pool|tx|transaction|queue|system)|already have (the |this )?(transaction|tx)|\bdup(licated?)?[ _]trans/,
    'already-known',
    known,
  ],
  [
    /pool (is |was )?(already )?full|(^|tx |transaction |: )(queue|pool|mempool)( is)? (full|overflow)|underpriced|fee ?too ?low|insufficient fee|gas ?price.{0,24}(below|less than|lower than|under|not satisfy).{0,24}(minim|floor|configured|allowed|required)|minimal gas price|(below|under) (the )?(configured )?(minimum|price limit)|minimum gas price|tip cap.{0,24}minimum|fee ?cap exceeded|exceeds the configured cap|already reserved|in-?flight transaction|delegated account|tries to replace|had higher priority|too many (pending |queued )?(transactions|txs)|dropped due to|immediatelydropped|conflicting ?type|gapped|spammer|pool (limit|overflow)/,
    'transaction-rejected',
    policy,
  ],
  [
    /\b(transaction|tx) ?type.{0,24}(not|un) ?(supported|known|recogni[sz]ed|valid|activated)|(notsupported|unsupported|unknown|invalid) ?(transaction|tx) ?type|tx of type|\btype \w+ (tx|transaction)/,
    'invalid-params',
    unfit,
  ],
  [
    /\brlp|typed transaction too short|(decod|pars|deseriali|unmarshal)\w* .{0,24}\b(transaction|tx)\b|\b(transaction|tx)\b.{0,16}(not|n't) be decoded/,
    'invalid-params',
    rule,
  ],
  [
    /nonce.{0,24}(too (high|distant|far|large|big)|gap|greater|max value)|noncegap|distant future|insufficient[ _]?(funds|balance|eth\b|gas\b|payer)|had insufficient|(not|n't)( have)? enough (funds|balance|eth|ether|gas)\b|(exceeds?|greater than|higher than|more than).{0,24}balance|overdraft|::payment|intrinsic ?gas|(exceed|greater).{0,30}\bgas ?limit|gas ?limit.{0,20}(exceed|too (low|high)|below|reached|greater)|gaslimitexceeded|cost exceeds|\bgas ?(price )?(is )?too (low|high)|gas ?uint|int256 ?overflow|value overflow|floor (data )?gas|(transaction|tx) gas (limit )?(is )?(too|exceeds)|invalid (transaction )?(sender|signature|shard|message format|signer)|invalid ?transaction\b|invalid_signature|signature.{0,16}(fail|invalid|mismatch)|signed for another|sender.{0,14}(not an? eoa|not auth|not permitted|banned|blacklist)|not an eoa|senderiscontract|failedtoresolvesender|forbidden sender|banned in local|transaction is not permitted|in blacklist|negative value|oversized|(transaction|tx) (is )?too (large|big)|initcode|(wrong|incorrect|invalid|mismatch\w*) ?chain ?id|chain ?id.{0,20}(mismatch|not supported|required|not match|invalid)|replay.protect|\bbase ?fee|priority fee|(tip|fee) (above|higher)|\bfee ?cap|max fee per|\bblobs?\b|\bkzg|create transaction|authori[sz]ation list|account limit exceeded|counters? (to continue|at node)|unacceptable gas|pay the fee|from a non-account|pubdata|status invalid/,
    'transaction-rejected',
    rule,
  ],
  [
    /out ?of ?gas|gas required exceeds|gas exhausted|invalid (opcode|jump)|invalidjump|(bad|unknown|undefined) ?instruction|stack ?(under|over)flow|stack limit|out of memory|write protection|code storage|always failing|processing could not be completed|max code size/,
    'reverted',
  ],

  [/logs are not supported|expected blocknumber/, 'invalid-params', next],
  [/range extends|beyond.{0,20}head|block.{0,24}out ?of ?range|pending (state|block)|blocks specified|malformed blocknumber|invalid block range/, 'block-not-available'],
  [/filter[^(]{0,40}(not (be )?found|n['’]t exist|not exist|expired|uninstalled)|(unknown|no such|invalid|(could|can) ?not find|can't find) filter( id|\b(?!:))|subscription (id )?not found/, 'filter-not-found'],
  [/errors? in batch/, 'invalid-request', next],
  [
    /\bbatch\w*.{0,60}(size|limit|exceed|too (large|many|big)|not (allowed|supported|enabled)|more than|disabled|maximum)|(exceed|too many|maximum|limit of|more than).{0,60}\bbatch|responses to batch/,
    'batch-refused',
  ],

  // Blocks, state and history that are not there.
  [
    /missing trie node|\bprun(ed|ing)|archiv|historical (state|data)|histor(y|ical).{0,60}(unavailable|not |error|rpc|expired|pruned)|data (is )?unavailable|no historical|\bstate.{0,40}(unavailable|not (yet )?(available|found|present|exist)|discarded|does not maintain|n't been)|no state|state (at block|root|tree)|tipset|purged|lowest (height|block)|earliest (available|block)|reader set|not traceable|(transaction|tx|receipts?) not found|cannot find transaction|tx index|(record|resource|metadata|body|bodies) (is )?not found|no (tx|block|receipts?|transactions?) (data|snapshot)|ancient|old data|data (before|after|prior).{0,40}not available|requested data is not|trie does not|evm module does not|failed to load|null round|out-of-bounds|proof window|indexing is|max height of block|unsupported block number/,
    'missing-state',
  ],
  [
    /\bheaders?\b.{0,24}(not found|not exist)|unknown block(?!chain)|\bblock\b.{0,60}((not|cannot) (be )?found|n['’]t exist|not exist|not (yet )?(available|produced|imported))|(could|can) ?(not|n't) (find|get|locate) .{0,12}block|can't find .{0,12}block|after last accepted|unfinali[sz]ed|greater than .{0,16}(latest|current|head)|(higher|newer) than .{0,16}(latest|current|head)|height must be|invalid block ?(height|hash finali)|block ?height.{0,24}(invalid|not available)|height is not available|^\W*(0x)?[\da-f]{1,64} could not be found|block number from id|(safe|finali[sz]ed|pending|latest)\b.{0,24}not (a )?(supported|found|available)|code=40000|not currently canonical|future (block|epoch)|not mined yet|finalizeblock/,
    'block-not-available',
  ],

  // Too many blocks, addresses, results, bytes.
  [/requested blocks|number of blocks|too many blocks/, 'range-too-large'],
  [
    /response size|respon\w+.{0,24}(too (large|big)|larger than|exceed)|returned more than|more than \d+ (results|logs)|too many (results|logs|events|entries|items)|\b(results?|logs|events)\b.{0,40}(exceed|limit|too (many|large|big))|(max\w*|exceed\w*|limit of|cap of).{0,30}\b(results|logs|events)\b|smaller result|query exceeds limit|string longer/,
    'result-too-large',
  ],
  [
    /(too (large|wide|big|high|many|long)|exceed\w*|\bmax\w*|limit\w*|up to|at most|larger|bigger|greater|reduc\w*|narrow\w*|allowed).{0,60}(\brange|\bblocks\b|block ?range|address(es)?\b)|(\branges?\b|block ?(range|distance|span)|\bblocks\b).{0,60}(too (large|wide|big|high|many|long)|exceed|\bmax|limit|larger|bigger|greater|allowed|\bover\b|wide)|smaller than size|ranges? over|logs over more|range of parameters|specify (an|less).{0,20}address|max allowed topics|unsupported param\w* range|contains \d+ filters|too large request/,
    'range-too-large',
  ],
  [/(request|payload|body|entity|content).{0,12} too (large|big|long)|content length/, 'invalid-request', next],

  // The provider's own conditions.
  [/sender.{0,16}rate limit/, 'rate-limit', final],
  [
    /rate.?limit|rate exceeded|call rate|too many (concurrent |simultaneous |http |api |open |rpc )?(requests?|calls|connections|subscriptions)|throttl|(requests?|credits?|units|calls|cups?)\b.{0,20}(per|\/) ?(sec|min|s\b)|\/ ?sec(ond)?\b|per second|\brps\b|request (limit|count)|over capacity|capacity (limit|exceeded|reached)|exceeded.{0,30}capacity|compute units|concurren|(requests?|credits) (are |is )?limited|slow down|too much load|overload|timeout on the free|free (plan|tier).{0,20}(limit|timeout)|limit exceeded|exceed(s|ed)?\b.{0,24}\blimit|limit (has been |was |is )?(reached|hit|exhausted)|(code:?|error) 1015|too fast|request units|cannot fulfill request|(is|too) busy/,
    'rate-limit',
  ],
  [
    /\b(chain|network)\b.{0,24}not (available|supported|enabled)|unsupported (chain|network)|not (available|included|supported|allowed|enabled|accessible).{0,40}\b(plan|tier|package)\b|(requires?|upgrade) .{0,40}\b(plan|tier|subscription)\b|(paid|premium|growth|dedicated|archive) (plan|tier|only)|only available (on|in|for|to)/,
    'unsupported-method',
  ],
  [
    /unauthori[sz]ed|password or unlock|authenticat|api.?key|access.?key|access token|invalid token|token (is )?(invalid|expired|required|missing)|project.?id|\bjwt\b|forbidden|(access|permission) (is )?denied|not (allowed|permitted|authori[sz]ed)|(illegal|blocked|banned|whitelisted?) ip|\bip\b.{0,24}(block|ban|not|illegal)|invalid origin|origin.{0,12}not|credential|\b(account|endpoint|app|key|project|user)\b.{0,24}(disabled|suspended|inactive|deactivated|expired|blocked|deleted|paused)|not have access|no access|invalid (key|secret)/,
    'auth',
  ],
  [
    /\bunsupported (subscription|tracer|rpc|api|feature|module|operation|request|namespace|call)|\b(js )?(subscriptions?|tracer|notifications?|namespace|module|api|feature|pool|debug|trace|tracing|rpc)\b.{0,40}(not (supported|enabled|available|permitted|allowed)|disabled|unavailable|n['’]t support)|not (supported|implemented|enabled)|(does ?not|n['’]t) support|no "?\w+"? subscription|(is|been) disabled|not (been )?enabled/,
    'unsupported-method',
  ],
  [
    /invalid (topic|filter|param|input|type|request (param|input|body)|value|length|block ?number|hash|data|format|json)|(exceed|too many|more than).{0,16}topics|is not an? (object|array|string|valid)|(missing|required) .{0,16}(field|param|argument|value|property)|(param|parameter|field|argument)s?\b.{0,24}(required|missing|invalid|must)|(failed|unable) to (parse|decode)(?! .{0,12}(response|upstream|backend))|malformed|blockhash is supplied|cannot specify both|(from|begin|start)\w*.{0,12}greater than.{0,12}(to|end)/,
    'invalid-params',
  ],
  [/(execution|evm|trace|tracing|query).{0,8}(time.?out|timed out|aborted)|timeout (expired|exceeded)/, 'timeout', nobody],
  [/econnrefused|enotfound|eai_again|ehostunreach|enetunreach|und_err_connect|connection refused|no such host|getaddrinfo|is unreachable|self.signed|certificate|\b(err_)?(tls|ssl)\b|err_tls|unable_to_|eproto|socket is (closed|closing|not)|unexpected server response/, 'network', untouched],
  [/time(d)?[-_ ]?out|deadline exceeded|took too long/, 'timeout'],
  [
    /econn|epipe|und_err|fetch failed|failed to fetch|load failed|network ?error|socket (hang up|closed|disconnected)|connection (reset|closed|terminat|error|lost|aborted|timed)|disconnect|broken pipe|upstream connect|unexpected eof|\beof$/,
    'network',
  ],
  [
    /bad gateway|service (is )?(temporarily )?(unavailable|not available)|temporarily unavailable|(backend|server|node|upstream|client|provider|relay)s?\b.{0,40}(offline|unhealthy|not.{0,20}healthy|\bdown\b|unavailable|not ready|not synced|out of sync|invalid response|bad response|crash|died|failed)|no (healthy |available |suitable )?(backend|upstream|server|node|provider|endpoint|relay)|failed to .{0,40}(upstream|backend)|sync is still|still in progress|(is|still) syncing|not synced|\bpanic|crashed|failed relay|maintenance|something went wrong/,
    'server-error',
  ],
  [/please retry|try again|null value|temporary|resource (is )?(unavailable|not available)/, 'server-error', nobody],
]

/** Methods that answer with the words of the transaction rules; elsewhere "insufficient balance" is the provider's bill. */
const TRANSACTIONAL = /^$|send|call|estimate|simulate|accesslist|sign|fill|bundle|trace/i

/** What a text means; undefined where it says nothing known. */
export function meaningOfText(text: string, method: string): Meaning | undefined {
  if (!text) return undefined
  const isTransactional = TRANSACTIONAL.test(method)
  const found = WORDS.find(([words, , extra]) => (isTransactional || !extra?.transaction) && words.test(text))
  return found && { kind: found[1], ...found[2] }
}

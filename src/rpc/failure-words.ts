// The words of providers and nodes -> what they mean. Tables, read from the top: the first match wins. Pure.
// Texts come in lower case on one line. What codes, statuses and the method add is weighed in failure.ts.

import type { Meaning, Words } from './transaction-words'
import { REVERT_WORDS, TRANSACTION_WORDS } from './transaction-words'

/** Beyond doubt: they outrank what else the text says. */
const PLAIN_WORDS: Words = [
  [
    { kind: 'user-rejected' },
    /user.{0,12}(reject|denied|cancel|declin|disapprov)/,
    /(rejected|denied|cancell?ed|declined) (by (the )?user|the request)/,
  ],
  [
    { kind: 'unsupported-method' },
    /\bmethods?\b.{0,70}(not (found|supported|available|allowed|enabled|exist|implemented|whitelisted|permitted|recogni[sz]ed|served)|n['’]t (exist|support)|unavailable|disabled|unsupported|restricted|blocked)/,
    /(unsupported|unknown|unimplemented|no such|disabled|unrecogni[sz]ed|invalid|forbidden) (rpc |json-rpc |eth )?method\b/,
    /not whitelisted/,
  ],
  [
    { kind: 'invalid-params' },
    /invalid argument|cannot unmarshal|odd[ -]length|without 0x|missing value/,
    /(too many|wrong number of|not enough|too few) (arguments|param)|invalid (hex|address)\b/,
  ],
  [
    { kind: 'quota' },
    /(month|dai)ly|(per|\/) ?(day|month)\b|quota(?!.{0,30}per sec)|billing|payment required|top.?up/,
    /\bcredits?\b.{0,40}(exceed|exhaust|reach|insufficient|deplet|used up|balance)/,
    /(insufficient|not enough|out of|no|run out of) .{0,12}credits?|(reached|exceeded).{0,12}\bfree/,
    /(usage|capacity|request)s? limit.{0,24}(plan|account)|limit for (your|the) current plan/,
    /subscription (has )?(expired|ended)/,
  ],
]

const PROVIDER_WORDS: Words = [
  [{ kind: 'invalid-params', verdict: 'next' }, /logs are not supported|expected blocknumber/],
  [
    { kind: 'block-not-available' },
    /range extends|beyond.{0,20}head|block.{0,24}out ?of ?range|pending (state|block)|blocks specified/,
    /malformed blocknumber|invalid block range/,
  ],
  [
    { kind: 'filter-not-found' },
    /filter[^(]{0,40}(not (be )?found|n['’]t exist|not exist|expired|uninstalled)/,
    /(unknown|no such|invalid|(could|can) ?not find|can't find) filter( id|\b(?!:))|subscription (id )?not found/,
  ],
  [{ kind: 'invalid-request', verdict: 'next' }, /errors? in batch/],
  [
    { kind: 'batch-refused' },
    /\bbatch\w*.{0,60}(size|limit|exceed|too (large|many|big)|not (allowed|supported|enabled)|more than|disabled|maximum)/,
    /(exceed|too many|maximum|limit of|more than).{0,60}\bbatch|responses to batch/,
  ],
  // Blocks, state and history that are not there.
  [
    { kind: 'missing-state' },
    /missing trie node|\bprun(ed|ing)|archiv|historical (state|data)/,
    /histor(y|ical).{0,60}(unavailable|not |error|rpc|expired|pruned)|data (is )?unavailable|no historical/,
    /\bstate.{0,40}(unavailable|not (yet )?(available|found|present|exist)|discarded|does not maintain|n't been)/,
    /no state|state (at block|root|tree)|tipset|purged|lowest (height|block)|earliest (available|block)|reader set/,
    /not traceable|(transaction|tx|receipts?) not found|cannot find transaction|tx index/,
    /(record|resource|metadata|body|bodies) (is )?not found|no (tx|block|receipts?|transactions?) (data|snapshot)/,
    /ancient|old data|data (before|after|prior).{0,40}not available|requested data is not|trie does not/,
    /evm module does not|failed to load state|null round|out-of-bounds|proof window|indexing is|max height of block/,
    /unsupported block number/,
  ],
  [
    { kind: 'block-not-available' },
    /\bheaders?\b.{0,24}(not found|not exist)|unknown block(?!chain)/,
    /\bblock\b.{0,60}((not|cannot) (be )?found|n['’]t exist|not exist|not (yet )?(available|produced|imported))/,
    /(could|can) ?(not|n't) (find|get|locate) .{0,12}block|can't find .{0,12}block|after last accepted/,
    /unfinali[sz]ed|greater than .{0,16}(latest|current|head)|(higher|newer) than .{0,16}(latest|current|head)/,
    /height must be|invalid block ?(height|hash finali)|block ?height.{0,24}(invalid|not available)/,
    /height is not available|^\W*(0x)?[\da-f]{1,64} could not be found|block number from id/,
    /(safe|finali[sz]ed|pending|latest)\b.{0,24}not (a )?(supported|found|available)|code=40000/,
    /not currently canonical|future (block|epoch)|not mined yet|finalizeblock/,
  ],
  // Too many blocks, addresses, results, bytes.
  [{ kind: 'range-too-large' }, /requested blocks|number of blocks|too many blocks/],
  [
    { kind: 'result-too-large' },
    /response size|respon\w+.{0,24}(too (large|big)|larger than|exceed)|returned more than/,
    /more than \d+ (results|logs)|too many (results|logs|events|entries|items)/,
    /\b(results?|logs|events)\b.{0,40}(exceed|limit|too (many|large|big))/,
    /(max\w*|exceed\w*|limit of|cap of).{0,30}\b(results|logs|events)\b|smaller result|query exceeds limit/,
    /string longer/,
  ],
  [
    { kind: 'range-too-large' },
    /(too (large|wide|big|high|many|long)|exceed\w*|\bmax\w*|limit\w*|up to|at most|larger|bigger|greater|reduc\w*|narrow\w*|allowed).{0,60}(\brange|\bblocks\b|block ?range)/,
    /(too many|max\w*|exceed\w*|limit\w*|up to).{0,40}\baddress(es)?\b/,
    /(\branges?\b|block ?(range|distance|span)|\bblocks\b).{0,60}(too (large|wide|big|high|many|long)|exceed|\bmax|limit|larger|bigger|greater|allowed|\bover\b|wide)/,
    /smaller than size|ranges? over|logs over more|range of parameters|specify (an|less).{0,20}address/,
    /max allowed topics|unsupported param\w* range|contains \d+ filters|too large request/,
  ],
  [
    { kind: 'invalid-request', verdict: 'next' },
    /(request|payload|body|entity|content).{0,12} too (large|big|long)|content length/,
  ],
  // The provider's own conditions.
  [{ kind: 'rate-limit', verdict: 'final' }, /sender.{0,16}rate limit/],
  [
    { kind: 'rate-limit' },
    /rate.?limit|rate exceeded|call rate/,
    /too many (concurrent |simultaneous |http |api |open |rpc )?(requests?|calls|connections|subscriptions)|throttl/,
    /(requests?|credits?|units|calls|cups?)\b.{0,20}(per|\/) ?(sec|min|s\b)|\/ ?sec(ond)?\b|per second|\brps\b/,
    /request (limit|count)|over capacity|capacity (limit|exceeded|reached)|exceeded.{0,30}capacity|compute units/,
    /concurrent (requests?|connections?|calls?)|concurrency|(requests?|credits) (are |is )?limited|slow down/,
    /too much load|overload|timeout on the free|free (plan|tier).{0,20}(limit|timeout)|limit exceeded/,
    /exceed(s|ed)?\b.{0,24}\blimit|limit (has been |was |is )?(reached|hit|exhausted)|(code:?|error) 1015|too fast/,
    /request units|cannot fulfill request|(is|too) busy|(try again|retry) (in|after) \d/,
  ],
  [
    { kind: 'unsupported-method' },
    /\b(chain|network)\b.{0,24}not (available|supported|enabled)|unsupported (chain|network)/,
    /not (available|included|supported|allowed|enabled|accessible).{0,40}\b(plan|tier|package)\b/,
    /(requires?|upgrade) .{0,40}\b(plan|tier|subscription)\b/,
    /(paid|premium|growth|dedicated|archive) (plan|tier|only)|only available (on|in|for|to)/,
  ],
  // An account of the node itself.
  [{ kind: 'auth', verdict: 'final', blame: 'nobody' }, /password or unlock|unknown account|account (is )?locked/],
  [
    { kind: 'auth' },
    /unauthori[sz]ed|authenticat|api.?key|access.?key|access token|invalid token/,
    /token (is )?(invalid|expired|required|missing)|project.?id|\bjwt\b|forbidden|(access|permission) (is )?denied/,
    /not (allowed|permitted|authori[sz]ed)|(illegal|blocked|banned|whitelisted?) ip/,
    /\bip\b.{0,24}(block|ban|not|illegal)|\borigin\b.{0,12}not|invalid origin|credential/,
    /\b(account|endpoint|app|key|project|user)\b.{0,24}(disabled|suspended|inactive|deactivated|expired|blocked|deleted|paused)/,
    /not have access|no access|invalid (key|secret)/,
  ],
  [
    { kind: 'unsupported-method' },
    /\bunsupported (subscription|tracer|rpc|api|feature|module|operation|request|namespace|call)/,
    /\b(js )?(subscriptions?|tracer|notifications?|namespace|module|api|feature|pool|debug|trace|tracing|rpc)\b.{0,40}(not (supported|enabled|available|permitted|allowed)|disabled|unavailable|n['’]t support)/,
    /not (supported|implemented|enabled)|(does ?not|n['’]t) support|no "?\w+"? subscription|(is|been) disabled/,
    /not (been )?enabled/,
  ],
  [
    { kind: 'invalid-params' },
    /invalid (topic|filter|param|input|type|request (param|input|body)|value|length|block ?number|hash|data|format|json)/,
    /(exceed|too many|more than).{0,16}topics|is not an? (object|array|string|valid)/,
    /(missing|required) .{0,16}(field|param|argument|value|property)/,
    /(param|parameter|field|argument)s?\b.{0,24}(required|missing|invalid|must)/,
    /(failed|unable) to (parse|decode)(?! .{0,12}(response|upstream|backend))|malformed|blockhash is supplied/,
    /cannot specify both|(from|begin|start)\w*.{0,12}greater than.{0,12}(to|end)/,
  ],
  [
    { kind: 'timeout', blame: 'nobody' },
    /(execution|evm|trace|tracing|query).{0,8}(time.?out|timed out|aborted)|timeout (expired|exceeded)/,
  ],
  [
    { kind: 'network', isUntouched: true },
    /econnrefused|enotfound|eai_again|ehostunreach|enetunreach|und_err_connect|connection refused|no such host/,
    /getaddrinfo|is unreachable|self.signed|cert(ificate|_)|handshake|err_(tls|ssl)|unable_to_|eproto/,
    /socket is (closed|closing|not)/,
  ],
  [{ kind: 'timeout' }, /time(d)?[-_ ]?out|deadline exceeded|took too long/],
  [
    { kind: 'network' },
    /econn|epipe|\b(tls|ssl)\b|und_err|fetch failed|failed to fetch|load failed|network ?error/,
    /socket (hang up|closed|disconnected)|connection (reset|closed|terminat|error|lost|aborted|timed)|disconnect/,
    /broken pipe|upstream connect|unexpected eof|\beof$/,
  ],
  [
    { kind: 'server-error' },
    /bad gateway|service (is )?(temporarily )?(unavailable|not available)|temporarily unavailable/,
    /(backend|server|node|upstream|client|provider|relay)s?\b.{0,40}(offline|unhealthy|not.{0,20}healthy|\bdown\b|unavailable|not ready|not synced|out of sync|invalid response|bad response|crash|died|failed)/,
    /no (healthy |available |suitable )?(backend|upstream|server|node|provider|endpoint|relay)/,
    /failed to .{0,40}(upstream|backend)|sync is still|still in progress|(is|still) syncing|not synced|\bpanic/,
    /crashed|failed relay|maintenance|something went wrong/,
  ],
  [
    { kind: 'server-error', blame: 'nobody' },
    /please retry|try again|null value|temporary|resource (is )?(unavailable|not available)/,
  ],
]

/** Methods that answer with the words of transactions; elsewhere an "insufficient balance" is the provider's bill. */
const TRANSACTIONAL = /^$|send|call|estimate|simulate|accesslist|sign|fill|bundle|trace/i

/** What a text means; undefined where it says nothing known. */
export function meaningOfText(text: string, method: string): Meaning | undefined {
  if (!text) return undefined
  for (const words of [
    REVERT_WORDS,
    PLAIN_WORDS,
    TRANSACTIONAL.test(method) ? TRANSACTION_WORDS : [],
    PROVIDER_WORDS,
  ]) {
    const found = words.find(([, ...patterns]) => patterns.some((pattern) => pattern.test(text)))
    if (found) return found[0]
  }
  return undefined
}

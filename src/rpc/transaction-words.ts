// The words of transaction pools and of the EVM -> what they mean. Two tables, read from the top. Pure.
// Texts come in lower case on one line; which table is asked when is decided in failure-words.ts.

import type { FailureKind } from '../types'

export type Meaning = {
  kind: FailureKind
  verdict?: 'final' | 'next'
  blame?: 'channel' | 'provider' | 'nobody'
  isUntouched?: boolean
  isMethodUnknown?: boolean
  transaction?: 'known' | 'nonce-taken' | 'policy' | 'rule'
}

/** Each meaning with the patterns that tell it; the first row that matches wins. */
export type Words = readonly (readonly [Meaning, ...RegExp[]])[]

export const REVERT_WORDS: Words = [
  // What stands behind a colon may be the words of the contract.
  [{ kind: 'server-error', blame: 'nobody' }, /^[^:]*revert[^:]*(please retry|try again)/],
  [
    { kind: 'reverted' },
    /execution .{0,12}revert|^(error: )?revert|\brevert(ed)? (reason|opcode)/,
    /\b(transaction|tx|call|message|evm|contract)\b.{0,30}\brevert|: revert(ed)?\b/,
    /vm (exception|execution error|error)|function_selector|evm ?error|revert\(0x/,
  ],
]

export const TRANSACTION_WORDS: Words = [
  [
    { kind: 'already-known', transaction: 'nonce-taken' },
    /already (been )?(finali[sz]ed|mined|executed|included|confirmed|committed)/,
  ],
  [
    { kind: 'transaction-rejected', transaction: 'nonce-taken' },
    /nonce.{0,12}too (low|old|small)|nonce.{0,30}(already|(has been|was) used)/,
    /nonce (is )?(already|expired|mismatch|lower|less)/,
    /(old|stale|expired|incorrect|invalid|bad|wrong|correct)[ _]?((transaction|account|tx) )?(nonce|sequence)/,
    /(lower|less|smaller) than .{0,16}nonce|oldnonce|ownnonce|pool\(stale|is outdated/,
    /\breplac\w* (transaction|tx)?.{0,24}(underpriced|too low|not ?allowed)|replacementnotallowed/,
    /(could|can) ?not replace|same nonce|sequence mismatch|toolowpriority|priority is too low|nonce reuse/,
    /replaced by|sender account nonce/,
  ],
  [
    { kind: 'already-known', transaction: 'known' },
    /already[ _]?(known|imported|broadcast|submitted)|already_exists|\bknown transaction|same hash/,
    /\b(transaction|tx|txn) (is |was |has )?(been )?already (in\b|known|have|present|received|pending|submitted|processed|added|exist)/,
    /already (exists )?in (the |our )?(cache|mem|pool|tx|transaction|queue|system)/,
    /already have (the |this )?(transaction|tx)|\bdup(licated?)?[ _]trans/,
  ],
  [
    { kind: 'transaction-rejected', verdict: 'next', transaction: 'policy' },
    /pool (is |was )?(already )?full|(^|tx |transaction |: )(queue|pool|mempool)( is)? (full|overflow)|underpriced/,
    /fee ?too ?low|insufficient fee/,
    /gas ?price.{0,24}(below|less than|lower than|under|not satisfy).{0,24}(minim|floor|configured|allowed|required)/,
    /minimal gas price|(below|under) (the )?(configured )?(minimum|price limit)|minimum gas price/,
    /tip cap.{0,24}minimum|fee ?cap exceeded|exceeds the configured cap|already reserved|in-?flight transaction/,
    /delegated account|tries to replace|had higher priority|too many (pending |queued )?(transactions|txs)/,
    /dropped due to|immediatelydropped|conflicting ?type|gapped|spammer|pool (limit|overflow)/,
  ],
  [
    { kind: 'invalid-params', verdict: 'next', transaction: 'rule' },
    /\b(transaction|tx) ?type.{0,24}(not|un) ?(supported|known|recogni[sz]ed|valid|activated)/,
    /(notsupported|unsupported|unknown|invalid) ?(transaction|tx) ?type|tx of type|\btype \w+ (tx|transaction)/,
  ],
  [
    { kind: 'invalid-params', transaction: 'rule' },
    /\brlp|typed transaction too short|(decod|pars|deseriali|unmarshal)\w* .{0,24}\b(transaction|tx)\b/,
    /\b(transaction|tx)\b.{0,16}(not|n't) be decoded/,
  ],
  [
    { kind: 'transaction-rejected', transaction: 'rule' },
    /nonce.{0,24}(too (high|distant|far|large|big)|gap|greater|max value)|noncegap|distant future/,
    /insufficient[ _]?(funds|balance|eth\b|gas\b|payer)|had insufficient/,
    /(not|n't)( have)? enough (funds|balance|eth|ether|gas)\b/,
    /(exceeds?|greater than|higher than|more than).{0,24}balance|overdraft|::payment|intrinsic ?gas/,
    /(exceed|greater).{0,30}\bgas ?limit|gas ?limit.{0,20}(exceed|too (low|high)|below|reached|greater)/,
    /gaslimitexceeded|cost exceeds|\bgas ?(price )?(is )?too (low|high)|gas ?uint|int256 ?overflow|value overflow/,
    /floor (data )?gas|(transaction|tx) gas (limit )?(is )?(too|exceeds)/,
    /invalid (transaction )?(sender|signature|shard|message format|signer)|invalid ?transaction\b|invalid_signature/,
    /signature.{0,16}(fail|invalid|mismatch)|signed for another/,
    /sender.{0,14}(not an? eoa|not auth|not permitted|banned|blacklist)|not an eoa|senderiscontract/,
    /failedtoresolvesender|forbidden sender|banned in local|transaction is not permitted|in blacklist|negative value/,
    /oversized|(transaction|tx) (is )?too (large|big)|initcode|(wrong|incorrect|invalid|mismatch\w*) ?chain ?id/,
    /chain ?id.{0,20}(mismatch|not supported|required|not match|invalid)|replay.protect|\bbase ?fee|priority fee/,
    /(tip|fee) (above|higher)|\bfee ?cap|max fee per|\bblobs?\b|\bkzg|create transaction|authori[sz]ation list/,
    /account limit exceeded|counters? (to continue|at node)|unacceptable gas|pay the fee|from a non-account|pubdata/,
    /status invalid/,
  ],
  [
    { kind: 'reverted' },
    /out ?of ?gas|gas required exceeds|gas exhausted|invalid (opcode|jump)|invalidjump/,
    /(bad|unknown|undefined) ?instruction|stack ?(under|over)flow|stack limit|out of memory|write protection/,
    /code storage|always failing|processing could not be completed|max code size/,
  ],
]

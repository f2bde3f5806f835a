// What the words of transaction pools and of the EVM mean. The tables are read from the top. Pure.
// Texts come in lower case on one line. Which tables hold for a method is decided in failure-words.ts.

import type { FailureKind } from '../types'

/** What a text or a number says about a failure. Fields that are not given follow from the kind (see `Failure`). */
export type Meaning = {
  kind: FailureKind
  verdict?: 'final' | 'next'
  blame?: 'channel' | 'provider' | 'nobody'
  isUntouched?: boolean
  isMethodUnknown?: boolean
  transaction?: 'known' | 'nonce-taken' | 'policy' | 'rule'
}

/** Rows of a meaning and the patterns for it; the first row of which a pattern matches wins. */
export type Words = readonly (readonly [Meaning, ...RegExp[]])[]

export const REVERT_WORDS: Words = [
  // Only before a colon: what follows it may be the words of the contract.
  [{ kind: 'server-error', blame: 'nobody' }, /^[^:]*revert[^:]*(retry|try again)/],
  [
    { kind: 'reverted' },
    /execution .{0,12}revert|^(error: )?revert|: revert|\bvm (ex|error)|evm ?error/,
    /(\b(transaction|tx|call|message|evm|contract)|operation)\b.{0,40}\brevert/,
  ],
]

/** Words in answer to sends and calls: both check a transaction the same way. */
export const TRANSACTION_WORDS: Words = [
  // Something is mined: these very bytes, or another transaction of the same nonce.
  [
    { kind: 'already-known', transaction: 'nonce-taken' },
    /already (been )?(finali|mined|executed|included|confirm|commit)/,
  ],
  [
    { kind: 'transaction-rejected', transaction: 'nonce-taken' },
    /nonce.{0,40}(too (low|old|small)|already|used|expired|mismatch)|(than|same|sender account) .{0,12}nonce/,
    /(old|stale|invalid|bad|wrong|correct)[ _]?(transaction |account )?nonce|\bsequence\b|[(:]stale|is outdated/,
    /replac.{0,40}(underpriced|too low|allowed|existing)|replaced by|toolowpriority/,
  ],
  [
    { kind: 'already-known', transaction: 'known' },
    /already[ _]?(known|imported|broadcast|submitted)|\bknown transaction|\bdup\w*[ _]t(x|rans)|same hash/,
    /\b(transaction|txn?) (is |was |has )?(been )?already (in\b|present|received|pending|submit|sent|process|added|exist)/,
    /already (exists )?in (the )?(cache|mem|pool|txp)|already have trans/,
  ],
  [
    { kind: 'transaction-rejected', verdict: 'next', transaction: 'policy' },
    /(pool|queue).{0,12} (full|limit|overflow|capacity|size)|(^|:|tx|mem|transaction) ?pool (is |has )?(over|reached)/,
    /underpriced|fee[_ ]?too[_ ]?low|insufficient fee|below (the )?minimum/,
    /(gas ?price|fee| tip)\w*.{0,40}(must be at least|(low|less|under|satisfy).{0,40}(minim|floor))|fee cap exceeded|configured cap/,
    /already reserved|in-?flight t|delegat(ed|ion)|tries to replace|higher priority|over rpc/,
    /(too many|maximum number of) (\w+ )?(trans|txs)|lower nonce exists|sender account not auth|conflict|gapped|spammer|congestion/,
    /(sender|recipient|code|transaction) (0x\w+ )?is .{0,12}(banned|blocked)|in (the )?(black|block|deny).?list|(immediately|temporarily)(dropped|banned)/,
  ],
  // Another node may run the newer fork that has this transaction type or field.
  [
    { kind: 'invalid-params', verdict: 'next', transaction: 'rule' },
    /(transaction|tx) ?type.{0,40}(not|un|in) ?(support|known|recogni|activ|valid)|tx of type/,
    /(supported|unknown|invalid)[_ ]?(transaction|tx)[_ ]?type|support\w* .{0,40}\bhardfork\b/,
  ],
  [
    { kind: 'invalid-params', transaction: 'rule' },
    /rlp|(transaction|input) too short|(decod|pars|deseriali)\w* .{0,40}\b(transaction|tx|bundle)\b/,
  ],
  [
    { kind: 'transaction-rejected', transaction: 'rule' },
    /insufficient ?(funds|balance)|enough (funds|balance) (to (send t|cover (the )?(fee|gas|tx|trans)|execute t)|for gas)|intrinsic ?gas|gas ?(limit|price)/,
    /(max|priority|base) ?fee|nonce|init ?code|not an eoa|uint64 over|up-?front cost|requires at least \d+ gas/,
  ],
  [
    { kind: 'reverted' },
    /out ?of ?(gas|memory)|always failing|gas (required|exhausted)|invalid (opcode|jump)|(bad|undefined) ?instruction|code (storage|size)/,
    /stack ?(under|over|limit)|call depth|write protection|due to an exception|must not begin|collision|data out of/,
  ],
]

/** Methods that send a transaction. */
export const SEND = /send.*transaction/i

/** Words in answer to sends only: there they are about the transaction, elsewhere they may be about the provider. */
export const SEND_WORDS: Words = [
  [
    { kind: 'transaction-rejected', transaction: 'rule' },
    /gas\b|\bfees?\b|fee ?cap|overflow|funds|balance\b|overdraft|sender|signe[rd]|signature|chain[ -]?id/,
    /blob|kzg|oversized|negative value|distant|transaction from|create transaction|counters|pubdata|calldata of|line count/,
    /(transaction|tx) .{0,12}(too (large|big)|not permitted|invalid|failed valid)|: message too big|replay/,
    /^invalid,|invalid ?(transaction|shard|message)|deployer|non-allow/,
    /auth\w* (list|tuple)|account limit/,
  ],
]

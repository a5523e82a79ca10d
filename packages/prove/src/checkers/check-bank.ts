import type { BankOperation, BankRead } from '../history/operation.ts'
import { type Anomaly, type AnomalyKind, type Verdict, verdictOf } from './anomaly.ts'
import { Pool } from './bank-explain.ts'
import { type Audit, audits, type BankHistory, bankHistory } from './bank-ledger.ts'
import { findSuspect, lessChanges, type Suspect, type Wrong } from './bank-suspects.ts'
import { byKey } from './by-key.ts'
import { sayBegin, sayEnd } from './say.ts'

/** What a bank began with and what it allows. */
export type BankRules = {
  /** The balance of each account before the first transfer. */
  readonly opening: Readonly<Record<string, number>>
  /** Whether a balance may be below zero. */
  readonly overdraft?: boolean
}

/**
 * Judges accounts between which money moves, each bank by itself, with real-time order.
 *
 * After Jepsen's bank: no read may show another total than the bank began with, nor a balance below
 * zero. Beyond it every read is held to the books: it must show each transfer that was acknowledged
 * before it began, and of those that were open during it, or never answered, any choice, each wholly.
 * When no choice explains a read, the transfer that explains it by having been lost, doubled or torn
 * is looked for and named; whether the reads after it bear that out decides what it is called.
 *
 * @example
 * const { ok } = checkBank(history, { opening: { ann: 100, bob: 100 } })
 */
export function checkBank(operations: readonly BankOperation[], rules: BankRules): Verdict {
  const anomalies: Anomaly[] = []
  for (const [key, history] of byKey(operations)) {
    anomalies.push(...judgeBank(key, bankHistory(history), rules))
  }
  return verdictOf(anomalies)
}

/** A read that needed an explanation, and what was found for it. */
type Finding = {
  readonly read: BankRead
  readonly suspect: Suspect | undefined
  readonly total: number
}

/** Looking for a culprit means trying all transfers: after so many, reads are only counted. */
const searchesMax = 20

function judgeBank(key: string, history: BankHistory, rules: BankRules): readonly Anomaly[] {
  const findings: Finding[] = []
  let suspects: Suspect[] = []
  let isBorneOut = false
  const pool = new Pool()
  for (const audit of audits(history, rules.opening)) {
    isBorneOut = pool.isExplained(audit.difference, audit.open) === false
    if (!isBorneOut || isKnown(audit, suspects, pool)) continue
    const finding = explain(audit, history, suspects, findings.length < searchesMax)
    findings.push(finding)
    if (finding.suspect) suspects = [...suspects, finding.suspect]
  }
  return [
    ...(rules.overdraft ? [] : overdrawn(key, history.reads)),
    ...findings.flatMap((finding) => anomaliesOf(key, finding, isBorneOut)),
  ]
}

/** A doubt accuses nobody, so that only a plain no asks for a new suspect. */
const isKnown = ({ difference, open }: Audit, suspects: readonly Suspect[], pool: Pool): boolean =>
  suspects.length > 0 && pool.isExplained(lessChanges(difference, suspects), open) !== false

/** First what explains the read beside what was found before, then what explains it alone. */
function explain(
  audit: Audit,
  history: BankHistory,
  suspects: readonly Suspect[],
  isSearched: boolean,
): Finding {
  const total = [...audit.difference.values()].reduce((sum, amount) => sum + amount, 0)
  const beside = lessChanges(audit.difference, suspects)
  if (!isSearched) return { read: audit.read, suspect: undefined, total }
  const alone = () =>
    suspects.length > 0 ? findSuspect(audit.difference, audit, history) : undefined
  return { read: audit.read, suspect: findSuspect(beside, audit, history) ?? alone(), total }
}

/** What went wrong with a transfer, once the reads after it bear it out, and when only one read says so. */
const kindOf: Record<Wrong, readonly [lasting: AnomalyKind, passing: AnomalyKind]> = {
  missing: ['lost', 'stale'],
  repeated: ['doubled', 'fractured'],
  half: ['torn', 'fractured'],
  refused: ['phantom', 'phantom'],
  early: ['phantom', 'phantom'],
}

/** A lost transfer is also a stale read when a read during the run missed it. */
function anomaliesOf(key: string, finding: Finding, isBorneOut: boolean): readonly Anomaly[] {
  const { read, suspect } = finding
  if (!suspect) return [unexplained(key, finding)]
  const [lasting, passing] = kindOf[suspect.wrong]
  const anomaly = (kind: AnomalyKind): Anomaly => ({
    kind,
    key,
    sentence: `${key}: ${sayTransfer(suspect)} ${said[suspect.wrong]} the balances that a read at ${sayBegin(read)} showed.`,
    operations: [suspect.transfer, read],
  })
  if (!isBorneOut) return [anomaly(passing)]
  return suspect.wrong === 'missing' && !read.final
    ? [anomaly('lost'), anomaly('stale')]
    : [anomaly(lasting)]
}

const said: Record<Wrong, string> = {
  missing: 'is missing from',
  repeated: 'is twice in',
  half: 'is only half in',
  refused: 'is in',
  early: 'is in',
}

function sayTransfer({ transfer, wrong }: Suspect): string {
  const { from, to, amount } = transfer.value
  const ended =
    wrong === 'refused'
      ? `refused at ${sayEnd(transfer)}`
      : wrong === 'early'
        ? `which began only at ${sayBegin(transfer)}`
        : transfer.outcome === 'ok'
          ? `acknowledged at ${sayEnd(transfer)}`
          : 'never answered'
  return `the transfer of ${amount} from ${from} to ${to}, ${ended},`
}

function unexplained(key: string, { read, total }: Finding): Anomaly {
  const kinds: readonly [AnomalyKind, AnomalyKind] =
    total === 0 ? ['lost', 'stale'] : ['torn', 'fractured']
  const sentence =
    total === 0
      ? `${key}: no choice of transfers explains the balances that a read at ${sayBegin(read)} showed.`
      : `${key}: a read at ${sayBegin(read)} showed ${Math.abs(total)} ${total > 0 ? 'more' : 'less'} in all than there is.`
  return { kind: kinds[read.final ? 0 : 1], key, sentence, operations: [read] }
}

/** Each account is named once, at the first read that shows it overdrawn. */
function overdrawn(key: string, reads: readonly BankRead[]): readonly Anomaly[] {
  const seen = new Set<string>()
  return reads.flatMap((read) =>
    Object.entries(read.value).flatMap(([account, balance]): readonly Anomaly[] => {
      if (balance >= 0 || seen.has(account)) return []
      seen.add(account)
      const sentence = `${key}: a read at ${sayBegin(read)} showed ${account} at ${balance}, below zero.`
      return [{ kind: 'overdrawn', key, sentence, operations: [read] }]
    }),
  )
}

import type { Anomaly } from './checkers/anomaly.ts'
import { checkBank } from './checkers/check-bank.ts'
import { checkListAppend } from './checkers/check-list-append.ts'
import { checkRegister } from './checkers/check-register.ts'
import { checkSet } from './checkers/check-set.ts'
import { findUnconfirmed } from './checkers/find-unconfirmed.ts'
import { tally } from './checkers/tally.ts'
import type {
  BankOperation,
  ListOperation,
  RegisterOperation,
  SetOperation,
} from './history/operation.ts'
import type { Fact, Journal } from './memory/journal.ts'
import type { Report, ReportedAnomaly } from './report.ts'

export type Judgement = Pick<
  Report,
  | 'lost'
  | 'doubled'
  | 'staleReads'
  | 'phantom'
  | 'otherAnomalies'
  | 'anomalyCounts'
  | 'anomalies'
  | 'acknowledgedWrites'
  | 'operations'
> & {
  /** Removals that found nothing; each counts as done. */
  readonly foundGone: number
  /** Those of them that leave open whether something had been lost, a sentence each. */
  readonly unconfirmed: readonly string[]
}

const anomaliesShown = 20

/** Judges every fact of a run. Without any memory there is nothing to judge, and the counts are null. */
export function judge(journal: Journal): Judgement {
  const operations = journal.size
  if (journal.facts.size === 0) return unjudged
  const anomalies = [...journal.facts.values()].flatMap(anomaliesOf)
  const { disordered, ...counts } = tally(anomalies)
  const byKind = Object.groupBy(anomalies, ({ kind }) => kind)
  return {
    ...counts,
    otherAnomalies: disordered,
    anomalyCounts: Object.fromEntries(
      Object.entries(byKind).map(([kind, found]) => [kind, found.length]),
    ),
    anomalies: anomalies.slice(0, anomaliesShown).map(reported),
    acknowledgedWrites: journal.acknowledgedWrites,
    operations,
    ...judgeGone(journal),
  }
}

function judgeGone({ facts }: Journal): Pick<Judgement, 'foundGone' | 'unconfirmed'> {
  const judged = [...facts.values()].flatMap(({ kind, operations }) => {
    const gone = operations.filter((operation) => 'foundGone' in operation)
    const isJudged = gone.length > 0 && (kind === 'set' || kind === 'register')
    return isJudged
      ? [{ gone, operations: operations as (SetOperation | RegisterOperation)[] }]
      : []
  })
  return {
    foundGone: judged.reduce((sum, { gone }) => sum + gone.length, 0),
    unconfirmed: judged.flatMap(({ operations }) => findUnconfirmed(operations)),
  }
}

const unjudged: Judgement = {
  lost: null,
  doubled: null,
  staleReads: null,
  phantom: null,
  otherAnomalies: null,
  anomalyCounts: {},
  anomalies: [],
  acknowledgedWrites: null,
  operations: 0,
  foundGone: 0,
  unconfirmed: [],
}

function anomaliesOf(fact: Fact): readonly Anomaly[] {
  const { operations } = fact
  switch (fact.kind) {
    case 'register':
      return checkRegister(operations as RegisterOperation[]).anomalies
    case 'set':
      return checkSet(operations as SetOperation[]).anomalies
    case 'bank':
      return checkBank(operations as BankOperation[], openingOf(fact)).anomalies
    case 'lists':
      return checkListAppend(operations as ListOperation[], {
        level: fact.isolation ?? 'serializable',
      }).anomalies
  }
}

function openingOf({ opening }: Fact): { readonly opening: Readonly<Record<string, number>> } {
  const { accounts = [], balance = 0 } = opening ?? {}
  return { opening: Object.fromEntries(accounts.map((account) => [account, balance])) }
}

const reported = ({ kind, key, sentence }: Anomaly): ReportedAnomaly => ({ kind, key, sentence })

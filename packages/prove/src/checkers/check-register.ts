import type { RegisterOperation } from '../history/operation.ts'
import { type Anomaly, type Verdict, verdictOf } from './anomaly.ts'
import { byKey } from './by-key.ts'
import { mayBeRight } from './register-search.ts'
import { type RegisterFinding, sweepRegister } from './register-sweep.ts'
import { registerHistory } from './register-versions.ts'
import { sayBegin, sayEnd, sayValue } from './say.ts'

/**
 * Judges registers: values that are replaced as a whole, each key by itself, with real-time order.
 *
 * A read must show the last value that was written before it, where operations that overlap may have
 * happened in either order, and a write without an answer at any later time or never. Exact as long as
 * no value is written twice to the same key; `null`, which takes the value away, may be.
 *
 * @example
 * const { ok, anomalies } = checkRegister(history)
 * for (const { sentence } of anomalies) console.log(sentence)
 */
export function checkRegister(operations: readonly RegisterOperation[]): Verdict {
  const anomalies: Anomaly[] = []
  for (const [key, history] of byKey(operations)) anomalies.push(...judgeRegister(key, history))
  return verdictOf(anomalies)
}

function judgeRegister(key: string, operations: readonly RegisterOperation[]): readonly Anomaly[] {
  const history = registerHistory(operations)
  const findings = sweepRegister(history)
  if (findings.length > 0) return anomaliesOf(key, findings)
  const isShared = [...history.versionOf.values()].some(({ shared }) => shared)
  if (!isShared || mayBeRight(history.operations) !== false) return []
  return [
    {
      kind: 'reordered',
      key,
      sentence: `${key}: no order of the ${history.operations.length} writes and reads explains all that was read.`,
      operations: history.operations.slice(0, 20),
    },
  ]
}

/** A key is lost once, however often it was read afterwards. */
function anomaliesOf(key: string, findings: readonly RegisterFinding[]): readonly Anomaly[] {
  const anomalies = findings.map((finding) =>
    finding.kind === 'phantom' ? phantom(key, finding) : overwritten(key, finding),
  )
  const lost = anomalies.find(({ kind }) => kind === 'lost')
  return anomalies.filter((anomaly) => anomaly.kind !== 'lost' || anomaly === lost)
}

function phantom(key: string, { read, write }: RegisterFinding & { kind: 'phantom' }): Anomaly {
  const shown = `${key}: a read from ${sayBegin(read)} to ${sayEnd(read)} showed ${sayValue(read.value)}, `
  const why = !write
    ? 'which nobody wrote.'
    : write.outcome === 'fail'
      ? `the write of which was refused at ${sayEnd(write)}.`
      : `the write of which began only at ${sayBegin(write)}.`
  return { kind: 'phantom', key, sentence: shown + why, operations: write ? [write, read] : [read] }
}

function overwritten(key: string, finding: RegisterFinding & { kind: 'overwritten' }): Anomaly {
  const { read, shown, newer } = finding
  const known = newer.knownBy?.f === 'read' ? 'read' : 'acknowledged'
  const proof = newer.knownBy ? ` by ${sayEnd(newer.knownBy)}` : ' at first'
  const when = read.final ? 'after the run' : `by a read that began at ${sayBegin(read)}`
  return {
    kind: read.final ? 'lost' : 'stale',
    key,
    sentence:
      `${key}: ${sayValue(newer.value)} was ${known}${proof}, ` +
      `but ${when} ${sayValue(read.value)} was shown.`,
    operations: distinct([shown.write, newer.write, newer.knownBy, newer.neededBy, read]),
  }
}

const distinct = (operations: readonly (RegisterOperation | null)[]): RegisterOperation[] => [
  ...new Set(operations.filter((operation) => operation !== null)),
]

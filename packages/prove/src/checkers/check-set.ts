import type { RegisterOperation, SetChange, SetOperation, SetRead } from '../history/operation.ts'
import { type Anomaly, type Verdict, verdictOf } from './anomaly.ts'
import { byKey } from './by-key.ts'
import { mayBeRight } from './register-search.ts'
import { sweepRegister } from './register-sweep.ts'
import { registerHistory } from './register-versions.ts'
import { sayBegin, sayEnd, saySome, sayValue } from './say.ts'
import { type Element, type SetHistory, setHistory } from './set-elements.ts'
import { type Missing, missingReads, type Presence, presenceOf } from './set-presence.ts'

/**
 * Judges sets: elements that are added, removed and read together, each key by itself, with real-time
 * order.
 *
 * Every element is followed by itself, after Jepsen's set-full: it must be shown once from its
 * acknowledgement, or from the first read that showed it, until its removal began. An add without an
 * answer may have happened late or never. Shown more often than it was added means doubled. Exact for
 * elements that are added once and removed at most once; others are judged as registers that say
 * whether the element is there.
 *
 * @example
 * const { anomalies } = checkSet(history)
 * const lost = anomalies.filter(({ kind }) => kind === 'lost')
 */
export function checkSet(operations: readonly SetOperation[]): Verdict {
  const anomalies: Anomaly[] = []
  for (const [key, history] of byKey(operations)) anomalies.push(...judgeSet(key, history))
  return verdictOf(anomalies)
}

function judgeSet(key: string, operations: readonly SetOperation[]): readonly Anomaly[] {
  const history = setHistory(operations)
  const elements = [...history.elements.values()]
  const isShown = (read: SetRead, { value }: Element) =>
    history.shown.get(read)?.has(value) ?? false
  const simple = elements.filter(({ adds, removes }) => adds.length <= 1 && removes.length <= 1)
  const presences = simple.flatMap((element) => presenceOf(element) ?? [])
  const toggled = elements.filter(({ adds, removes }) => adds.length > 1 || removes.length > 1)
  return oncePerLoss([
    ...elements.flatMap((element) => [...phantoms(key, element), ...doubles(key, element)]),
    ...presences.flatMap((presence) => returned(key, presence)),
    ...missingReads(history.reads, presences, isShown).flatMap((missing) => absent(key, missing)),
    ...toggled.flatMap((element) => judgeToggled(key, element, history)),
  ])
}

function phantoms(key: string, element: Element): readonly Anomaly[] {
  const { early: read, adds, refused, value } = element
  if (!read) return []
  const cause = adds[0] ?? refused[0]
  const why = !cause
    ? 'which nobody added'
    : cause.outcome === 'fail'
      ? `the add of which was refused at ${sayEnd(cause)}`
      : `the add of which began only at ${sayBegin(cause)}`
  return [
    {
      kind: 'phantom',
      key,
      sentence: `${key}: a read at ${sayBegin(read)} showed ${sayValue(value)}, ${why}.`,
      operations: cause ? [cause, read] : [read],
    },
  ]
}

function doubles(key: string, { doubled, adds, value }: Element): readonly Anomaly[] {
  if (!doubled) return []
  const { read, times, asked } = doubled
  const sentence =
    `${key}: ${sayValue(value)} was added ${asked <= 1 ? 'once' : `${asked} times`}, ` +
    `and a read at ${sayBegin(read)} showed it ${times} times.`
  return [{ kind: 'doubled', key, sentence, operations: [...adds.slice(0, 5), read] }]
}

function returned(key: string, { element, after: read }: Presence): readonly Anomaly[] {
  const [remove] = element.removes
  if (!read || !remove) return []
  const kind = read.final ? 'reappeared' : 'stale'
  const sentence =
    `${key}: the removal of ${sayValue(element.value)} was ${sayHeard(remove)} at ${sayEnd(remove)}, ` +
    `but ${when(read)} it was shown.`
  return [{ kind, key, sentence, operations: [...element.adds, remove, read] }]
}

const sayHeard = ({ foundGone }: SetChange): string =>
  foundGone ? 'answered with "nothing is there"' : 'acknowledged'

/** A final read loses each element by itself; one during the run is stale once, whatever it misses. */
function absent(key: string, { read, missing }: Missing): readonly Anomaly[] {
  if (read.final) return missing.map((presence) => absentOf(key, read, [presence]))
  return [absentOf(key, read, missing)]
}

function absentOf(key: string, read: SetRead, missing: readonly Presence[]): Anomaly {
  const values = saySome(missing.map(({ element }) => element.value))
  const [first] = missing
  const add = first?.element.adds[0]
  const proof = first && add && (add.outcome === 'info' ? first.element.firstShown : add)
  const known = proof?.f === 'read' ? 'shown' : 'acknowledged'
  return {
    kind: read.final ? 'lost' : 'stale',
    key,
    sentence:
      `${key}: ${values} ${missing.length > 1 ? 'were' : 'was'} ${known} ` +
      `by ${proof ? sayEnd(proof) : 'then'}, but ${when(read)} not shown.`,
    operations: [...missing.slice(0, 5).flatMap(({ element }) => element.adds), read],
  }
}

const when = (read: SetRead): string =>
  read.final ? 'after the run' : `by a read that began at ${sayBegin(read)}`

/** An element that comes and goes is a register that says `in` or nothing. */
function judgeToggled(key: string, element: Element, history: SetHistory): readonly Anomaly[] {
  const operations = asRegister(element, history)
  const register = registerHistory(operations)
  const findings = sweepRegister(register).filter(({ kind }) => kind !== 'phantom')
  if (findings.length === 0 && !element.early && mayBeRight(register.operations) === false) {
    const sentence = `${key}: no order of the adds and removals of ${sayValue(element.value)} explains when it was shown.`
    return [{ kind: 'reordered', key, sentence, operations: [...element.adds, ...element.removes] }]
  }
  return findings.map(({ read }) => toggledAnomaly(key, element, read))
}

function asRegister(element: Element, { reads, shown }: SetHistory): readonly RegisterOperation[] {
  const changes = [...element.adds, ...element.removes].map(
    (change): RegisterOperation => ({
      ...change,
      f: 'write',
      value: change.f === 'add' ? 'in' : null,
    }),
  )
  const answers = reads
    .filter(({ among }) => !among || among.includes(element.value))
    .map(
      (read): RegisterOperation => ({
        ...read,
        value: shown.get(read)?.has(element.value) ? 'in' : null,
      }),
    )
  return [...changes, ...answers].sort((a, b) => a.invokedMs - b.invokedMs || a.index - b.index)
}

function toggledAnomaly(
  key: string,
  element: Element,
  read: Extract<RegisterOperation, { f: 'read' }>,
): Anomaly {
  const isThere = read.value === 'in'
  const kind = !read.final ? 'stale' : isThere ? 'reappeared' : 'lost'
  const last = isThere ? 'removed' : 'added'
  const at = read.final ? 'after the run' : `by a read that began at ${sayBegin(read)}`
  const sentence = `${key}: ${sayValue(element.value)} was last ${last}, but ${at} ${isThere ? 'it was' : 'not'} shown.`
  return { kind, key, sentence, operations: [...element.adds, ...element.removes] }
}

/** What is missing from each of several reads after the run is still lost once. */
function oncePerLoss(anomalies: readonly Anomaly[]): readonly Anomaly[] {
  const seen = new Set<string>()
  return anomalies.filter(({ kind, sentence }) => {
    if (kind !== 'lost' && kind !== 'reappeared') return true
    const isNew = !seen.has(sentence)
    seen.add(sentence)
    return isNew
  })
}

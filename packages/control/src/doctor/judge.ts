import { relative } from 'node:path'
import { ladder, type RungName } from './ladder.ts'
import type { Facts, Finding, Found, Rule } from './rule.ts'
import { rules } from './rules.ts'

/** Asks every rule that is about one of the rungs. Pure. */
export function judge(facts: Facts, rungs: readonly RungName[]): readonly Finding[] {
  const findings = rules.flatMap((rule) => {
    if (!rule.rungs.some((rung) => rungs.includes(rung))) return []
    return [...rule.find(facts)].flatMap((found) => findingOf(rule, found, facts, rungs) ?? [])
  })
  const seen = new Set<string>()
  const once = findings.filter(({ rule, file, line, what }) => {
    const key = JSON.stringify([rule, file, line, what])
    return !seen.has(key) && seen.add(key)
  })
  return once.toSorted(byWeight)
}

function findingOf(
  rule: Rule,
  found: Found,
  { system }: Facts,
  asked: readonly RungName[],
): Finding | null {
  const rungs = asked.filter((rung) => (found.rungs ?? rule.rungs).includes(rung))
  const [rung] = rungs
  if (rung === undefined) return null
  return {
    rule: rule.id,
    rung,
    rungs,
    severity: rule.severity,
    file: found.file === null ? null : relative(system.root, found.file),
    line: found.line,
    what: found.what,
    why: rule.why,
    mend: found.mend ?? rule.mend,
  }
}

const order = ladder.map(({ name }) => name)

/** By rung, then what blocks, then as in the table of rules, then by place. */
function byWeight(a: Finding, b: Finding): number {
  return (
    order.indexOf(a.rung) - order.indexOf(b.rung) ||
    Number(b.severity === 'blocks') - Number(a.severity === 'blocks') ||
    indexOf(a.rule) - indexOf(b.rule) ||
    (a.file ?? '').localeCompare(b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0)
  )
}

const indexOf = (id: string): number => rules.findIndex((rule) => rule.id === id)

import type { Diagnosis, DoctorCheck, Finding } from '@banyan/control/api'
import { type Colour, paint } from '../paint.ts'
import { table } from '../table.ts'

/** The diagnosis for people: the machine, the app, the ladder, and one sentence at the end. */
export function describeDiagnosis(diagnosis: Diagnosis): string {
  const { config, checks, findings, rung } = diagnosis
  const parts = [
    section('Machine', checks.map(describeCheck)),
    config.state === 'read' ? '' : describeConfig(diagnosis),
    findings.length === 0 ? '' : section(titleOf(diagnosis), describeFindings(findings)),
    config.state === 'read' ? describeRead(diagnosis) : '',
    rung === null && config.state === 'read' ? describeLadder(diagnosis) : '',
    `${paint(diagnosis.blocked ? 'red' : 'green', diagnosis.blocked ? '✗' : '✓')} ${diagnosis.sentence}\n`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}

const section = (title: string, lines: readonly string[]): string =>
  `${paint('bold', title)}\n${lines.join('\n')}\n`

const titleOf = ({ rung, rungs }: Diagnosis): string =>
  rung === null ? 'App' : `App, for ${rung}${rungs.length > 1 ? ` (${rungs.join(', ')})` : ''}`

const marks: Record<DoctorCheck['outcome'], [sign: string, colour: Colour]> = {
  ok: ['✓', 'green'],
  advice: ['!', 'yellow'],
  missing: ['–', 'dim'],
  failed: ['✗', 'red'],
}

const nameWidth = 18

function describeCheck({ name, outcome, found, why, mend, rungs }: DoctorCheck): string {
  const [sign, colour] = marks[outcome]
  const head = `  ${paint(colour, sign)} ${name.padEnd(nameWidth)} ${found}`
  const reason = why === null ? [] : [rungs.length === 0 ? why : `${rungs.join(', ')}: ${why}`]
  const rest = [...reason, ...(mend === null ? [] : [`→ ${mend}`])]
  return [head, ...rest.map((line) => paint('dim', `      ${line}`))].join('\n')
}

function describeConfig({ config }: Diagnosis): string {
  const lines = [`  ${config.error?.message ?? config.path}`]
  if (config.error?.hint) lines.push(paint('dim', `  → ${config.error.hint}`))
  return section('Config', lines)
}

/** Those of one rule together: why and mend are said once. */
function describeFindings(findings: readonly Finding[]): string[] {
  const groups = Map.groupBy(findings, ({ rule, mend }) => `${rule}\n${mend}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { severity, rungs, why, mend, rule } = first
    const [sign, colour] = severity === 'blocks' ? marks.failed : marks.advice
    const places = group.map(({ file, line, what }) => `      ${placeOf(file, line)}${what}`)
    return [
      `  ${paint(colour, sign)} ${severity} ${rungs.join(', ')} ${paint('dim', rule)}`,
      ...places,
      paint('dim', `      ${why}`),
      paint('dim', `      → ${mend}`),
    ]
  })
}

function placeOf(file: string | null, line: number | null): string {
  if (file === null) return ''
  return `${paint('bold', line === null ? file : `${file}:${line}`)}  `
}

const shownNotRead = 10

/** What the answer rests on: without it "nothing found" would say more than anybody knows. */
function describeRead({ read, database }: Diagnosis): string {
  const folders = read.services.filter(({ by }) => by === 'folder').map(({ name }) => name)
  const lines = [
    `  ${read.files} files of code, ${read.statements} SQL statements in them, ${read.migrations} migrations${database === null ? '' : `, ${database.tables.length === 10 ? 'the' : database.tables.length} tables of the database`}.`,
  ]
  if (folders.length > 0) {
    lines.push(
      `  All code of the folder was read for ${folders.join(', ')}: what it imports could not be followed.`,
    )
  }
  if (read.statementsNotUnderstood > 0) {
    lines.push(`  ${read.statementsNotUnderstood} texts that begin like SQL were not understood.`)
  }
  lines.push(
    paint('dim', '  Queries that a library builds (Drizzle, Kysely, Prisma) are not seen.'),
  )
  for (const { path, why } of read.notRead.slice(0, shownNotRead)) {
    lines.push(`  Not read: ${path} (${why})`)
  }
  const more = read.notRead.length - shownNotRead
  if (more > 0) lines.push(`  Not read: ${more} more, see --json.`)
  return section('Read', lines)
}

function describeLadder({ ladder }: Diagnosis): string {
  const rows = ladder.map(({ rung, adds, built, blocks, advice }) => [
    rung,
    blocks === 0 ? 'nothing' : String(blocks),
    advice === 0 ? '–' : String(advice),
    built ? adds : `${adds} (not in this version yet)`,
  ])
  const text = table(['rung', 'in its way', 'advice', 'adds'], rows)
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
  return section('Ladder', [...lines, paint('dim', '  More: banyan doctor --rung RUNG')])
}

import { styleText } from 'node:util'
import { type Failure, type SuiteResult, totals } from './result.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours for people only: not in a pipe, and not where NO_COLOR is set. */
const paint = (style: Style, text: string) => styleText(style, text, { stream: process.stdout })

export function heading(name: string): void {
  console.log(`\n${paint('bold', `── ${name}`)}`)
}

/** One line for each file, so that a slow or hanging one is seen at once. */
export function fileLine(file: string, ms: number, ok: boolean): void {
  console.log(`${mark(ok)} ${file} ${paint('dim', seconds(ms))}`)
}

/** What went wrong in full, what was skipped and why, the table, and the sums as the last line. */
export function summary(results: readonly SuiteResult[]): void {
  for (const { name, failures } of results) {
    for (const failure of failures) printFailure(name, failure)
  }
  printSkips(results)
  printTable(results)
  const { passed, failed, skipped } = totals(results)
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
}

function printFailure(suite: string, { path, text, output }: Failure): void {
  console.log(`\n${paint(['red', 'bold'], `✗ ${[suite, ...path].join(' › ')}`)}\n`)
  console.log(indent(text.trimEnd()))
  if (output) console.log(`\n  It printed:\n${indent(output.trimEnd())}`)
}

function printSkips(results: readonly SuiteResult[]): void {
  const lines = results.flatMap(({ name, skips }) =>
    skips.map(({ path, reason }) => `- ${[name, ...path].join(' › ')}: ${reason}`),
  )
  if (lines.length > 0) console.log(`\nSkipped:\n${[...new Set(lines)].join('\n')}`)
}

function printTable(results: readonly SuiteResult[]): void {
  const rows = results.map(({ name, passed, failures, skips, ms }) => [
    name,
    ...[passed, failures.length, skips.length].map(String),
    seconds(ms),
  ])
  const header = ['suite', 'passed', 'failed', 'skipped', 'time']
  const widths = header.map((_, at) =>
    Math.max(...[header, ...rows].map((row) => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  console.log(`\n${paint('dim', line(header))}\n${rows.map(line).join('\n')}`)
}

const mark = (ok: boolean) => (ok ? paint('green', '✓') : paint('red', '✗'))
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const indent = (text: string) => text.replace(/^/gm, '  ')

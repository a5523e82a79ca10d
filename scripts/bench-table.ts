// Writes the README's table of figures from bench/results: `npm run bench-table`, or `-- --check`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { benches, cellsOf } from '../bench/benches.ts'
import { type Json, table } from '../bench/lib/figures.ts'

const begin = '<!-- bench:begin -->'
const end = '<!-- bench:end -->'

type Result = Json & {
  readonly date: string
  readonly hardware: { readonly cpu: string; readonly cores: number; readonly memoryMb: number }
  readonly versions: { readonly node: string; readonly postgres: string }
}

/** The text with what stands between the markers replaced. */
export function withTable(text: string, results: ReadonlyMap<string, Json>): string {
  const [before, rest] = [text.indexOf(begin), text.indexOf(end)]
  if (before < 0 || rest < before) throw new Error(`README.md has no ${begin} … ${end}.`)
  return `${text.slice(0, before + begin.length)}\n${render(results)}${text.slice(rest)}`
}

function render(results: ReadonlyMap<string, Json>): string {
  const rows = benches.flatMap((bench) => {
    const result = results.get(bench.name)
    return result === undefined ? [] : cellsOf(bench, result)
  })
  if (rows.length === 0) return ''
  const circumstances = [
    ...new Set([...results.values()].map((one) => circumstancesOf(one as Result))),
  ]
  return `\n${table(['what', 'measured', 'aim'], rows)}\n\nMeasured on ${circumstances.join('; ')}.\n\n`
}

function circumstancesOf({ hardware, versions, date }: Result): string {
  const { cpu, cores, memoryMb } = hardware
  const memory = `${Math.round(memoryMb / 1_024)} GB`
  return `${cpu}, ${cores} cores, ${memory}, Node ${versions.node}, PostgreSQL ${versions.postgres}, ${date.slice(0, 10)}`
}

function readResults(): Map<string, Json> {
  const results = new Map<string, Json>()
  for (const { name } of benches) {
    const file = new URL(`../bench/results/${name}.json`, import.meta.url)
    if (existsSync(file)) results.set(name, JSON.parse(readFileSync(file, 'utf8')))
  }
  return results
}

if (import.meta.main) {
  const readme = new URL('../README.md', import.meta.url)
  const text = readFileSync(readme, 'utf8')
  const wanted = withTable(text, readResults())
  if (!process.argv.includes('--check')) writeFileSync(readme, wanted)
  else if (wanted !== text) {
    console.error('The table in README.md is not that of bench/results: npm run bench-table')
    process.exitCode = 1
  }
}

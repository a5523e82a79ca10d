// `npm run bench [-- name…] [-- options of one bench]`: measures, and keeps what it found in bench/results.
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bench, benches, cellsOf } from './benches.ts'
import { display, figuresOf, type Json, table } from './lib/figures.ts'
import { commit, machine, versions } from './lib/machine.ts'
import { runBench } from './lib/run-bench.ts'

const names = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const fileOf = ({ name }: Bench) => join(import.meta.dirname, `${name}.ts`)
process.env.BANYAN_SEED ??= String(randomInt(2 ** 31))
const seed = process.env.BANYAN_SEED

function chosen(): readonly Bench[] {
  const known = benches.filter((bench) => existsSync(fileOf(bench)))
  const unknown = names.filter((name) => !known.some((bench) => bench.name === name))
  if (unknown.length > 0) {
    const list = known.map(({ name }) => name).join(', ')
    console.error(`There is no bench ${unknown.join(', ')}. The benches are: ${list}.`)
    process.exit(2)
  }
  return names.length === 0 ? known : known.filter(({ name }) => names.includes(name))
}

/** The machine is read before each bench, the load it finds there included. */
async function measure(bench: Bench): Promise<Json> {
  const surroundings = {
    name: bench.name,
    date: new Date().toISOString(),
    seed: Number(seed),
    git: commit(),
    hardware: machine(),
    versions: versions(),
  }
  const result = { ...(await runBench(fileOf(bench), [])), ...surroundings }
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${bench.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
  return result
}

function print(bench: Bench, result: Json): void {
  const rows = cellsOf(bench, result)
  const { hardware: _, versions: __, git: ___, seed: ____, ...measured } = result
  const figures = figuresOf(measured).map(([path, value]) => [path, display(value)])
  if (rows.length > 0) console.log(`\n${table(['what', 'measured', 'aim'], rows)}`)
  console.log(`\n${table(['figure', bench.name], figures)}`)
}

const failed: string[] = []
for (const bench of chosen()) {
  console.log(`\n── ${bench.name} (seed ${seed})`)
  try {
    print(bench, await measure(bench))
  } catch (error) {
    failed.push(bench.name)
    console.error(error instanceof Error ? error.message : error)
  }
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`)
  process.exitCode = 1
}

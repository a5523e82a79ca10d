// How long it is from `npm start` to the first answer, packages installed: with a new state directory
// (PostgreSQL's cluster is made, migrations run) and with one that has been used. Prints JSON.
// usage: node bench/start.ts [rounds]
import { rm } from 'node:fs/promises'
import { median, spread } from './lib/statistics.ts'
import { makeStateDirectory, startSystem } from './lib/system.ts'

const rounds = Number(process.argv[2] ?? 5)
const samples = { fresh: [] as number[], again: [] as number[], stop: [] as number[] }

for (let round = 0; round < rounds; round++) {
  const directory = await makeStateDirectory()
  for (const kind of ['fresh', 'again'] as const) {
    const system = await startSystem(directory)
    samples[kind].push(system.firstAnswerMs)
    const stopping = performance.now()
    await system.stop()
    samples.stop.push(performance.now() - stopping)
  }
  await rm(directory, { recursive: true, force: true })
}

const ms = (of: (numbers: readonly number[]) => number) => ({
  fresh: Math.round(of(samples.fresh)),
  again: Math.round(of(samples.again)),
})
const stopMs = Math.round(median(samples.stop))
const result = { rounds, firstAnswerMs: ms(median), spreadMs: ms(spread), stopMs }
console.log(JSON.stringify(result, null, 2))

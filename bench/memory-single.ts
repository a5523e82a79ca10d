// What an idle `single` takes: PostgreSQL, control, the web process and the CLI that started them, with
// the reference app. Memory is PSS, so that pages which processes share count once. Prints JSON.
// usage: node bench/memory-single.ts [seconds of rest before it is measured]
import { setTimeout as sleep } from 'node:timers/promises'
import { pssMb } from './lib/processes.ts'
import { startSystem } from './lib/system.ts'

const restSeconds = Number(process.argv[2] ?? 10)

/** What a process is, from the words that started it. */
function roleOf(command: string): string {
  const word = /^postgres: (?:\S+: )?(.+)$/.exec(command)?.[1]
  if (word !== undefined) return `postgres ${word.trim()}`
  if (/(^|\/)postgres /.test(command)) return 'postgres server'
  return command
    .split(' ')
    .slice(1, 4)
    .join(' ')
    .replaceAll(/\S*\/(packages|apps)\//g, '$1/')
}

const system = await startSystem()
try {
  await system.get('/api/articles')
  await sleep(restSeconds * 1_000)
  const processes = await Promise.all(
    (await system.processes()).map(async ({ pid, command }) => ({
      role: roleOf(command),
      pssMb: Number((await pssMb(pid)).toFixed(1)),
    })),
  )
  const totalMb = processes.reduce((sum, one) => sum + one.pssMb, 0)
  const result = { restSeconds, totalMb: Number(totalMb.toFixed(1)), processes }
  console.log(JSON.stringify(result, null, 2))
} finally {
  await system.stop()
}

// What an idle `single` takes: PostgreSQL, control, the web process and the CLI that started them, with
// the reference app. Pages that they share count once; what the machine runs besides is no discount
// (`aloneMb`), as it would be in plain PSS. Prints JSON.
// usage: node bench/memory-single.ts [seconds of rest before it is measured]
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from './lib/memory.ts'
import { startSystem } from './lib/system.ts'

const rounded = (mb: number) => Number(mb.toFixed(1))
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
  const found = await system.processes()
  const total = await memoryOf(found.map(({ pid }) => pid))
  const processes = await Promise.all(
    found.map(async ({ pid, command }) => ({
      role: roleOf(command),
      pssMb: rounded((await memoryOf([pid])).pssMb),
    })),
  )
  const { pssMb, aloneMb } = total
  const result = { restSeconds, pssMb: rounded(pssMb), aloneMb: rounded(aloneMb), processes }
  console.log(JSON.stringify(result, null, 2))
} finally {
  await system.stop()
}

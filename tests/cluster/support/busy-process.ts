import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from 'banyan'
import { Pool } from 'banyan/pg'
import { openData } from '../../../packages/banyan/src/data/data.ts'

/*
 * One process of an app that asks for everything at once, for as long as it is told to; then it says what
 * failed. The file of its system is in BANYAN_SYSTEM.
 */

const data = openData({ systemFile: () => process.env.BANYAN_SYSTEM })
const pool = new Pool()
const durationMs = Number(process.argv[2])

const work: readonly (() => Promise<unknown>)[] = [
  () => data.of('c1').read`select n, pg_sleep(0.003) from counters where id = 'c1'`,
  () => data.of('c1', { consistency: 'eventual' }).read`select n, pg_sleep(0.003) from counters`,
  () => data.of('c1').write`update counters set n = n + 1 where id = 'c1'`,
  () => data.of('c1').transaction((tx) => tx.sql`select n, pg_sleep(0.003) from counters`),
  () => pool.query("update counters set n = n + 1 where id = 'c2'"),
]

const sayFault = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error)

const handle = await serve(
  async (_request: Request) => {
    const ends = await Promise.allSettled(work.map((one) => one()))
    const faults = ends.flatMap((end, at) => {
      return end.status === 'rejected' ? [`${at}: ${sayFault(end.reason)}`] : []
    })
    return new Response(faults.join(), { status: faults.length === 0 ? 200 : 500 })
  },
  { port: 0, session: true, ownProcess: false, requestLogs: false },
)

let done = 0
const failed: string[] = []
const untilMs = performance.now() + durationMs
const visitors = Array.from({ length: 4 }, async () => {
  while (performance.now() < untilMs) {
    const response = await fetch(handle.url)
    if (response.ok) done += 1
    else failed.push(await response.text())
    await sleep(1)
  }
})
await Promise.all(visitors)
await handle.stop()
await Promise.all([pool.end(), data.close()])
process.send?.({ done, failed })
process.disconnect?.()

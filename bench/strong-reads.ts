// One row by its key on a cluster with two replicas: `strong` reads, which replicas answer, against the same
// reads on the primary (`{ snapshot: true }`) and `eventual` ones, in one run; with a few writes beside and
// without, and for several numbers of reads at a time. What the servers pay is given per read too, how many
// questions for a position there were, and which part of the reads replicas answered. Prints JSON.
// usage: node bench/strong-reads.ts [rounds] [reads per round]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Table } from '@banyan/model'
import { openData } from '../packages/banyan/src/data/data.ts'
import type { Consistency } from '../packages/banyan/src/data/types.ts'
import { readCounts } from '../packages/banyan/src/reads/counts.ts'
import { startMembers, type TestMembers } from '../tests/cluster/support/members.ts'
import { interleave } from './lib/interleave.ts'
import { cpuMs, processTable, treeOf } from './lib/processes.ts'
import { median, percentile, spread } from './lib/statistics.ts'

const rounds = Number(process.argv[2] ?? 9)
const reads = Number(process.argv[3] ?? 8_000)
const rows = 10_000
const writesPerSecond = 100
const warmUpMs = 150
const tables: Table[] = [{ kind: 'sharded', name: 'notes', by: 'user_id', unique: [] }]

type Sample = {
  readonly appMicros: number
  readonly serverMicros: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Asked of servers for how far they are. */
  readonly questions: number
  readonly onReplicas: number
}

type Begun = Pick<typeof readCounts, 'questions' | 'onReplicas'> & {
  readonly usage: NodeJS.CpuUsage
}

const keyOf = (n: number): string => `user-${n}`

async function prepare(cluster: TestMembers): Promise<void> {
  await cluster.query(
    'db-1',
    `create table notes (user_id text primary key, body text not null);
     insert into notes select 'user-' || n, 'body of user-' || n from generate_series(0, ${rows - 1}) n;
     create table ticks (n int);
     grant select on notes to banyan_app; grant insert on ticks to banyan_app`,
  )
  await cluster.query('db-1', 'vacuum (analyze) notes')
  for (const name of ['db-2', 'db-3']) await cluster.untilReplayed(name)
}

async function postmasters(cluster: TestMembers): Promise<number[]> {
  return await Promise.all(
    cluster.members.map(async ({ nodeDirectory }) => {
      const path = join(nodeDirectory, 'data', 'postmaster.pid')
      return Number((await readFile(path, 'utf8')).split('\n')[0])
    }),
  )
}

/** Of every process of every server, those that ended since not included. */
async function serversMs(pids: readonly number[]): Promise<number> {
  const table = await processTable()
  const tree = pids.flatMap((pid) => treeOf(table, pid))
  const times = await Promise.all(tree.map(({ pid }) => cpuMs(pid).catch(() => 0)))
  return times.reduce((sum, one) => sum + one, 0)
}

const cluster = await startMembers({ replicas: 2 })
const directory = await mkdtemp(join(tmpdir(), 'banyan-strong-'))
try {
  await prepare(cluster)
  const path = join(directory, 'system.json')
  const file = cluster.runtimeFile(undefined, { tables, connectionsMax: 48 })
  await writeFile(path, JSON.stringify(file), { mode: 0o600 })
  const data = openData({ systemFile: () => path })
  const pids = await postmasters(cluster)

  const sample = async (level: Consistency, concurrency: number): Promise<Sample> => {
    const times: number[] = []
    let begun: Begun | null = null
    let left = Number.POSITIVE_INFINITY
    let next = 0
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        const key = keyOf((next++ * 7_919) % rows)
        const startMs = performance.now()
        const [row] = await data.of(key, { consistency: level }).read<{
          body: string
        }>`select user_id, body from notes where user_id = ${key}`
        if (begun !== null) times.push(performance.now() - startMs)
        if (row?.body !== `body of ${key}`) throw new Error(`A wrong row for ${key}.`)
      }
    }
    const working = Array.from({ length: concurrency }, work)
    // A crowd is told from single requests by what came in the last moment: that is not what is measured here.
    await sleep(warmUpMs)
    const servers = await serversMs(pids)
    begun = { usage: process.cpuUsage(), ...readCounts }
    left = reads
    await Promise.all(working)
    const { user, system } = process.cpuUsage(begun.usage)
    // With those that were under way.
    const answered = times.length
    return {
      appMicros: (user + system) / answered,
      serverMicros: (((await serversMs(pids)) - servers) * 1_000) / answered,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      questions: (readCounts.questions - begun.questions) / answered,
      onReplicas: (readCounts.onReplicas - begun.onReplicas) / answered,
    }
  }

  const figures = (samples: readonly Sample[]) => ({
    appMicrosPerRead: median(samples.map((one) => one.appMicros)),
    appSpread: spread(samples.map((one) => one.appMicros)),
    serverMicrosPerRead: median(samples.map((one) => one.serverMicros)),
    p50Ms: median(samples.map((one) => one.p50Ms)),
    p99Ms: median(samples.map((one) => one.p99Ms)),
    questionsPerRead: median(samples.map((one) => one.questions)),
    onReplicas: median(samples.map((one) => one.onReplicas)),
  })
  const ratio = (
    ours: readonly Sample[],
    theirs: readonly Sample[],
    of: 'appMicros' | 'serverMicros',
  ) => median(ours.map((one, at) => one[of] / (theirs[at]?.[of] ?? Number.NaN)))

  const compare = async (concurrency: number) => {
    const levels = {
      primary: () => sample({ snapshot: true }, concurrency),
      strong: () => sample('strong', concurrency),
      eventual: () => sample('eventual', concurrency),
    }
    // The first round compiles the code, and opens the connections.
    await interleave(1, levels)
    const { primary, strong, eventual } = await interleave(rounds, levels)
    return {
      primary: figures(primary),
      strong: figures(strong),
      eventual: figures(eventual),
      ratio: {
        app: ratio(strong, primary, 'appMicros'),
        servers: ratio(strong, primary, 'serverMicros'),
        eventualApp: ratio(eventual, primary, 'appMicros'),
      },
      addedP50Ms: median(strong.map((one, at) => one.p50Ms - (primary[at]?.p50Ms ?? Number.NaN))),
    }
  }

  // Who the members are is asked of them, and until then everything is the primary's.
  await sample('strong', 1)
  await sleep(1_000)
  const quiet: Record<string, Awaited<ReturnType<typeof compare>>> = {}
  for (const concurrency of [8, 16, 64]) quiet[`at${concurrency}`] = await compare(concurrency)
  const writer = setInterval(
    () => void data.of('w').write`insert into ticks values (1)`.catch(() => {}),
    1_000 / writesPerSecond,
  )
  const writing = { at16: await compare(16), at64: await compare(64) }
  clearInterval(writer)
  console.log(
    JSON.stringify({ rounds, readsPerRound: reads, writesPerSecond, quiet, writing }, null, 2),
  )
  await data.close()
} finally {
  await cluster.stop()
  await rm(directory, { recursive: true })
}

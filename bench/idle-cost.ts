/**
 * What an idle PostgreSQL costs with Banyan's settings, against the defaults of initdb: memory (PSS,
 * so that pages which several processes share count once) and processor time. Both run on a private
 * copy of the binaries, since pages shared with other servers of the machine would not be counted in
 * full. Prints JSON.
 *
 *   node bench/idle-cost.ts [rounds] [idle seconds]
 */
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Binaries,
  createCluster,
  dataDirectoryOf,
  findBinaries,
  freeAddress,
  removeCluster,
  startServer,
  stopServer,
} from '@banyan/control/postgres'
import { processesIn } from '../packages/control/src/engines/postgres/processes.ts'

const memoryMb = 1_024
const settleMs = 2_000

/** What each variant changes of Banyan's settings; null: none of them apply. */
const variants: Record<string, Record<string, string> | null> = {
  initdbDefaults: null,
  banyan: {},
  ...JSON.parse(process.env.IDLE_COST_VARIANTS ?? '{}'),
}

type Sample = { pssMb: number; cpuMsPerSecond: number; processes: number; startMs: number }
type Cluster = { name: string; start(): Promise<number>; stop(): Promise<void>; data: string }

async function makeCluster(
  name: string,
  settings: Record<string, string> | null,
  binaries: Binaries,
  directory: string,
): Promise<Cluster> {
  const nodeDirectory = join(directory, name)
  const { address, port } = await freeAddress(nodeDirectory)
  const server = { binaries, nodeDirectory, address, port, memoryMb, cpus: 2 }
  const options = { ...server, ...(settings === null ? {} : { settings }) }
  await createCluster({ ...options, adminPassword: 'idle', durable: false })
  const data = await dataDirectoryOf(nodeDirectory)
  if (settings === null) await useDefaults(join(data, 'postgresql.conf'), address, port)
  return {
    name,
    data,
    start: async () => {
      const begun = performance.now()
      await startServer({ ...options, logFile: join(directory, `${name}.log`) })
      return performance.now() - begun
    },
    stop: async () => await stopServer({ nodeDirectory, mode: 'fast', timeoutMs: 10_000 }),
  }
}

async function useDefaults(path: string, address: string, port: number): Promise<void> {
  const text = (await readFile(path, 'utf8')).replace(/^include = 'banyan.conf'$/m, '')
  const ours = `listen_addresses = '${address}'\nport = ${port}\nunix_socket_directories = ''\n`
  await writeFile(path, text + ours)
}

async function measure(cluster: Cluster, idleMs: number): Promise<Sample> {
  const startMs = await cluster.start()
  try {
    await sleep(settleMs)
    const before = await cpuMsOf(cluster.data)
    await sleep(idleMs)
    const cpuMs = (await cpuMsOf(cluster.data)) - before
    const pids = await processesIn(cluster.data)
    const pss = await Promise.all(pids.map(pssMbOf))
    return {
      pssMb: pss.reduce((sum, one) => sum + one, 0),
      cpuMsPerSecond: cpuMs / (idleMs / 1_000),
      processes: pids.length,
      startMs,
    }
  } finally {
    await cluster.stop()
  }
}

async function pssMbOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) / 1_024
}

/** The scheduler counts nanoseconds, where the clock ticks of `stat` would show nothing. */
async function cpuMsOf(data: string): Promise<number> {
  const pids = await processesIn(data)
  const spent = await Promise.all(
    pids.map(async (pid) =>
      Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]),
    ),
  )
  return spent.reduce((sum, one) => sum + one, 0) / 1e6
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]]
  return Math.round(((low + high) / 2) * 100) / 100
}

function summarize(samples: readonly Sample[]): Sample {
  const of = (key: keyof Sample): number => median(samples.map((sample) => sample[key]))
  return {
    pssMb: of('pssMb'),
    cpuMsPerSecond: of('cpuMsPerSecond'),
    processes: of('processes'),
    startMs: of('startMs'),
  }
}

/** A copy that only this measurement runs. */
async function privateCopy(binaries: Binaries, directory: string): Promise<Binaries> {
  const copy = join(directory, 'engine')
  await cp(resolve(binaries.binDirectory, '..'), copy, { recursive: true, verbatimSymlinks: true })
  return { ...binaries, binDirectory: join(copy, 'bin') }
}

async function main(rounds: number, idleMs: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-idle-cost-'))
  await chmod(directory, 0o711)
  const clusters: Cluster[] = []
  try {
    const binaries = await privateCopy(await findBinaries('embedded'), directory)
    for (const [name, settings] of Object.entries(variants)) {
      clusters.push(await makeCluster(name, settings, binaries, directory))
    }
    const samples = new Map(clusters.map(({ name }) => [name, [] as Sample[]]))
    for (let round = 0; round < rounds; round++) {
      for (const one of clusters) samples.get(one.name)?.push(await measure(one, idleMs))
    }
    const results = [...samples].map(([name, taken]) => [name, summarize(taken)])
    const machine = { cpus: cpus().length, memoryMb: Math.round(totalmem() / 1_048_576) }
    const setup = { postgres: binaries.version, memoryMb, rounds, idleMs, machine }
    console.log(JSON.stringify({ ...setup, results: Object.fromEntries(results) }, null, 2))
  } finally {
    for (const { name } of clusters) await removeCluster(join(directory, name))
    await rm(directory, { recursive: true, force: true })
  }
}

await main(Number(process.argv[2] ?? 3), Number(process.argv[3] ?? 5) * 1_000)

// How long nobody can write when the primary dies: a replicated system of ours beside Patroni at its
// defaults, by turns on one machine. Needs root on Linux with Debian's patroni, etcd-server and postgresql.
// usage: node bench/patroni.ts [--rounds 3]
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { noPatroni, type PatroniCluster, startPatroni } from '../tests/cluster/support/patroni.ts'
import { defaultBootstrap } from '../tests/cluster/support/patroni-files.ts'
import type { ReleaseSystem } from '../tests/cluster/support/releases.ts'
import { startShardSystem, whole } from '../tests/cluster/support/shard-system.ts'
import { startWriteProbe, type WriteProbe } from '../tests/cluster/support/write-probe.ts'
import { median } from './lib/statistics.ts'
import { startWriters } from './patroni-writers.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const rounds = Number(values.rounds)

/** Longer than it takes until the first write fails. */
const settleMs = 300

/** Whoever has not come back by then does not count as an outage, but as a bench that failed. */
const giveUpMs = 180_000

/** The longest time without an acknowledged write around what is done. */
async function outageMs(probe: WriteProbe, inflict: () => Promise<void>): Promise<number> {
  const since = performance.now()
  await inflict()
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  const late = AbortSignal.timeout(giveUpMs)
  const never = new Promise<never>((_, reject) => {
    const give = () => reject(new Error(`nobody could write for ${giveUpMs} ms`))
    late.addEventListener('abort', give, { once: true })
  })
  return Math.round(await Promise.race([probe.longestGapMs(since), never]))
}

/** Through the app, its runtime and the balancer: `banyan kill primary`. */
async function ours(released: ReleaseSystem): Promise<number> {
  const { system } = released
  await whole(system)
  const probe = startWriteProbe(system.url)
  try {
    return await outageMs(probe, async () => {
      const { code, stderr } = await system.start('kill', 'primary').ended
      if (code !== 0) throw new Error(`banyan kill primary: ${stderr}`)
    })
  } finally {
    await probe.stop()
  }
}

type Fault = (cluster: PatroniCluster, leader: string) => Promise<{ mend(): Promise<void> }>

/** PostgreSQL alone, as ours is killed: Patroni sees it on its own host. */
const killServer: Fault = async (cluster, leader) => {
  for (const pid of await cluster.network.host(leader).pids()) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (/^postgres: |\/bin\/postgres\0/.test(command)) process.kill(pid, 'SIGKILL')
  }
  return { mend: async () => {} }
}

/** With Patroni beside it, so that only the lock's end says that it is dead. */
const killHost: Fault = async (cluster, leader) => {
  await cluster.powerOff(leader)
  return { mend: async () => await cluster.powerOn(leader) }
}

async function theirs(cluster: PatroniCluster, fault: Fault): Promise<number> {
  const leader = await cluster.whole(120_000)
  const probe = await startWriters(cluster)
  let mend = async (): Promise<void> => {}
  try {
    return await outageMs(probe, async () => {
      mend = (await fault(cluster, leader)).mend
    })
  } finally {
    await probe.stop()
    await mend()
  }
}

const figures = (outagesMs: readonly number[]) => ({
  outagesMs,
  medianMs: median(outagesMs),
  worstMs: Math.max(...outagesMs),
})

const missing = noPatroni()
if (missing !== false) throw new Error(missing)
const outages = { banyan: [] as number[], server: [] as number[], host: [] as number[] }
let cluster: PatroniCluster | null = null
let released: ReleaseSystem | null = null
try {
  cluster = await startPatroni(defaultBootstrap)
  released = await startShardSystem()
  for (let round = 0; round < rounds; round += 1) {
    outages.banyan.push(await ours(released))
    outages.server.push(await theirs(cluster, killServer))
    outages.host.push(await theirs(cluster, killHost))
    console.error(`round ${round + 1}: ${JSON.stringify(outages)}`)
  }
} finally {
  await released?.remove()
  await cluster?.stop()
}
const banyan = figures(outages.banyan)
const patroni = { serverKilled: figures(outages.server), hostKilled: figures(outages.host) }
console.log(
  JSON.stringify({
    rounds,
    banyan,
    patroni,
    ratio: {
      serverKilled: banyan.medianMs / patroni.serverKilled.medianMs,
      hostKilled: banyan.medianMs / patroni.hostKilled.medianMs,
    },
  }),
)

import type { System } from '@banyan/model'
import { EventLog } from '../api/events.ts'
import type { UpSettings } from '../api/types.ts'
import type { Context, Learned } from '../climb/context.ts'
import { learnedFile } from '../climb/migrate.ts'
import { readEntryRecord } from '../entry/record.ts'
import { inPlace, Releases } from '../releases/releases.ts'
import { openRecord } from '../shard/record.ts'
import { readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { ensureSecrets } from '../state/secrets.ts'
import { readTopology } from '../state/topology-file.ts'
import { Keepers } from '../supervise/keepers.ts'

const alone: UpSettings = { rungs: ['single'], host: '127.0.0.1', port: 0 }
const nothingLearned: Learned = { keyType: null, connections: null }

/** What control knows of its system, read from the files that it keeps: enough to reach the database as it does. */
export async function readContext(
  paths: StatePaths,
  system: System,
  onProgress: (sentence: string) => void,
): Promise<Context> {
  const topology = await readTopology(paths)
  return {
    paths,
    system,
    secrets: await ensureSecrets(paths),
    settings: (await readJson<UpSettings>(paths.settings)) ?? alone,
    binaries: null,
    events: new EventLog(({ sentence }) => onProgress(sentence)),
    keepers: new Keepers(() => performance.now()),
    releases: await Releases.open(paths),
    release: inPlace,
    trial: false,
    contracts: [],
    built: new Set(),
    topology,
    desired: topology,
    balancer: 'gateway',
    entry: await readEntryRecord(paths),
    shard: await openRecord(paths.shard),
    members: null,
    telemetry: null,
    draining: new Set(),
    leaving: false,
    publicFds: [],
    learned: (await readJson<Learned>(learnedFile(paths.directory))) ?? nothingLearned,
    migrated: null,
  }
}

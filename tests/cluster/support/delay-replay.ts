import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClimbSystem } from './climbs.ts'
import { askMember } from './shard-system.ts'

/** A replica gets everything at once, and shows it so much later; null: as before. */
export async function delayReplay(
  system: ClimbSystem,
  name: string,
  time: string | null,
): Promise<void> {
  const file = join(system.state, 'nodes', name, 'data/postgresql.auto.conf')
  if (time === null) {
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replaceAll(/^recovery_min_apply_delay.*\n/gm, ''))
  } else {
    await appendFile(file, `recovery_min_apply_delay = '${time}'\n`)
  }
  await askMember(system, name, 'select pg_reload_conf()')
}

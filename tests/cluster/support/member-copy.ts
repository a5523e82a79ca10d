import { execFile } from 'node:child_process'
import { chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { dataDirectoryOf } from '@banyan/control/postgres'
import type pg from 'pg'
import { accountOf } from '../../../packages/control/src/engines/postgres/account.ts'
import {
  readNodeFile,
  writeNodeFile,
} from '../../../packages/control/src/engines/postgres/node-file.ts'
import type { Kept } from './member-place.ts'

/** A low-level base backup, asked for over a connection to its source. */
export async function copyMember(client: pg.Client, from: Kept, to: Kept): Promise<void> {
  const source = await dataDirectoryOf(from.nodeDirectory)
  const account = await accountOf(source)
  const target = join(to.nodeDirectory, 'data')
  await mkdir(to.nodeDirectory, { recursive: true })
  await client.query(`select pg_backup_start('${to.name}', true)`)
  await copyFiles(source, target)
  const { rows } = await client.query('select labelfile from pg_backup_stop(false)')
  await writeFile(join(target, 'backup_label'), rows[0].labelfile, { mode: 0o600 })
  await writeFile(join(target, 'standby.signal'), '', { mode: 0o600 })
  if (account !== null) {
    for (const file of ['backup_label', 'standby.signal']) {
      await chown(join(target, file), account.uid, account.gid)
    }
  }
  const node = await readNodeFile(from.nodeDirectory)
  if (node === null) throw new Error(`${from.nodeDirectory} has no node.json.`)
  await writeNodeFile(to.nodeDirectory, { ...node, dataDirectory: 'data' }, false)
}

/** Everything but what a running server keeps for itself, as the manual lists it. */
async function copyFiles(source: string, target: string): Promise<void> {
  const run = promisify(execFile)
  await run('cp', ['-a', source, target]).catch((error: { stderr?: string }) => {
    // Files that vanish meanwhile are normal; the WAL brings back what matters.
    if (!/No such file or directory/.test(error.stderr ?? '')) throw error
  })
  for (const file of ['postmaster.pid', 'postmaster.opts', 'standby.signal']) {
    await rm(join(target, file), { force: true })
  }
  await run('sh', ['-c', 'rm -rf "$1"/pg_replslot/* "$1"/pg_wal/0*', 'sh', target])
}

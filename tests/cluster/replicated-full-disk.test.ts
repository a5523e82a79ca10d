import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SwitchoverReport } from '@banyan/control/api'
import { eventually } from './support/banyan.ts'
import { assertNoAnomaly, proveHistories, sayProofs } from './support/proofs.ts'
import { assertDone, type ReleaseSystem } from './support/releases.ts'
import { askMember, shardIn, startShardSystem, statusNow, whole } from './support/shard-system.ts'

/* The disk of the primary is full, and those of the other members are not. */

const skip =
  (process.platform !== 'linux' || process.getuid?.() !== 0) &&
  'needs root on Linux, for a disk of its own'

const diskMb = 400

describe('a primary whose disk alone is full', { timeout: 600_000, skip }, () => {
  let released: ReleaseSystem
  let disk = ''

  before(async () => {
    released = await startShardSystem({ rungs: ['balanced', 'split'] })
    const { system } = released
    disk = join(system.state, 'nodes/db-3')
    await mkdir(disk, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', disk])
    await chmod(disk, 0o755)
    assertDone(await system.climb('grow', 'replicated'))
  })
  after(async () => {
    // What is mounted cannot be deleted, so that the rest goes first.
    const left = await released?.remove().catch((error: unknown) => error)
    if (disk !== '') execFileSync('umount', [disk])
    if (left !== undefined) await released.remove()
  })

  it('gives way to a member with room, loses nothing, and is made anew once it has room', async (context) => {
    const { system } = released
    await whole(system)
    await system.json<SwitchoverReport>('switchover', 'db-3')
    assert.equal(shardIn(await whole(system)).primary, 'db-3')
    const proofs = await proveHistories(system, { rate: 60, seed: 1 }, async () => {
      const giveBack = await keepFull(disk)
      try {
        // WAL goes on in files that are there already, until there is none left.
        const heir = await eventually(async () => {
          await askMember(system, 'db-3', useUpWal).catch(() => {})
          const { primary } = shardIn(await statusNow(system))
          return primary !== 'db-3' ? primary : null
        }, 120_000)
        context.diagnostic(`${heir} has taken over`)
        await eventually(async () => {
          const text = await readFile(join(system.state, 'control.log'), 'utf8')
          const since = text.slice(text.lastIndexOf('Make db-3 anew'))
          return /nodes\/db-3\S* has \d+ MB free; a copy of the database needs \d+ MB/.exec(since)
        }, 60_000).catch(async () => {
          const text = await readFile(join(system.state, 'control.log'), 'utf8')
          throw new Error(`nobody says that there is no room: ${text.slice(-4_000)}`)
        })
        assert.ok(!shardIn(await statusNow(system)).confirming.includes('db-3'))
      } finally {
        await giveBack()
      }
      await whole(system, 180_000)
    })
    context.diagnostic(sayProofs(proofs))
    assertNoAnomaly(proofs)
    assert.notEqual(shardIn(await statusNow(system)).primary, 'db-3')
  })
})

const useUpWal = "select pg_switch_wal() from pg_logical_emit_message(true, 'full', '')"

/** Takes all the room that there is, and what others give back, until it is called. */
async function keepFull(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'filler')
  // Open: whoever deletes it does not make room by that.
  const file = await open(path, 'a')
  let isFull = true
  const filling = (async () => {
    while (isFull) {
      for (const size of [1_048_576, 4_096]) await fillWith(file, Buffer.alloc(size))
      await sleep(5)
    }
  })()
  return async () => {
    isFull = false
    await filling
    await file.close()
    await rm(path, { force: true })
  }
}

async function fillWith(file: FileHandle, piece: Buffer): Promise<void> {
  const goesOn = async (): Promise<boolean> =>
    await file.write(piece).then(
      () => true,
      () => false,
    )
  while (await goesOn());
}

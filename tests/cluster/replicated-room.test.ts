import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ClimbSystem, startClimbSystem } from './support/climbs.ts'
import { makeReleaseApp, type ReleaseApp } from './support/release-app.ts'
import { assertDone } from './support/releases.ts'

/* Copies need room, which is looked at before anything is done. */

const skip =
  (process.platform !== 'linux' || process.getuid?.() !== 0) &&
  'needs root on Linux, for a disk of its own'

const diskMb = 900

describe('a disk without room for copies', { timeout: 300_000, skip }, () => {
  let folder = ''
  let app: ReleaseApp
  let system: ClimbSystem

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-small-disk-')))
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', folder])
    await chmod(folder, 0o755)
    app = await makeReleaseApp()
    system = await startClimbSystem({ config: app.config, folder })
  })
  after(async () => {
    await system?.remove()
    await app?.remove()
    if (folder !== '') execFileSync('umount', ['--lazy', folder])
    await rm(folder, { recursive: true, force: true })
  })

  it('refuses replicated before its first step, says what is missing, and does it once there is room', async () => {
    const filler = join(folder, 'filler')
    const freeMb = Number(
      execFileSync('df', ['-m', '--output=avail', folder]).toString().split('\n')[1],
    )
    await writeFile(filler, Buffer.alloc((freeMb - 30) * 1_048_576))
    const before = await system.status()
    const { error } = await system.json<{ error: Refusal }>('grow', 'replicated')
    assert.equal(error.code, 'BANYAN_CLIMB_REFUSED', JSON.stringify(error))
    assert.match(`${error.message} ${error.hint}`, /MB|GB/)
    assert.equal((await system.status()).version, before.version)
    await rm(filler)
    assertDone(await system.climb('grow', 'replicated'))
  })
})

type Refusal = { readonly code: string; readonly message: string; readonly hint: string }

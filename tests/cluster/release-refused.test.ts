import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, realpath, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Load, startLoad } from '@banyan/testing'
import { eventually } from './support/banyan.ts'
import { contracting, expanding, reshaping } from './support/release-plans.ts'
import { assertDone, type ReleaseSystem, settled, startReleaseSystem } from './support/releases.ts'

/* What stands against a release: refused with the reason and the mend, before anything is changed. */

describe('a release that cannot be', { timeout: 600_000 }, () => {
  let released: ReleaseSystem

  let load: Load<string>

  before(async () => {
    released = await startReleaseSystem()
    const { url } = released.system
    // Somebody asks meanwhile, and often: with few answers a first share is watched for longer.
    load = startLoad({ rate: 120, send: async () => await (await fetch(url)).text() })
  })
  after(async () => {
    await load?.stop()
    await released?.remove()
  })

  /** Refused whole: the journal has no line more, and the same release is live. */
  async function refuses(words: readonly string[], code: string, because: RegExp): Promise<void> {
    const before = await released.list()
    const lines = (await released.system.journal()).length
    const error = await released.refused(...words)
    assert.equal(error?.code, code, JSON.stringify(error))
    assert.match(`${error.message} ${error.hint}`, because)
    assert.deepEqual(await released.list(), before)
    assert.equal((await released.system.journal()).length, lines)
  }

  it('is not gone back from when there was none before it', async () => {
    await refuses(['undo'], 'BANYAN_RELEASE_UNKNOWN', /./)
  })

  it('is refused without a change, and done again when that is asked for', async () => {
    await refuses(['release'], 'BANYAN_RELEASE_UNCHANGED', /--again/)
    const pids = async () => (await settled(released)).nodes.map(({ pid }) => pid)
    const [database, web] = await pids()
    assertDone(await released.release('--again'))
    const [sameDatabase, otherWeb] = await pids()
    assert.equal(sameDatabase, database)
    assert.notEqual(otherWeb, web)
  })

  it('is refused without a lockfile, with the command that writes one', async () => {
    const { app } = released
    const lockfile = await app.take('package-lock.json')
    await app.write('package.json', manifest({ dependencies: { pg: '^8.0.0' } }))
    await refuses(['release'], 'BANYAN_RELEASE_REFUSED', /npm install|package-lock\.json/)
    await app.write('package.json', manifest({}))
    await app.write('package-lock.json', lockfile)
  })

  it('is refused when what it runs is ignored by git, as a native module in its own build/ is', async () => {
    const { app } = released
    await app.write('.gitignore', 'build/\n')
    await app.write('build/Release/addon.node', 'not really native')
    await app.write('build/web.js', 'console.log(1)\n')
    const config = await app.take('banyan.config.ts')
    await app.write('banyan.config.ts', config.replace('node src/web.ts', 'node build/web.js'))
    await refuses(['release'], 'BANYAN_RELEASE_REFUSED', /build\/web\.js.*\.gitignore|\.gitignore/s)
    await app.write('banyan.config.ts', config)
    await app.delete('.gitignore')
    await app.delete('build')
  })

  it('is refused while a climb goes on', async () => {
    // A release takes its time to be compared, whatever the machine has to do besides.
    await released.app.become({ release: 'first' })
    const releasing = released.release()
    await eventually(async () => (await released.system.status()).climb)
    await released.app.become({ release: 'meanwhile' })
    const error = await released.refused('release')
    assert.equal(error.code, 'BANYAN_CLIMB_RUNNING')
    assertDone(await releasing)
  })

  it('is refused when its config is broken, with the place', async () => {
    const { app } = released
    const config = await app.take('banyan.config.ts')
    await app.write('banyan.config.ts', config.replace("routes: ['/']", 'routes: 1'))
    const error = await released.refused('release')
    assert.match(error.code, /^BANYAN_(CONFIG|SYSTEM)/)
    await app.write('banyan.config.ts', config)
  })

  it('is refused when a migration takes something away without saying so', async () => {
    const { app } = released
    await app.write('migrations/0002_gone.sql', 'alter table notes drop column legacy;\n')
    await refuses(['release'], 'BANYAN_RELEASE_REFUSED', /banyan: contract/)
    await app.delete('migrations/0002_gone.sql')
  })

  it('may change the services: a climb and a release in one plan, and back', async () => {
    const { app, system } = released
    const config = await app.take('banyan.config.ts')
    await reshaping.edit(app)
    assertDone(await released.release())
    const { nodes } = await settled(released)
    assert.ok(
      nodes.some(({ name }) => name === 'clock-1') && nodes.some(({ name }) => name === 'admin-1'),
    )
    assert.equal(await (await fetch(`${system.url}/admin`)).text(), 'admin')
    assertDone(await released.undo())
    const after = await settled(released)
    assert.deepEqual(after.nodes.map(({ name }) => name).sort(), ['db-1', 'web-1'])
    await app.write('banyan.config.ts', config)
  })

  it('is not gone back from once its contract migration has taken something away', async () => {
    await expanding.edit(released.app)
    assertDone(await released.release())
    assertDone(await released.undo())
    assertDone(await released.release())
    await contracting.edit(released.app)
    assertDone(await released.release())
    await refuses(['undo'], 'BANYAN_RELEASE_REFUSED', /0004_legacy/)
  })

  it('has failed no request of those who asked meanwhile, whether it was done or refused', async () => {
    const { failed, sent } = await load.stop()
    assert.ok(sent > 0)
    assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
  })
})

const manifest = (more: object) =>
  JSON.stringify({ name: 'released', version: '1.0.0', type: 'module', ...more })

const cannotMount =
  process.platform === 'linux' && process.getuid?.() === 0
    ? false
    : 'needs root on Linux to mount a small disk'

describe('a release on a disk that is full', { timeout: 240_000, skip: cannotMount }, () => {
  it('is refused with nothing half made, serves on, and is done once there is room', async () => {
    const disk = await realpath(await mkdtemp(join(tmpdir(), 'banyan-disk-')))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m,mode=755', 'tmpfs', disk])
    let released: ReleaseSystem | null = null
    let load: Load<string> | null = null
    try {
      released = await startReleaseSystem({ folder: disk })
      const { app, system } = released
      load = startLoad({ rate: 50, send: async () => await (await fetch(system.url)).text() })
      const { bavail, bsize } = await statfs(disk)
      const filler = join(disk, 'filler')
      execFileSync('fallocate', ['-l', String(bavail * bsize - (8 << 20)), filler])
      await app.write('big.bin', '0123456789abcdef'.repeat((16 << 20) / 16))
      const before = await readdir(join(system.state, 'snapshots'))
      const error = await released.refused('release')
      assert.match(error.code, /^BANYAN_/)
      assert.match(`${error.message} ${error.hint}`, /full|room|space|ENOSPC/i)
      assert.deepEqual(await readdir(join(system.state, 'snapshots')), before)
      await rm(filler)
      assertDone(await released.release())
      const { failed, sent } = await load.stop()
      assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
    } finally {
      await load?.stop()
      await released?.remove()
      execFileSync('umount', ['-l', disk])
      await rm(disk, { recursive: true, force: true })
    }
  })
})

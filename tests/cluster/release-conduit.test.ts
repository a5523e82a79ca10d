import assert from 'node:assert/strict'
import { chmod, cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ClimbReport } from '@banyan/control/api'
import { type ClimbSystem, proveDuring, startClimbSystem } from './support/climbs.ts'
import { assertDone, assertFlawless } from './support/releases.ts'

/* The reference app is released and gone back from, under its own proof. */

const repository = new URL('../../', import.meta.url).pathname
const answer = async (url: string) =>
  await (await fetch(`${url}/api/tags`)).headers.get('x-release')

describe('Conduit', { timeout: 300_000 }, () => {
  let folder = ''
  let system: ClimbSystem

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-conduit-')))
    await chmod(folder, 0o755)
    await cp(join(repository, 'apps/conduit'), folder, { recursive: true })
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package-lock.json'), lockfile)
    system = await startClimbSystem({ config: join(folder, 'banyan.config.ts'), rungs: 'balanced' })
  })
  after(async () => {
    await system?.remove()
    if (folder !== '') await rm(folder, { recursive: true, force: true })
  })

  it('is released and gone back from without a request that fails', async (context) => {
    const path = join(folder, 'src/main.ts')
    const main = await readFile(path, 'utf8')
    const edited = main.replace(
      /^await serve\((.*)\)$/m,
      `const app = $1
app.addHook('onRequest', async (_request, reply) => void reply.header('x-release', 'second'))
await serve(app)`,
    )
    assert.notEqual(edited, main)
    await writeFile(path, edited)
    const proof = await proveDuring(system, ['--rate', '80', '--strict'], async () => {
      assert.equal(await answer(system.url), null)
      const report = await system.json<ClimbReport>('release')
      assertDone(report)
      assert.equal(await answer(system.url), 'second')
      const undo = await system.json<ClimbReport>('undo')
      assertDone(undo)
      assert.equal(await answer(system.url), null)
      context.diagnostic(`release ${report.totalMs} ms, undo ${undo.totalMs} ms`)
    })
    assertFlawless(proof)
  })
})

const lockfile = JSON.stringify({
  name: '@banyan/conduit',
  lockfileVersion: 3,
  requires: true,
  packages: { '': { name: '@banyan/conduit' } },
})

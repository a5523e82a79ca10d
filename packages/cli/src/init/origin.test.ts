import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findOrigin } from './origin.ts'

let home: string
let installed: string

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'banyan-origin-'))
  installed = join(home, 'app/node_modules/@banyan/cli')
  await mkdir(installed, { recursive: true })
  await writeFile(join(installed, 'package.json'), '{"version":"0.1.0"}')
  for (const name of ['banyan-0.1.0.tgz', 'banyan-cli-0.1.0.tgz', 'banyan-cli-0.0.9.tgz'])
    await writeFile(join(home, name), '')
})

after(() => rm(home, { recursive: true, force: true }))

const lock = async (packages: Record<string, { resolved?: string }>): Promise<void> =>
  await writeFile(join(home, 'app/node_modules/.package-lock.json'), JSON.stringify({ packages }))

test('packages that were installed from tarballs are found where they lie', async () => {
  await lock({
    'node_modules/banyan': { resolved: 'file:../banyan-0.1.0.tgz' },
    'node_modules/@banyan/cli': { resolved: 'file:../banyan-cli-0.1.0.tgz' },
    'node_modules/@banyan/model': { resolved: 'file:../gone.tgz' },
    'node_modules/hono': { resolved: 'file:../banyan-0.1.0.tgz' },
  })
  const origin = await findOrigin(null, installed)
  assert.deepEqual(origin, {
    kind: 'tarballs',
    files: new Map([
      ['banyan', join(home, 'banyan-0.1.0.tgz')],
      ['@banyan/cli', join(home, 'banyan-cli-0.1.0.tgz')],
    ]),
  })
})

test('packages that came from a registry are asked for by their version', async () => {
  const resolved = 'https://registry.npmjs.org/@banyan/cli/-/cli-0.1.0.tgz'
  await lock({ 'node_modules/@banyan/cli': { resolved } })
  assert.deepEqual(await findOrigin(null, installed), { kind: 'registry', version: '0.1.0' })
})

test('a command outside of node_modules is that of a clone', async () => {
  const folder = join(home, 'clone/packages/cli')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"version":"0.1.0"}')
  const origin = await findOrigin(null, folder)
  assert.deepEqual(origin, { kind: 'clone', program: join(folder, 'bin/banyan.mjs') })
})

test('a folder of packages holds this version, or is refused', async () => {
  const origin = await findOrigin(home, installed)
  assert.ok(origin.kind === 'tarballs')
  assert.deepEqual([...origin.files.keys()].sort(), ['@banyan/cli', 'banyan'])
  await assert.rejects(findOrigin(join(home, 'app'), installed), {
    code: 'BANYAN_INIT_NO_PACKAGES',
  })
})

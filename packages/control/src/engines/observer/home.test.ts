import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { statePaths } from '../../state/paths.ts'
import { distantHomes, homeOf, removeDistantHomes, writeHomeFiles } from './home.ts'

const isRoot = process.getuid?.() === 0
let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-home-'))
})
after(async () => await rm(folder, { recursive: true, force: true }))

const pathsIn = async (name: string, mode: number) => {
  await mkdir(join(folder, name))
  await chmod(folder, 0o755)
  await chmod(join(folder, name), mode)
  const paths = statePaths(join(folder, name))
  await mkdir(paths.nodes)
  return paths
}

const file = (text: string, isConfiguration = true) => ({ name: 'a.yml', text, isConfiguration })

test('files are written for the program alone, and it is told only of what changed', async () => {
  const home = await homeOf(await pathsIn('near', 0o755), 'prometheus-1')
  assert.equal(await writeHomeFiles(home, [file('1')]), true)
  assert.equal(await writeHomeFiles(home, [file('1')]), false)
  assert.equal(await writeHomeFiles(home, [file('2', false)]), false)
  assert.equal(await readFile(join(home.folder, 'a.yml'), 'utf8'), '2')
  const { mode, uid } = await stat(join(home.folder, 'a.yml'))
  assert.equal(mode & 0o777, 0o600)
  assert.equal(uid, home.account?.uid ?? process.getuid?.())
  assert.equal((await stat(home.data)).mode & 0o777, 0o700)
})

test('root has it run as somebody else, whose files are elsewhere where that one cannot enter', {
  skip: isRoot ? false : 'it takes root',
}, async () => {
  const near = await homeOf(await pathsIn('open', 0o755), 'prometheus-1')
  assert.notEqual(near.account?.uid ?? 0, 0)
  const paths = await pathsIn('private', 0o700)
  const home = await homeOf(paths, 'prometheus-1')
  try {
    assert.match(home.folder, /^\/var\/lib\/banyan\/prometheus-1-/)
    assert.deepEqual(await distantHomes(paths), [home.folder])
    // Who comes again finds what was kept, and its owner.
    assert.deepEqual((await homeOf(paths, 'prometheus-1')).folder, home.folder)
  } finally {
    await removeDistantHomes(paths)
  }
  assert.deepEqual(await distantHomes(paths), [])
})

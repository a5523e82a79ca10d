import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Ignored } from './ignored.ts'

const repository = mkdtempSync(join(tmpdir(), 'banyan-ignored-'))
const root = join(repository, 'apps/web')
mkdirSync(join(root, 'src/generated'), { recursive: true })
mkdirSync(join(repository, '.git'))
writeFileSync(join(repository, '.gitignore'), 'dist/\n*.local\n.env*\n')
writeFileSync(join(root, '.gitignore'), 'uploads\n!keep.local\n')
writeFileSync(join(root, 'src/.gitignore'), '/generated/\n')
after(() => rmSync(repository, { recursive: true }))

const state = join(root, 'state')
const ignored = new Ignored({ root, folders: [state, join(root, 'public')] })
const has = (path: string, isFolder = false) => ignored.has(join(root, path), isFolder)

test('what the app is made of counts', () => {
  for (const path of [
    'web.ts',
    'src/web.ts',
    'views/a.html',
    'migrations/0001_a.sql',
    'package.json',
  ])
    assert.equal(has(path), false, path)
  assert.equal(ignored.has(root, true), false)
})

test('every .gitignore has a say, up to the root of the repository, and the nearest wins', () => {
  assert.deepEqual([has('dist', true), has('dist/web.js'), has('a.local')], [true, true, true])
  assert.deepEqual([has('keep.local'), has('uploads/a.png')], [false, true])
  assert.deepEqual([has('src/generated', true), has('generated', true)], [true, false])
})

test('what is installed, kept, served or hidden does not count', () => {
  for (const path of [
    'node_modules/a/index.js',
    'src/node_modules/b.js',
    'state/up.json',
    'public/a.css',
    '.idea/a.xml',
    'src/.hidden/a.ts',
  ])
    assert.equal(has(path), true, path)
  assert.equal(has('public-pages/a.html'), false, 'a name that only begins like it')
})

test('the environment file counts although git ignores it, and what editors leave does not', () => {
  assert.deepEqual([has('.env'), has('.env.local'), has('src/.env')], [false, false, true])
  for (const path of ['web.ts~', '.web.ts.swp', 'src/web.ts.swp', '4913', 'README.md'])
    assert.equal(has(path), true, path)
})

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import { resolveSystem } from '@banyan/model'
import type { ReadPatterns } from './ignore-rules.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { readSources } from './read-sources.ts'

/** Enough of `.gitignore` for these tests: a name of a file or folder on each line, `!` takes it back. */
const readPatterns: ReadPatterns = (text) => (path) => {
  const parts = path.split('/')
  const lines = text.split('\n').filter((line) => line !== '')
  const last = lines.findLast((line) => parts.includes(line.replace(/^!/, '')))
  return last === undefined ? 'unsaid' : last.startsWith('!') ? 'kept' : 'ignored'
}

async function read(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  run: string,
  limits: Limits = defaultLimits,
) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'banyan-doctor-')))
  t.after(() => rm(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  const input = { name: 'notes', services: { web: { run, routes: ['/'] } } }
  const found = await readSources(resolveSystem(input, { root }), { readPatterns, limits })
  const paths = found.web.map(({ path }) => relative(root, path)).sort()
  return { ...found, paths }
}

test('what the entry imports is read, by every way of importing, and nothing else', async (t) => {
  const { paths, services } = await read(
    t,
    {
      // In two halves, so that this file itself imports nothing without an ending.
      'src/web.ts': `import './a.js'\nexport * ${'from'} './b'\nconst c = await import('./c/index.js')`,
      'src/a.ts': "const d = require('./d.cjs')",
      'src/b.ts': "import pg from 'pg'\nimport type { X } from './types.ts'",
      'src/c/index.js': "import './../web.ts'",
      'src/d.cjs': '',
      'src/other.ts': '',
      'test/web.test.ts': '',
    },
    'node src/web.ts',
  )
  assert.deepEqual(paths, ['src/a.ts', 'src/b.ts', 'src/c/index.js', 'src/d.cjs', 'src/web.ts'])
  assert.deepEqual(services, [{ name: 'web', by: 'imports' }])
})

test('where imports cannot be followed, the code of the folder is read without tests and builds', async (t) => {
  const { paths, services } = await read(
    t,
    {
      'src/web.ts': "import { db } from '@/db'",
      'src/db.ts': '',
      'src/db.test.ts': '',
      'test/all.ts': '',
      'dist/web.js': '',
      'node_modules/x/index.js': '',
      'scripts/migrate.ts': '',
      'types.d.ts': '',
    },
    'node src/web.ts',
  )
  assert.deepEqual(paths, ['src/db.ts', 'src/web.ts'])
  assert.deepEqual(services, [{ name: 'web', by: 'folder' }])
})

test('an entry that a build has made stands for its source, and a preloaded file is read too', async (t) => {
  const { paths, services } = await read(
    t,
    {
      'dist/server.js': "require('./x')",
      'src/server.ts': "import './x.js'",
      'src/x.ts': '',
      'otel.mjs': '',
    },
    'node --import ./otel.mjs dist/server.js',
  )
  assert.deepEqual(paths, ['otel.mjs', 'src/server.ts', 'src/x.ts'])
  assert.equal(services[0]?.by, 'imports')
})

test('what .gitignore names is not read, in its folder and below', async (t) => {
  const { paths } = await read(
    t,
    {
      '.gitignore': 'generated\nlocal.js\n',
      'sub/.gitignore': '!local.js\n',
      'a.js': '',
      'local.js': '',
      'sub/local.js': '',
      'generated/b.js': '',
    },
    'start-it',
  )
  assert.deepEqual(paths, ['a.js', 'sub/local.js'])
})

test('what is too large or too much is left out, and said', async (t) => {
  const files = { 'a.js': '', 'b.js': `/*${'x'.repeat(200)}*/`, 'c.js': '', 'd.js': '' }
  const { paths, notRead } = await read(t, files, 'start-it', {
    ...defaultLimits,
    bytesPerFile: 100,
    files: 3,
  })
  assert.deepEqual(paths, ['a.js', 'c.js'])
  assert.deepEqual(
    notRead.map(({ why }) => why),
    ['it has 204 bytes', 'there are more than 3 files'],
  )
})

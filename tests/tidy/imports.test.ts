import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { root } from './project-files.ts'

/*
 * The rule itself is in biome.json. Here imports are planted in a copy of the project's shape, to see
 * that each forbidden one is reported and each allowed one is not.
 */
const forbidden: Record<string, readonly string[]> = {
  'packages/model/src/planted.ts': [
    'node:fs',
    'pg',
    '@banyan/postgres',
    'banyan',
    '../../postgres/src/index.ts',
  ],
  'packages/postgres/src/planted.ts': ['banyan', 'banyan/pg', '@banyan/control', '@banyan/testing'],
  'packages/banyan/src/planted.ts': [
    '@banyan/control',
    '@banyan/control/api',
    '@banyan/cli',
    '../../control/src/index.ts',
  ],
  'packages/banyan/src/data/planted.ts': ['@banyan/control', '../../../control/src/index.ts'],
  'packages/control/src/planted.ts': ['banyan', 'banyan/pg', '@banyan/cli', '@banyan/testing'],
  'packages/cli/src/planted.ts': ['@banyan/postgres', 'banyan', 'pg', '../../control/src/index.ts'],
  'packages/testing/src/planted.ts': ['@banyan/cli', 'banyan'],
  'apps/conduit/src/planted.ts': [
    '@banyan/model',
    '@banyan/postgres',
    '@banyan/control',
    '../../../packages/banyan/src/index.ts',
  ],
  'apps/console/src/planted.ts': [
    '@banyan/postgres',
    'banyan',
    '../../../packages/store/src/main.ts',
  ],
  'tests/cluster/planted.ts': ['@banyan/model/src/plan.ts', 'banyan/src/log.ts'],
}

const allowed: Record<string, readonly string[]> = {
  'packages/postgres/src/allowed.ts': ['@banyan/model', 'pg', 'node:fs'],
  'packages/banyan/src/allowed.ts': ['@banyan/model', '@banyan/postgres', 'pg', 'pino'],
  'packages/banyan/src/allowed.test.ts': ['@banyan/testing', 'banyan'],
  'packages/control/src/allowed.ts': ['@banyan/model', '@banyan/postgres', 'pg'],
  'packages/cli/src/allowed.ts': ['@banyan/model', '@banyan/control/api', 'commander'],
  'packages/testing/src/allowed.ts': ['@banyan/control/postgres', '@banyan/postgres', 'pg'],
  'apps/conduit/src/allowed.ts': ['banyan', 'banyan/pg', 'banyan/kysely', 'fastify'],
  'apps/console/src/allowed.ts': ['@banyan/control/api', '@banyan/store/api', 'preact', 'uplot'],
  'apps/conduit/src/allowed.test.ts': ['@banyan/testing'],
}

let folder = ''

before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'banyan-imports-')))
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, names] of Object.entries({ ...forbidden, ...allowed })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    const lines = names.map((name, index) => `import { x as x${index} } from '${name}'`)
    const used = `export const all = [${names.map((_, index) => `x${index}`).join(', ')}]`
    writeFileSync(join(folder, path), `${[...lines, used].join('\n')}\n`)
  }
})

after(() => rmSync(folder, { recursive: true, force: true }))

/** The lines on which Biome reports a restricted import, by file. */
const reported = (): ReadonlyMap<string, ReadonlySet<number>> => {
  const biome = spawnSync(
    join(root, 'node_modules/.bin/biome'),
    [
      'lint',
      '--vcs-enabled=false',
      '--only=style/noRestrictedImports',
      '--reporter=github',
      '--max-diagnostics=none',
      '.',
    ],
    { cwd: folder, encoding: 'utf8' },
  )
  const lines = new Map<string, Set<number>>()
  for (const [, file = '', line] of biome.stdout.matchAll(
    /noRestrictedImports,file=([^,]+),line=(\d+)/g,
  )) {
    const path = relative(folder, resolve(folder, file))
    lines.set(path, (lines.get(path) ?? new Set()).add(Number(line)))
  }
  return lines
}

test('every import against the direction is reported, and no other', () => {
  const found = reported()
  for (const [path, names] of Object.entries(forbidden)) {
    for (const [index, name] of names.entries()) {
      assert.ok(found.get(path)?.has(index + 1), `${path} may not import ${name}`)
    }
  }
  for (const path of Object.keys(allowed)) {
    assert.deepEqual(
      [...(found.get(path) ?? [])],
      [],
      `${path} may import ${allowed[path]?.join()}`,
    )
  }
})

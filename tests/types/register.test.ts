import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'

/**
 * `Register` is global to a program: were it filled in here, every other file would see it. So what it
 * does to the types is checked in a program of its own.
 */
const program = `
import { data } from 'banyan'
declare module 'banyan' {
  interface Register {
    key: string
    lookups: {
      'users.email': string
      'firms.country,tax_number': { country: string; tax_number: number }
    }
  }
}
data.of('a')
void data.by('users.email', 'a@b.c')
void data.by('firms.country,tax_number', { country: 'nl', tax_number: 7 })
void data.by('firms.country,tax_number', ['nl', 7])
void data.transaction(['a'], async (tx) => { tx.of('a') })
// @ts-expect-error keys are text here
data.of(7)
// @ts-expect-error an unknown lookup
void data.by('users.mail', 'a@b.c')
// @ts-expect-error a value of another type
void data.by('users.email', 7)
// @ts-expect-error a column is missing
void data.by('firms.country,tax_number', { country: 'nl' })
`

const root = join(import.meta.dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'banyan-register-'))
after(() => rmSync(directory, { recursive: true }))

it('types keys and lookups by what the app registers, and by nothing without', () => {
  writeFileSync(join(directory, 'program.mts'), program)
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        paths: { banyan: [join(root, 'packages/banyan/src/index.ts')] },
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: ['program.mts'],
      exclude: [],
    }),
  )
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout, status } = spawnSync(tsc, ['-p', directory], { encoding: 'utf8' })
  assert.equal(stdout, '')
  assert.equal(status, 0)
})

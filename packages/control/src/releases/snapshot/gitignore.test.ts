import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIgnoreFile, ruleFor } from './gitignore.ts'
import { Pace } from './pace.ts'
import { readTree } from './tree.ts'

const verdict = (text: string, path: string, isFolder = false) => {
  const rule = ruleFor(
    [{ folder: '/a', rules: parseIgnoreFile(text, '/a/.gitignore') }],
    path,
    isFolder,
  )
  return rule === null ? 'unsaid' : rule.keeps ? 'kept' : 'ignored'
}

test('a rule without a slash holds at any depth, one with a slash from its folder on', () => {
  assert.equal(verdict('*.log', '/a/b/c.log'), 'ignored')
  assert.equal(verdict('/dist', '/a/b/dist'), 'unsaid')
  assert.equal(verdict('b/dist', '/a/b/dist'), 'ignored')
})

test('a rule that ends in a slash holds for folders only', () => {
  assert.equal(verdict('dist/', '/a/dist'), 'unsaid')
  assert.equal(verdict('dist/', '/a/dist', true), 'ignored')
})

test('the last rule that matches decides', () => {
  assert.equal(verdict('*.log\n!keep.log', '/a/keep.log'), 'kept')
  assert.equal(verdict('!keep.log\n*.log', '/a/keep.log'), 'ignored')
})

test('a rule is named by its file and line', () => {
  const rules = parseIgnoreFile('# a comment\r\n\r\ndist/\r\n', '/a/.gitignore')
  assert.deepEqual(
    rules.map(({ place, pattern }) => [place, pattern]),
    [['/a/.gitignore:3', 'dist/']],
  )
})

const hasGit = spawnSync('git', ['--version']).status === 0
const name = fc.constantFrom('a', 'b', 'ab', 'a.log', 'dist', ' b')
const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  '*',
  '**',
  '*.log',
  '?',
  '[ab]',
  '[!a]',
  'dist',
  'd*t',
  '\\a',
  '[a-',
  '[[:alpha:]]',
  'b ',
  '\\ b',
)
const pattern = fc
  .tuple(fc.boolean(), fc.boolean(), fc.array(piece, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(
    ([keeps, anchored, pieces, folder]) =>
      `${keeps ? '!' : ''}${anchored ? '/' : ''}${pieces.join('/')}${folder ? '/' : ''}`,
  )
const file = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const ignoreFile = fc
  .array(pattern, { minLength: 1, maxLength: 4 })
  .map((lines) => lines.join('\n'))

/** Makes what does not stand in the way of itself: a path cannot be a file and a folder. */
function write(folder: string, path: string, text: string): void {
  try {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, { flag: 'wx' })
  } catch {
    // Something else stands there.
  }
}

test('what git would keep is what is taken, for any rules at any depth', {
  skip: hasGit ? false : 'needs git',
}, async () => {
  const apps = fc.record({
    files: fc.array(file, { minLength: 1, maxLength: 12 }),
    top: ignoreFile,
    inner: fc.dictionary(fc.constantFrom('a', 'b', 'a/b', 'dist', 'dist/a'), ignoreFile, {
      maxKeys: 2,
    }),
  })
  const check = async ({
    files,
    top,
    inner,
  }: {
    files: string[]
    top: string
    inner: Record<string, string>
  }) => {
    const folder = mkdtempSync(join(tmpdir(), 'banyan-ignore-'))
    try {
      execFileSync('git', ['init', '-q', folder])
      for (const path of files) write(folder, path, 'x')
      write(folder, '.gitignore', top)
      for (const [path, text] of Object.entries(inner)) write(folder, `${path}/.gitignore`, text)
      const args = ['-C', folder, 'ls-files', '-z', '--others', '--exclude-standard']
      const ofGit = execFileSync('git', args, { encoding: 'utf8' })
        .split('\0')
        .filter(Boolean)
        .sort()
      const source = { root: folder, excluded: new Set<string>(), kept: new Set<string>() }
      const tree = await readTree(source, new Pace(undefined))
      const ours = tree.seen
        .filter(({ kind }) => kind === 'file')
        .map(({ path }) => path)
        .sort()
      assert.deepEqual(ours, ofGit)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  await fc.assert(fc.asyncProperty(apps, check), { numRuns: 30 })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCatalogue } from '@banyan/model'
import { pages, readPage } from '../../scripts/generate-reference.ts'
import { filesUnder, findLines, isTest, isTypeScript } from './project-files.ts'

const code = filesUnder('packages', 'apps').filter((file) => isTypeScript(file) && !isTest(file))
const elsewhere = code.filter(
  ({ path }) => !/packages\/model\/src\/error(s|-status)\.ts$/.test(path),
)
const docs = filesUnder('README.md', 'docs/guide', 'docs/reference').filter(({ path }) =>
  path.endsWith('.md'),
)

const known = new Set(Object.keys(errorCatalogue))

/** Codes and names of the environment look alike; the environment's are read from `process.env` or set in it. */
const environment = new Set(
  code.flatMap(({ text }) =>
    [...text.matchAll(/(?:env(?:ironment)?(?:\.|\[')|^\s*)(BANYAN_[A-Z_]+)(?:'\]|:|\b)/gm)].map(
      ([, name]) => name,
    ),
  ),
)

for (const { path, render } of pages) {
  test(`${path} says what the code says (else: node scripts/generate-reference.ts)`, async () => {
    assert.equal(await readPage(path), render())
  })
}

test('every error that the code makes is in the catalogue', () => {
  const made = elsewhere.flatMap(({ path, text }) =>
    [...text.matchAll(/new BanyanError\(\s*'(BANYAN_[A-Z_]+)'/g)].map(([, name]) => ({
      path,
      name,
    })),
  )
  assert.ok(made.length > 50, 'the places that make errors were found')
  assert.deepEqual(
    made.filter(({ name }) => !known.has(name ?? '')),
    [],
  )
})

test('every code of the catalogue is used somewhere', () => {
  const unused = [...known].filter(
    (name) => !elsewhere.some(({ text }) => text.includes(`'${name}'`)),
  )
  assert.deepEqual(unused, [])
})

test('every code that the docs name exists', () => {
  const named = docs.flatMap(({ path, text }) =>
    [...text.matchAll(/\bBANYAN_[A-Z_]+[A-Z]\b/g)].map(([name]) => ({ path, name })),
  )
  assert.deepEqual(
    named.filter(({ name }) => !known.has(name) && !environment.has(name)),
    [],
  )
})

test('every summary is a sentence', () => {
  const odd = Object.entries(errorCatalogue).filter(([, text]) => !/^(`|[A-Z]).*\.$/.test(text))
  assert.deepEqual(odd, [])
})

test('an error is made with a hint, so that nobody is left with a problem alone', (t) => {
  // A hint may be missing where the message already says the one thing to do; how many do is shown.
  const bare = findLines(elsewhere, /new BanyanError\('BANYAN_[A-Z_]+', [^,{]+\)$/)
  for (const place of bare) t.diagnostic(place)
  assert.ok(bare.length <= known.size / 4, `${bare.length} errors have no hint`)
})

// What the tests of balancers take for a known difference is what users are told.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { differences } from './differences.ts'

const page = new URL('../../../docs/reference/haproxy.md', import.meta.url)

test('every known difference of HAProxy is told on its page, in the same words', async () => {
  const text = (await readFile(page, 'utf8')).replaceAll(/\s+/g, ' ')
  for (const said of Object.values(differences)) assert.ok(text.includes(said), said)
})

test('every known difference is asked for by a test, which says what happens instead', async () => {
  const names = (await readdir(new URL('.', import.meta.url))).filter((name) =>
    /\.test\.ts$/.test(name),
  )
  const tests = await Promise.all(
    names.map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
  )
  for (const name of Object.keys(differences))
    assert.ok(
      tests.some((text) => text.includes(`differs('${name}')`)),
      name,
    )
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { slugBase, slugFits, slugOf, slugSuffix } from './slug.ts'

it('a slug keeps letters and numbers of every script, and nothing else', () => {
  assert.equal(slugBase('  Hello, World!  '), 'hello-world')
  assert.equal(slugBase('Crème brûlée'), 'crème-brûlée')
  assert.equal(slugBase('Cre\u0300me'), 'crème')
  assert.equal(slugBase('東京 2026 🌳 Привет'), '東京-2026-привет')
  assert.equal(slugBase('a/b?c#d%e'), 'a-b-c-d-e')
})

it('a title without a letter still has a slug', () => {
  assert.equal(slugBase('🌳 !!!'), 'article')
})

it('a long title gives a short slug that does not end in a hyphen', () => {
  assert.equal(slugBase('x'.repeat(300)), 'x'.repeat(80))
  assert.equal(slugBase(`${'x'.repeat(79)} y`), 'x'.repeat(79))
})

it('the ending is eight characters of the random source', () => {
  assert.equal(
    slugSuffix(() => 35),
    'zzzzzzzz',
  )
  assert.equal(slugOf('Title', 'abcdefgh'), 'title-abcdefgh')
})

it('a slug fits its title, and another way to write it, but no other title', () => {
  const slug = slugOf('One two')
  assert.ok(slugFits(slug, 'One two'))
  assert.ok(slugFits(slug, 'one, TWO!'))
  assert.ok(!slugFits(slug, 'One'))
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ladder, withNeeds } from './ladder.ts'
import { rules } from './rules.ts'
import { judgeTexts } from './test-texts.ts'

test('every rule has texts that it finds something in, and texts that it leaves alone', async () => {
  const files = [
    'sources/source-rules.test.ts',
    'sql/sql-rules.test.ts',
    'database/database-rules.test.ts',
  ]
  const texts = await Promise.all(
    files.map((file) => readFile(new URL(file, import.meta.url), 'utf8')),
  )
  const tested = [...texts.join('\n').matchAll(/rule: '([a-z-]+)'/g)].map(([, id]) => id)
  assert.deepEqual(tested.toSorted(), rules.map(({ id }) => id).toSorted())
})

test('every rule says in whole sentences what it looks for, why, and the mend', () => {
  for (const { id, what, why, mend, rungs } of rules) {
    assert.match(id, /^[a-z-]+$/)
    for (const words of [what, why, mend]) assert.match(words, /[^.]\.$/, id)
    assert.ok(rungs.length > 0, id)
  }
})

test('a finding names the lowest rung on the way, and all that it concerns', async () => {
  const web = "import pg from 'pg'\nnew pg.Pool()"
  const [finding] = (await judgeTexts({ web })).filter(({ rule }) => rule === 'own-pool')
  assert.equal(finding?.rung, 'split')
  assert.deepEqual(finding?.rungs, ['split', 'replicated'])
  assert.equal(finding?.file, 'web.ts')
})

test('a second fixed port is in the way of the second web server only', async () => {
  const web = 'const { PORT } = process.env\napp.listen(PORT), metrics.listen(9090)'
  const [finding] = (await judgeTexts({ web })).filter(({ rule }) => rule === 'fixed-port')
  assert.deepEqual([finding?.line, finding?.rungs], [2, ['balanced']])
})

test('a constant called PORT is no port that was asked for', async () => {
  const [finding] = await judgeTexts({ web: 'const PORT = 3000\napp.listen(PORT)' })
  assert.deepEqual(finding?.rungs, ['single', 'balanced'])
})

test('a fixed port that is the one of the system serves on one server', async () => {
  const [finding] = await judgeTexts({ web: 'app.listen(3000)', port: 3000 })
  assert.deepEqual(finding?.rungs, ['balanced'])
})

test('an adopted database may keep its unique index until it splits', async () => {
  const texts = {
    tables: { users: { by: 'id', unique: ['email'] } },
    migration: 'create table users (id uuid primary key, email text unique);',
  }
  const rungsOf = async (url?: string) => {
    const findings = await judgeTexts(url === undefined ? texts : { ...texts, url })
    return findings.find(({ rule }) => rule === 'unique-without-key')?.rungs
  }
  assert.deepEqual(await rungsOf(), ['single', 'sharded'])
  assert.deepEqual(await rungsOf('postgres://ann@db.example/notes'), ['sharded'])
})

test('a rung comes with all that it needs, in the order of the ladder', () => {
  assert.deepEqual(withNeeds('elastic'), ['single', 'balanced', 'elastic'])
  for (const { name } of ladder) assert.ok(withNeeds(name).includes(name))
})

test('an unknown rung lists the rungs, and the one that was meant', () => {
  assert.throws(() => withNeeds('shard'), { code: 'BANYAN_RUNG_UNKNOWN', message: /"shard"/ })
  assert.throws(() => withNeeds('shardd'), /./)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayLag, sayShard } from './say-shard.ts'

test('how far a replica is behind is said in the unit that a person reads', () => {
  assert.equal(sayLag({ lagBytes: 0 }), '0 B')
  assert.equal(sayLag({ lagBytes: 1023 }), '1023 B')
  assert.equal(sayLag({ lagBytes: 1024 }), '1.0 kB')
  assert.equal(sayLag({ lagBytes: 16 * 1024 ** 2, confirms: false }), '16.0 MB')
  assert.equal(sayLag({ lagBytes: 5 * 1024 ** 5 }), '5120.0 TB')
})

test('a replica for which commits wait is told from one that only follows', () => {
  assert.equal(sayLag({ lagBytes: 512, confirms: true }), '512 B, confirms')
  assert.equal(sayLag({ lagBytes: null, confirms: true }), 'not known, confirms')
  assert.equal(sayLag({}), '–')
})

test('a shard says who takes writes and what a commit waits for, once', () => {
  const well = 'db-2 takes writes; each commit is on the disk of 1 of db-3 and db-4 too.'
  assert.equal(sayShard({ primary: 'db-2', term: 3, sentence: well }), `${well} Term 3.`)
  assert.equal(
    sayShard({ primary: 'db-2', term: 3, sentence: 'Commits of db-2 wait for db-3.' }),
    'db-2 takes writes. Commits of db-2 wait for db-3. Term 3.',
  )
  assert.equal(
    sayShard({ primary: null, term: 3, sentence: 'db-3 is being promoted.' }),
    'nobody takes writes. db-3 is being promoted.',
  )
})

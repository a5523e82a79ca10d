import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constraintNameOf, lookupOf, triggerOf } from './names.ts'

test('a lookup is named after its table and columns', () => {
  assert.deepEqual(lookupOf('firms', ['country', 'tax_number']), {
    schema: 'banyan',
    name: 'unique_firms_country_tax_number',
  })
})

test('a name that PostgreSQL would cut ends in a hash instead, so that two stay two', () => {
  const long = 'x'.repeat(70)
  const names = ['a', 'b'].map((end) => lookupOf('t', [`${long}${end}`]).name)
  assert.notEqual(names[0], names[1])
  for (const name of [
    ...names,
    triggerOf([long], 'truncate'),
    lookupOf('ü'.repeat(60), ['é']).name,
  ]) {
    assert.ok(Buffer.byteLength(name) <= 63, name)
  }
  assert.ok(triggerOf([long], 'truncate').endsWith('_truncate'))
})

test('a constraint is named as PostgreSQL names it', () => {
  assert.equal(constraintNameOf('users', ['email']), 'users_email_key')
  // As PostgreSQL 18.4 named them; the rule has been the same since 8.0.
  assert.equal(
    constraintNameOf('a'.repeat(40), ['b'.repeat(40)]),
    `${'a'.repeat(29)}_${'b'.repeat(29)}_key`,
  )
  assert.equal(constraintNameOf('a'.repeat(60), ['b']), `${'a'.repeat(57)}_b_key`)
  assert.equal(constraintNameOf('t', ['ü'.repeat(30), 'é']), `t_${'ü'.repeat(28)}_key`)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Confirming, Role } from '../../../shard/member.ts'
import { namesOf, passwordLine, roleSettings, slotNameOf } from './role-settings.ts'

const place = { name: 'db-2', host: '127.0.0.2', port: 5432 }

const valuesOf = (role: Role, major = 18): Map<string, string> =>
  new Map(
    roleSettings({ role, name: 'db-3', major }).map((setting) => [setting.name, setting.value]),
  )

const any = (quorum: number, ...names: string[]): Confirming => ({ kind: 'any', quorum, names })

test('a list of those who confirm is quoted, and an empty one waits for a name that nobody has', () => {
  assert.equal(namesOf({ kind: 'nobody' }), '')
  assert.equal(namesOf(any(1, 'db-3', 'db-4')), 'ANY 1 ("db-3", "db-4")')
  assert.equal(namesOf(any(2, 'a"b', 'c')), 'ANY 2 ("a""b", "c")')
  assert.equal(namesOf(any(2)), 'ANY 1 ("banyan_nobody")')
})

test('a replica that is promoted waits for nobody less than a name that nobody has', () => {
  const values = valuesOf({ kind: 'replica', of: place })
  assert.equal(values.get('synchronous_standby_names'), 'ANY 1 ("banyan_nobody")')
})

test('a replica connects by its own name, and the line that the server logs has no password', () => {
  const connection = valuesOf({ kind: 'replica', of: place }).get('primary_conninfo') ?? ''
  assert.match(connection, /^host='127\.0\.0\.2' port='5432' user='banyan_replicator' /)
  assert.match(connection, / application_name='db-3'/)
  assert.doesNotMatch(connection, /password/)
})

test('slots are synchronized where the version can', () => {
  assert.equal(
    valuesOf({ kind: 'replica', of: place }, 16).get('sync_replication_slots'),
    undefined,
  )
  assert.equal(valuesOf({ kind: 'replica', of: place }, 17).get('sync_replication_slots'), 'on')
})

test('a primary follows nobody', () => {
  const values = valuesOf({ kind: 'primary', confirming: any(1, 'db-4') })
  assert.equal(values.get('primary_conninfo'), undefined)
  assert.equal(values.get('synchronous_standby_names'), 'ANY 1 ("db-4")')
})

test('the slot of a member has a name that slots may have', () => {
  assert.equal(slotNameOf('db-3'), 'banyan_db_3')
  assert.equal(slotNameOf('DB.x'), 'banyan_db_x')
})

test('a password with signs of the password file stays one', () => {
  assert.equal(passwordLine('a:b\\c'), '*:*:*:banyan_replicator:a\\:b\\\\c\n')
})

test('what is not proven yet stands in the file', () => {
  const role: Role = { kind: 'primary', confirming: any(1, 'db-4') }
  const names = roleSettings({ role, name: 'db-3', major: 18, pending: true }).map(
    ({ name }) => name,
  )
  assert.ok(names.includes('banyan.confirming'))
  assert.equal(valuesOf(role).has('banyan.confirming'), false)
})

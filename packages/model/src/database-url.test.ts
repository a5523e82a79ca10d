import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkDatabaseUrl,
  connectionUrl,
  maskUrl,
  parseDatabaseUrl,
  withSessionSetting,
} from './database-url.ts'
import { describeValue } from './describe-value.ts'
import { resolvePath } from './paths.ts'
import { resolveSystem } from './resolve-system.ts'

test('a URL is read as node-postgres reads it', () => {
  const read = (text: string) => Object.values(parseDatabaseUrl(text))
  assert.deepEqual(read('postgres://ann:s@db.example/shop'), ['db.example', 5432, 'shop', 'ann'])
  assert.deepEqual(read('postgresql://db:6432/my%20shop'), ['db', 6432, 'my shop', ''])
  assert.deepEqual(read('postgres://a%40b:s%2F@[::1]:1/x'), ['::1', 1, 'x', 'a@b'])
  const socket = ['/run/postgresql', 5432, 'shop', 'ann']
  assert.deepEqual(read('postgres://ann@%2Frun%2Fpostgresql/shop'), socket)
  assert.deepEqual(read('postgres://ann@/shop?host=/run/postgresql'), socket)
  assert.deepEqual(read('postgres:///shop?host=/run/postgresql&user=ann'), socket)
})

test('a good URL has no fault', () => {
  for (const url of [
    'postgres://ann:secret@db.example:5433/shop?sslmode=verify-full&application_name=shop',
    'postgresql://db.example/shop',
    'postgres://ann@/shop?host=/run/postgresql',
    'postgres://h/d?sslmode=verify-ca&sslrootcert=ca.pem',
    'postgres://ann:100%secret@h/d',
  ]) {
    assert.equal(checkDatabaseUrl(url), null, url)
  }
})

test('each fault is said with what was found, and never with the password', () => {
  const cases: readonly [unknown, RegExp][] = [
    [null, /nothing.*DATABASE_URL.*\.env/],
    ['', /an empty text.*\.env/],
    [5, /the URL of a PostgreSQL database/],
    ['mysql://ann:secret@h/d', /postgres:\/\//],
    ['host=h password=secret dbname=d', /postgres:\/\//],
    ['postgres://ann:secret@a,,b/d', /a host between all commas/],
    ['postgres://ann:secret@a:1,b:2,a:1/d', /a:1 stands twice/],
    ['postgres://ann:secret@/d?host=a,a', /a:5432 stands twice/],
    ['postgres://ann:secret@h', /the name of a database/],
    ['postgres://ann:secret@h/', /the name of a database/],
    ['postgres://ann:secret@h/a/b', /the name of a database/],
    ['postgres:///d', /a host/],
    ['postgres://ann:secret@h:70000/d', /can be read/],
    ['postgres://ann:sec#ret-secret@h/d', /percent codes/],
    ['postgres://ann:secret@h/d?port=0', /port from 1/],
    ['postgres://ann:secret@h/d?sslmode=on', /sslmode disable/],
    ['postgres://ann:secret@h/d?sslmode=verify-ca', /sslrootcert/],
  ]
  for (const [value, pattern] of cases) {
    const { found, expected, mend } = checkDatabaseUrl(value) ?? {}
    const said = `${found}, ${expected}; ${mend}`
    assert.match(said, pattern, String(value))
    assert.ok(!said.includes('secret'), said)
  }
})

test('a URL in any other place is shown without its password too', () => {
  assert.equal(maskUrl('at postgres://ann:a@b/c:d@h/x now'), 'at postgres://ann:***@h/x now')
  assert.equal(maskUrl('postgres://h/d?password=abc&x=1'), 'postgres://h/d?password=***&x=1')
  assert.equal(maskUrl('postgres://ann@h/d'), 'postgres://ann@h/d')
  assert.equal(describeValue('redis://:abc@h'), 'the text "redis://:***@h"')
})

test('Banyan connects with sslmode as libpq reads it, and with absolute paths', () => {
  const connect = (text: string) => new URL(connectionUrl(text, '/srv/shop', resolvePath))
  const url = connect('postgres://a:b%2F@h/d?sslmode=require&sslrootcert=./ca.pem')
  assert.equal(url.searchParams.get('uselibpqcompat'), 'true')
  assert.equal(url.searchParams.get('sslrootcert'), '/srv/shop/ca.pem')
  assert.equal(url.password, 'b%2F')
  const full = 'postgres://a@h/d?sslmode=verify-full'
  assert.equal(connect(full).href, full)
  assert.equal(
    connect('postgres://a@h/d?sslmode=require&uselibpqcompat=false').searchParams.get(
      'uselibpqcompat',
    ),
    'false',
  )
})

test('a setting of a session is added to those that the URL has', () => {
  const url = withSessionSetting('postgres://h/d?options=-c%20a.b%3D1', 'x.y', 'on')
  assert.equal(new URL(url).searchParams.get('options'), '-c a.b=1 -c x.y=on')
})

const resolve = (data: unknown) =>
  resolveSystem({ name: 'shop', services: { web: { run: 'node x.ts' } }, data }, { root: '/srv' })

test('a URL makes an adopted data tier, and excludes what is said of a server of ours', () => {
  const url = 'postgres://ann:secret@h/d'
  assert.equal(resolve({ url }).data?.url, url)
  assert.equal(resolve({}).data?.url, null)
  assert.throws(
    () => resolve({ url, migrations: './m', postgres: 'embedded', memoryMb: 64 }),
    ({ message }: Error) =>
      ['data.migrations', 'data.postgres', 'data.memoryMb'].every((path) => message.includes(path)),
  )
})

test('a URL that is undefined is a fault, not a database of our own', () => {
  assert.throws(() => resolve({ url: undefined }), /data\.url: found nothing.*\.env/s)
})

test('a URL in the place of the data tier is not printed with its password', () => {
  assert.throws(
    () => resolve('postgres://ann:secret@h/d'),
    ({ message }: Error) => /url: process\.env/.test(message) && !message.includes('secret'),
  )
})

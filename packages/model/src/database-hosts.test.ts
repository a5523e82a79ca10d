import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memberUrls, withPlace } from './database-hosts.ts'
import { checkDatabaseUrl, connectionUrl, parseDatabaseUrl } from './database-url.ts'

test('a URL with one host is the URL of one server, as it was written', () => {
  for (const url of [
    'postgres://ann:s@db.example:5433/shop?sslmode=require',
    'postgres://ann@/shop?host=/run/postgresql',
    'postgres://ann@%2Frun%2Fpostgresql/shop',
    'postgres://[::1]/shop',
    'anything',
  ]) {
    assert.deepEqual(memberUrls(url), [url])
  }
})

test('a list of hosts gives the URL of each, with a port of its own or 5432', () => {
  const list = memberUrls('postgres://ann:s@a,b:5433,[::1]:1/shop?sslmode=require')
  assert.deepEqual(list, [
    'postgres://ann:s@a/shop?sslmode=require',
    'postgres://ann:s@b:5433/shop?sslmode=require',
    'postgres://ann:s@[::1]:1/shop?sslmode=require',
  ])
  const places = list.map(parseDatabaseUrl).map(({ host, port }) => [host, port])
  assert.deepEqual(places, [
    ['a', 5432],
    ['b', 5433],
    ['::1', 1],
  ])
})

test('a comma in a password or in a parameter makes no list', () => {
  const url = 'postgres://ann:s,t@a/shop?options=-c%20search_path=a,b'
  assert.deepEqual(memberUrls(url), [url])
})

test('hosts in the query are read as libpq reads them', () => {
  const places = (text: string) =>
    memberUrls(text)
      .map(parseDatabaseUrl)
      .map(({ host, port }) => `${host}:${port}`)
  assert.deepEqual(places('postgres://ann@/shop?host=a,b'), ['a:5432', 'b:5432'])
  assert.deepEqual(places('postgres://ann@/shop?host=a,b&port=5433'), ['a:5433', 'b:5433'])
  assert.deepEqual(places('postgres://ann@/shop?host=a%2Cb&port=1,2'), ['a:1', 'b:2'])
})

test('another place leaves user, database and TLS as they are', () => {
  const at = (text: string, host: string) => withPlace(text, { host, port: 5433 })
  assert.equal(
    at('postgres://ann:s@a,c/d?sslmode=require', 'b'),
    'postgres://ann:s@b:5433/d?sslmode=require',
  )
  assert.equal(at('postgres://ann@/d?host=a&user=x', 'b'), 'postgres://ann@b:5433/d?user=x')
  assert.equal(at('postgres://a/d', '::1'), 'postgres://[::1]:5433/d')
  assert.equal(at('postgres://a/d', '/run/pg'), 'postgres://%2Frun%2Fpg:5433/d')
  assert.equal(parseDatabaseUrl(at('postgres://a/d', '/run/pg')).host, '/run/pg')
})

test('every server of a list is looked at before it is accepted', () => {
  assert.equal(checkDatabaseUrl('postgres://ann:s@a,b:5433,c/shop'), null)
  assert.equal(checkDatabaseUrl('postgres://ann:s@a,b/shop?target_session_attrs=primary'), null)
  const cases: readonly [string, RegExp][] = [
    ['postgres://ann:secret@a,/shop', /a host between all commas/],
    ['postgres://ann:secret@a,b:0/shop', /a port from 1/],
    ['postgres://ann:secret@a,b:x/shop', /can be read/],
    ['postgres://ann:secret@a,b,a:5432/shop', /a:5432 stands twice/],
    ['postgres://ann:secret@/shop?host=a,b,c&port=1,2', /a port from 1/],
  ]
  for (const [url, pattern] of cases) {
    const { found, expected, mend } = checkDatabaseUrl(url) ?? {}
    const said = `${found}, ${expected}; ${mend}`
    assert.match(said, pattern, url)
    assert.doesNotMatch(said, /secret/)
  }
})

test('what Banyan connects with names one server: the first', () => {
  const text = connectionUrl('postgres://ann@a,b/d?sslmode=prefer', '/srv', (_, path) => path)
  assert.equal(text, 'postgres://ann@a/d?sslmode=prefer&uselibpqcompat=true')
})

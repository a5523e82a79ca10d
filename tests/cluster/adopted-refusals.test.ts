import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { access, appendFile, chown, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  adoptedConfig,
  adoptedFiles,
  ask,
  type ForeignServer,
  fingerprintOf,
  password,
  startForeign,
  urlFor,
} from './support/adopted.ts'
import { freePort, makeApp, type TestApp } from './support/banyan.ts'

let foreign: ForeignServer
let app: TestApp
before(async () => {
  foreign = await startForeign()
  app = await makeApp(adoptedFiles(foreign.url))
})
after(async () => {
  await app?.remove()
  await foreign?.postgres.stop()
})

type ErrorReport = { code: string; message: string; hint: string }

/** What `up` says to a URL; and that it said it before it made anything. */
async function refusal(url: string | null): Promise<ErrorReport> {
  await app.write('.env', url === null ? '' : `DATABASE_URL='${url}'\n`)
  const { error } = (await app.json('up', '--detach', '--port', String(app.port))) as {
    error: ErrorReport
  }
  await assert.rejects(access(app.state), { code: 'ENOENT' })
  assert.ok(!JSON.stringify(error).includes(password))
  return error
}

async function assertRefused(
  url: string | null,
  code: string,
  message: RegExp,
  hint: RegExp,
): Promise<void> {
  const error = await refusal(url)
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
  assert.match(error.hint, hint)
}

const place = (): string => `${foreign.postgres.host}:${foreign.postgres.port}`

test('a variable that is not set is said with the file that may set it, and no database is made instead', async () => {
  await assertRefused(
    null,
    'BANYAN_CONFIG_INVALID',
    /data\.url: found nothing/,
    /DATABASE_URL .*\.env/,
  )
  await assertRefused('', 'BANYAN_CONFIG_INVALID', /data\.url: found an empty text/, /\.env/)
})

test('a wrong password is said with its user, and never shown', async () => {
  const url = urlFor(foreign.postgres, 'ann', 'wrong-secret', 'shop')
  await assertRefused(
    url,
    'BANYAN_ADOPTED_REFUSED',
    /refuses the password of "ann"/,
    /percent codes/,
  )
  const bare = foreign.url.replace(/:[^:@]*@/, '@')
  await assertRefused(bare, 'BANYAN_ADOPTED_REFUSED', /asks "ann" for a password/, /user:password/)
})

test('a database that does not exist is named, with the command that makes it', async () => {
  const url = urlFor(foreign.postgres, 'ann', password, 'shpo')
  const message = new RegExp(`${place()}/shpo does not exist`)
  await assertRefused(url, 'BANYAN_ADOPTED_MISSING', message, /createdb shpo/)
})

test('a host where nobody listens, and one that no name server knows', async () => {
  const port = await freePort()
  const down = urlFor({ host: '127.0.0.1', port }, 'ann', password, 'shop')
  await assertRefused(down, 'BANYAN_ADOPTED_UNREACHABLE', /nobody listens on port/, /Start it/)
  const unknown = urlFor({ host: 'db.shop.invalid', port: 5432 }, 'ann', password, 'shop')
  await assertRefused(
    unknown,
    'BANYAN_ADOPTED_UNREACHABLE',
    /no name server knows the host "db\.shop\.invalid"/,
    /Correct the host/,
  )
})

test('a socket that is not there is said as a socket', async () => {
  const url = `postgres://ann@${encodeURIComponent(app.folder)}/shop`
  await assertRefused(
    url,
    'BANYAN_ADOPTED_UNREACHABLE',
    /has no socket there/,
    /folder of the socket/,
  )
})

test('somebody who listens and is silent, or is no PostgreSQL, is given up', async () => {
  const silent = createServer(() => {})
  const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  try {
    const ports = await Promise.all(
      [silent, other].map(
        (server) =>
          new Promise<number>((resolve) => {
            server.listen(0, '127.0.0.1', () =>
              resolve((server.address() as { port: number }).port),
            )
          }),
      ),
    )
    const [first, second] = ports.map((port) =>
      urlFor({ host: '127.0.0.1', port }, 'ann', password, 'shop'),
    )
    const code = 'BANYAN_ADOPTED_UNREACHABLE'
    await assertRefused(first ?? '', code, /no answer within 5 s/, /firewall/)
    await assertRefused(second ?? '', code, /does not speak as PostgreSQL does/, /host and port/)
  } finally {
    silent.close()
    other.close()
  }
})

test('Ctrl-C is not kept waiting by a host that is silent', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = silent.address() as { port: number }
    const url = urlFor({ host: '127.0.0.1', port }, 'ann', password, 'shop')
    await app.write('.env', `DATABASE_URL='${url}'\n`)
    const up = app.start('up', '--port', String(app.port))
    await once(silent, 'connection')
    const began = performance.now()
    up.child.kill('SIGINT')
    const { code, stderr } = await up.ended
    assert.deepEqual([code, /Interrupted/.test(stderr)], [1, true], stderr)
    const ms = performance.now() - began
    assert.ok(ms < 4_000, `it took ${ms} ms, and the host would have been given 5 s`)
    await assert.rejects(access(app.state), { code: 'ENOENT' })
  } finally {
    silent.close()
  }
})

test('a database that is set to read only is refused, with where to look for who set it', async () => {
  for (const [set, reset] of [
    ['alter role ann set default_transaction_read_only = on', 'alter role ann reset all'],
    ['alter database shop set default_transaction_read_only = on', 'alter database shop reset all'],
  ]) {
    await ask(foreign.postgres.adminUrl, set ?? '')
    try {
      await assertRefused(
        foreign.url,
        'BANYAN_ADOPTED_READ_ONLY',
        /is set to read only for "ann"/,
        /default_transaction_read_only/,
      )
    } finally {
      await ask(foreign.postgres.adminUrl, reset ?? '')
    }
  }
})

test('a database of another encoding is refused', async () => {
  await ask(
    foreign.postgres.adminUrl,
    `create database latin owner ann encoding 'LATIN1' locale_provider libc locale 'C' template template0`,
  )
  const url = urlFor(foreign.postgres, 'ann', password, 'latin')
  await assertRefused(url, 'BANYAN_ADOPTED_UNSUPPORTED', /encoding LATIN1, not UTF8/, /pg_dump/)
})

test('a user without the right to connect, and one without a connection left', async () => {
  const shop = (user: string): string => urlFor(foreign.postgres, user, 'x', 'shop')
  await ask(
    foreign.adminUrl,
    `create role bob login password 'x'; create role eve login password 'x' connection limit 0;
     create role one login password 'x' connection limit 1; revoke connect on database shop from public;
     grant connect on database shop to ann, eve, one`,
  )
  await assertRefused(shop('bob'), 'BANYAN_ADOPTED_REFUSED', /permission denied/, /grant connect/)
  await assertRefused(
    shop('eve'),
    'BANYAN_ADOPTED_REFUSED',
    /no connection left/,
    /limit of the user/,
  )
  await assertRefused(shop('one'), 'BANYAN_ADOPTED_REFUSED', /0 of 1 connections left/, /pooler/)
})

test('declared tables that do not fit are all named, and nothing was changed', async () => {
  await ask(
    foreign.url,
    `create table words (id text primary key, code text, short varchar(20), place uuid);
     create unique index on words (code) where short is not null; create view seen as select * from words`,
  )
  const tables = `tables: {
      users: { by: 'id', unique: ['email', 'name'] },
      orders: { by: 'user' },
      words: { by: 'short', unique: ['code'] },
      plans: { by: 'code' },
      seen: 'reference',
    }`
  const before = await fingerprintOf(foreign)
  await app.write('banyan.config.ts', adoptedConfig.replace(/tables: \{[\s\S]*?\n {4}\}/, tables))
  const { code, message } = await refusal(foreign.url)
  await app.write('banyan.config.ts', adoptedConfig)
  assert.equal(code, 'BANYAN_ADOPTED_TABLES_INVALID')
  for (const line of [
    'users: it has no unique index on (name)',
    'orders: it has no column "user"',
    'words: its shard key "short" is character varying',
    'words: it has no unique index on (code)',
    'plans: its shard key is text, that of "users" is bigint',
    'seen: it is a view or a foreign table',
  ]) {
    assert.ok(message.includes(line), `${line} is missing in:\n${message}`)
  }
  assert.ok(!message.includes('(email)'))
  assert.deepEqual(await fingerprintOf(foreign), before)
})

test('what is said of a server that Banyan makes is refused beside a URL', async () => {
  const beside = "migrations: './m', postgres: 'distribution', memoryMb: 512, url:"
  await app.write('banyan.config.ts', adoptedConfig.replace('url:', beside))
  const { code, message } = await refusal(foreign.url)
  await app.write('banyan.config.ts', adoptedConfig)
  assert.equal(code, 'BANYAN_CONFIG_INVALID')
  assert.match(message, /data\.migrations: .*run your own migration tool/)
  assert.match(message, /data\.postgres: /)
  assert.match(message, /data\.memoryMb: /)
})

test('over TLS, each sslmode does what libpq makes of it, and what is missing is said', async () => {
  const [row] = await ask(foreign.postgres.adminUrl, 'show data_directory')
  const directory = String(row?.data_directory)
  const authority = await makeCertificate(directory, foreign.postgres.host)
  const { host, port } = foreign.postgres
  const withMode = (rest: string): string =>
    `${urlFor({ host, port }, 'ann', password, 'shop')}?${rest}`
  await assertRefused(
    withMode('sslmode=require'),
    'BANYAN_ADOPTED_TLS',
    /offers no encrypted connections/,
    /sslmode=disable/,
  )
  await appendFile(join(directory, 'postgresql.conf'), '\nssl = on\n')
  await foreign.admin('select pg_reload_conf()')
  await app.write('ca.pem', authority)
  const refused = 'BANYAN_ADOPTED_TLS'
  await assertRefused(
    withMode('sslmode=verify-full'),
    refused,
    /cannot be trusted: self/,
    /sslrootcert/,
  )
  await assertRefused(
    withMode('sslmode=verify-full&sslrootcert=none.pem'),
    refused,
    /needs the file .*\/none\.pem, which does not exist/,
    /folder of the config/,
  )
  for (const rest of [
    'sslmode=require',
    'sslmode=require&sslrootcert=ca.pem',
    'sslmode=verify-ca&sslrootcert=ca.pem',
    'sslmode=verify-full&sslrootcert=ca.pem',
  ]) {
    await app.write('.env', `DATABASE_URL='${withMode(rest)}'\n`)
    const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, `${rest}: ${stderr}`)
    // A driver that reads the mode in its own way is spoken of where it would fail, and only there.
    assert.equal(/node-postgres .* will not trust/.test(stdout), rest === 'sslmode=require')
    assert.equal(await (await fetch(`${app.url}/orders`)).text(), '[{"n":10}]')
    const encrypted = await foreign.admin(
      `select bool_and(ssl) as all, count(*)::int as n from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'ann'`,
    )
    assert.equal(encrypted[0]?.all, true, rest)
    assert.ok(Number(encrypted[0]?.n) >= 2, rest)
    const asked = await app.banyan(
      'sql',
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    )
    assert.match(asked.stdout, /true|\bt\b/, asked.stdout)
    await app.banyan('down', '--destroy', '--yes')
  }
})

test('a server that wants TLS says so to a URL that asks for none', async () => {
  const [row] = await ask(foreign.postgres.adminUrl, 'show hba_file')
  await writeFile(
    String(row?.hba_file),
    'hostssl all ann all scram-sha-256\nhost all banyan_admin all scram-sha-256\n',
  )
  await foreign.admin('select pg_reload_conf()')
  await assertRefused(foreign.url, 'BANYAN_ADOPTED_REFUSED', /no encryption/, /\?sslmode=require/)
})

/** A certificate that signs itself, for the address of the server, where the server looks for it. */
async function makeCertificate(directory: string, host: string): Promise<string> {
  const key = join(directory, 'server.key')
  const certificate = join(directory, 'server.crt')
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=shop'].concat([
      '-addext',
      `subjectAltName=IP:${host}`,
      '-keyout',
      key,
      '-out',
      certificate,
    ]),
    { stdio: 'ignore' },
  )
  const { uid, gid } = await stat(directory)
  if (process.getuid?.() === 0) for (const file of [key, certificate]) await chown(file, uid, gid)
  return execFileSync('cat', [certificate], { encoding: 'utf8' })
}

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  createCluster,
  findBinaries,
  findServer,
  proveDead,
  removeCluster,
  startServer,
  stopServer,
} from '@banyan/control/postgres'
import { isAlive, processesIn } from '../../packages/control/src/engines/postgres/processes.ts'
import {
  ask,
  binaries,
  code,
  connect,
  describeServer,
  needsRoot,
  packageFolder,
  root,
  run,
  type Server,
} from './postgres-node.ts'

/** The backend that answered the question for readiness may end between the look and the signal. */
function freeze(pid: number): void {
  try {
    process.kill(pid, 'SIGSTOP')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

describe('finding PostgreSQL', () => {
  test('the embedded one says its version', async () => {
    assert.equal(binaries.source, 'embedded')
    assert.match(binaries.version, /^18\./)
    assert.equal(binaries.major, 18)
  })

  test('a folder may be the one of the programs or the one above it', async () => {
    const direct = await findBinaries(binaries.binDirectory)
    const above = await findBinaries(join(binaries.binDirectory, '..'))
    assert.deepEqual(direct, { ...binaries, source: 'folder' })
    assert.equal(above.binDirectory, direct.binDirectory)
  })

  test('a folder without the programs is refused with the places that were looked at', async () => {
    await assert.rejects(findBinaries(root), (error: Error) => {
      assert.ok(error.message.includes(join(root, 'bin')))
      return code('BANYAN_POSTGRES_NOT_FOUND')(error)
    })
  })

  test('a PostgreSQL that is too old is refused with its version', async () => {
    const folder = join(root, 'old')
    await mkdir(folder)
    for (const name of ['postgres', 'initdb']) {
      await writeFile(join(folder, name), '#!/bin/sh\necho "postgres (PostgreSQL) 14.2"\n')
      await chmod(join(folder, name), 0o755)
    }
    await assert.rejects(findBinaries(folder), code('BANYAN_POSTGRES_UNSUPPORTED'))
  })
})

describe('a cluster that was made', () => {
  let server: Server
  before(async () => {
    server = await describeServer()
    await createCluster(server)
    await startServer(server)
  })
  after(async () => {
    await removeCluster(server.nodeDirectory)
  })

  test('sorts by code points of its own, with checksums, in UTF-8', async () => {
    const sql = `select datlocprovider::text || ' ' || datlocale || ' ' || pg_encoding_to_char(encoding)
      || ' ' || current_setting('data_checksums') from pg_database where datname = 'template1'`
    assert.equal(await ask(server, sql), 'b C.UTF-8 UTF8 on')
  })

  test('lets in nobody without the password, also not on a socket', async () => {
    const wrong = connect({ ...server, adminPassword: 'wrong' })
    await assert.rejects(wrong, { code: '28P01' })
    const rules = await ask(
      server,
      "select string_agg(distinct auth_method || ' ' || type, ',') from pg_hba_file_rules",
    )
    assert.equal(rules, 'scram-sha-256 host')
    assert.equal(await ask(server, 'show unix_socket_directories'), '')
    const stored = await ask(server, 'select rolpassword from pg_authid where rolcanlogin')
    assert.match(stored, /^SCRAM-SHA-256\$/)
  })

  test('leaves no file with the password, and keeps its own files private', async () => {
    const folder = await readdir(server.nodeDirectory)
    assert.deepEqual(folder.sort(), ['data', 'node.json'])
    const data = await stat(join(server.nodeDirectory, 'data'))
    assert.equal(data.mode & 0o777, 0o700)
    assert.equal(data.uid === 0, false)
    assert.equal((await stat(server.logFile)).mode & 0o777, 0o600)
  })

  test('has every setting that we wrote, and waits for no restart', async () => {
    const faults = await ask(
      server,
      "select count(*) from pg_file_settings where error is not null and sourcefile like '%banyan.conf'",
    )
    assert.equal(faults, '0')
    assert.equal(await ask(server, 'select count(*) from pg_settings where pending_restart'), '0')
    const sql =
      "select string_agg(current_setting(name), ' ' order by name) from unnest(array['wal_level','max_prepared_transactions','archive_mode','track_commit_timestamp']) name"
    assert.equal(await ask(server, sql), 'on 200 on logical')
  })

  test('is left alone when it is asked for again', async () => {
    const inode = (await stat(join(server.nodeDirectory, 'data'))).ino
    const node = await readFile(join(server.nodeDirectory, 'node.json'), 'utf8')
    await createCluster(server)
    assert.equal((await stat(join(server.nodeDirectory, 'data'))).ino, inode)
    assert.equal(await readFile(join(server.nodeDirectory, 'node.json'), 'utf8'), node)
    assert.equal(await ask(server, 'select 1'), '1')
  })

  test('names in node.json the identifier that PostgreSQL gave it', async () => {
    const node = JSON.parse(await readFile(join(server.nodeDirectory, 'node.json'), 'utf8'))
    const identifier = await ask(server, 'select system_identifier from pg_control_system()')
    assert.equal(node.systemIdentifier, identifier)
    assert.deepEqual([node.format, node.engine, node.version], [1, 'postgres', 18])
  })

  test('writes no password of a failed statement and no row into its log', async () => {
    const client = await connect(server)
    await assert.rejects(client.query("create role banyan_admin password 'hunter2'"))
    await client.query('create table secrets (a text check (a is null))')
    await assert.rejects(client.query("insert into secrets values ('my-secret-row')"))
    await client.end()
    const log = await readFile(server.logFile, 'utf8')
    assert.match(log, /violates check constraint/)
    assert.doesNotMatch(log, /hunter2|my-secret-row/)
  })
})

describe('starting and stopping', () => {
  let server: Server
  before(async () => {
    server = await describeServer()
    await createCluster(server)
  })
  after(async () => {
    await removeCluster(server.nodeDirectory)
  })

  const data = () => join(server.nodeDirectory, 'data')

  test('a taken port is said as such', async () => {
    const thief = createServer().listen(server.port, server.address)
    await new Promise((resolve) => thief.once('listening', resolve))
    try {
      await assert.rejects(startServer(server), (error: Error) => {
        assert.ok(error.message.includes(`${server.address}:${server.port}`))
        return code('BANYAN_PORT_TAKEN')(error)
      })
      assert.deepEqual(await processesIn(data()), [])
    } finally {
      thief.close()
    }
  })

  test('an early end is told with the last lines of this start, not of an earlier one', async () => {
    await writeFile(server.logFile, 'an earlier line\n', { flag: 'a' })
    const settings = { no_such_setting: 'on' }
    await assert.rejects(startServer({ ...server, settings }), (error: Error) => {
      assert.match(error.message, /no_such_setting/)
      assert.doesNotMatch(error.message, /an earlier line/)
      return code('BANYAN_POSTGRES_START_FAILED')(error)
    })
    assert.match(await readFile(server.logFile, 'utf8'), /an earlier line/)
  })

  test('an abort during the start leaves no process', async () => {
    for (const delayMs of [0, 10, 25, 40]) {
      const abort = new AbortController()
      const starting = startServer({ ...server, signal: abort.signal })
      setTimeout(() => abort.abort(new Error('stop')), delayMs)
      const aborted = await starting.then(
        () => false,
        () => true,
      )
      if (aborted) assert.deepEqual(await processesIn(data()), [])
      else await stopServer({ ...server, mode: 'immediate', timeoutMs: 5_000 })
    }
  })

  test('a pid file that names a stranger is no server, and does not hinder the start', async () => {
    await writeFile(join(data(), 'postmaster.pid'), `${process.pid}\n${data()}\n`)
    assert.equal(await findServer(server.nodeDirectory), null)
    const { pid } = await startServer(server)
    assert.deepEqual(await findServer(server.nodeDirectory), { pid })
    await stopServer({ ...server, mode: 'fast', timeoutMs: 10_000 })
    assert.equal(isAlive(pid), false)
    assert.equal(await findServer(server.nodeDirectory), null)
  })

  test('a server that another process started is found and stopped, cleanly', async () => {
    const script = `import { startServer } from '@banyan/control/postgres'
      console.log((await startServer(${JSON.stringify(server)})).pid)`
    const cwd = packageFolder
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd })
    const pid = Number(stdout)
    assert.deepEqual(await findServer(server.nodeDirectory), { pid })
    await stopServer({ ...server, mode: 'fast', timeoutMs: 10_000 })
    assert.deepEqual(await processesIn(data()), [])
    assert.match(await readFile(server.logFile, 'utf8'), /database system is shut down\n$/)
  })

  test('a smart stop waits for the clients, and gives way when its time is over', async () => {
    await startServer(server)
    const client = await connect(server)
    const begun = performance.now()
    await stopServer({ ...server, mode: 'smart', timeoutMs: 200 })
    assert.ok(performance.now() - begun >= 200)
    assert.deepEqual(await processesIn(data()), [])
    await client.end().catch(() => {})
  })

  test('a frozen server is stopped all the same', async () => {
    const { pid } = await startServer(server)
    process.kill(pid, 'SIGSTOP')
    for (const one of await processesIn(data())) freeze(one)
    assert.deepEqual(await findServer(server.nodeDirectory), { pid })
    await stopServer({ ...server, mode: 'immediate', timeoutMs: 200 })
    assert.deepEqual(await processesIn(data()), [])
  })

  test('stopping and ending what does not run is no error', async () => {
    await stopServer({ ...server, mode: 'fast', timeoutMs: 1_000 })
    await proveDead(server.nodeDirectory)
  })

  test('a shell that stands in the data directory is not ended', { skip: needsRoot }, async () => {
    const shell = spawn('sleep', ['30'], { cwd: data() })
    try {
      await proveDead(server.nodeDirectory)
      assert.equal(isAlive(shell.pid ?? 0), true)
    } finally {
      shell.kill()
    }
  })
})

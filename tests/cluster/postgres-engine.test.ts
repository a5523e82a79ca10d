import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  type Binaries,
  createCluster,
  dataDirectoryOf,
  findBinaries,
  findServer,
  freeAddress,
  proveDead,
  removeCluster,
  startServer,
  stopServer,
} from '@banyan/control/postgres'
import { adminRole } from '@banyan/postgres'
import pg from 'pg'
import { isAlive, processesIn } from '../../packages/control/src/engines/postgres/processes.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0
const needsRoot = isRoot ? false : 'needs root, which runs PostgreSQL under another user'

let root: string
let binaries: Binaries

before(async () => {
  // The user that PostgreSQL runs under enters what we make, whatever the caller's umask is.
  process.umask(0o022)
  root = await mkdtemp(join(tmpdir(), 'banyan-engine-test-'))
  await chmod(root, 0o711)
  binaries = await findBinaries('embedded')
})

after(async () => {
  await rm(root, { recursive: true, force: true })
})

type Server = Awaited<ReturnType<typeof describeServer>>

/** A node that does not exist yet, and what all calls about it take. */
async function describeServer(folder = join(root, randomBytes(4).toString('hex'))) {
  const nodeDirectory = join(folder, 'postgres-1')
  const { address, port } = await freeAddress(nodeDirectory)
  const adminPassword = randomBytes(8).toString('hex')
  const settings: Record<string, string> = { fsync: 'off' }
  const size = { memoryMb: 256, cpus: 2, settings }
  const logFile = join(folder, 'postgres-1.log')
  return { binaries, nodeDirectory, address, port, adminPassword, durable: false, logFile, ...size }
}

async function connect(server: Server, database = 'postgres'): Promise<pg.Client> {
  const { address: host, port, adminPassword: password } = server
  const client = new pg.Client({ host, port, user: adminRole, password, database })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function ask(server: Server, sql: string): Promise<string> {
  const client = await connect(server)
  try {
    return String(Object.values((await client.query(sql)).rows[0] ?? {})[0])
  } finally {
    await client.end()
  }
}

/** Every path below a folder with what would show that somebody touched it. */
async function fingerprint(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true })
  const lines = names.map(async (name) => {
    const { mode, uid, size, mtimeMs } = await lstat(join(directory, name))
    return `${name} ${mode} ${uid} ${size} ${mtimeMs}`
  })
  return (await Promise.all(lines)).sort()
}

const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected, String(error))
  assert.ok((error as { hint?: string }).hint, 'an error says how to mend it')
  return true
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

describe('a data directory that is in doubt is refused and not touched', () => {
  let server: Server
  before(async () => {
    server = await describeServer()
    await createCluster(server)
  })

  /** Changes one file for the time of a test, and holds that nothing else changes. */
  async function refused(path: string, text: string | null, expected: string): Promise<void> {
    const file = join(server.nodeDirectory, path)
    const aside = join(root, 'aside')
    await rename(file, aside)
    try {
      if (text !== null) await writeFile(file, text)
      const before = await fingerprint(server.nodeDirectory)
      await assert.rejects(createCluster(server), code(expected))
      await assert.rejects(startServer(server), code(expected))
      assert.deepEqual(await fingerprint(server.nodeDirectory), before)
    } finally {
      await rm(file, { force: true })
      await rename(aside, file)
    }
  }

  test('data without our node.json', () => refused('node.json', null, 'BANYAN_DATA_FOREIGN'))
  test('a node.json of a newer format', () =>
    refused('node.json', '{"format":2}', 'BANYAN_DATA_NEWER'))
  test('a node.json that is not one', () => refused('node.json', '{"for', 'BANYAN_DATA_BROKEN'))
  test('a node.json of another engine', () =>
    refused('node.json', '{"format":1,"engine":"process"}', 'BANYAN_DATA_BROKEN'))
  test('no PG_VERSION', () => refused('data/PG_VERSION', null, 'BANYAN_DATA_BROKEN'))
  test('a PG_VERSION of another major', () =>
    refused('data/PG_VERSION', '16\n', 'BANYAN_DATA_VERSION'))
  test('no pg_control', () => refused('data/global/pg_control', null, 'BANYAN_DATA_BROKEN'))
  test('a pg_control that is cut off', () =>
    refused('data/global/pg_control', 'abc', 'BANYAN_DATA_BROKEN'))
  test('the data of another cluster', () =>
    refused('data/global/pg_control', 'x'.repeat(8192), 'BANYAN_DATA_FOREIGN'))

  test('a data directory that is gone, or whose disk is not mounted', async () => {
    const data = join(server.nodeDirectory, 'data')
    await rename(data, join(root, 'unmounted'))
    try {
      await assert.rejects(createCluster(server), code('BANYAN_DATA_BROKEN'))
      await mkdir(data)
      await assert.rejects(createCluster(server), code('BANYAN_DATA_BROKEN'))
      assert.deepEqual(await readdir(data), [])
    } finally {
      await rm(data, { recursive: true, force: true })
      await rename(join(root, 'unmounted'), data)
    }
  })

  test('a folder with other content', async () => {
    const other = await describeServer()
    await mkdir(join(other.nodeDirectory, 'data'), { recursive: true })
    await writeFile(join(other.nodeDirectory, 'data', 'thesis.tex'), 'ten years of work')
    await assert.rejects(createCluster(other), code('BANYAN_DATA_FOREIGN'))
    const files = await readdir(join(other.nodeDirectory, 'data'))
    assert.deepEqual(files, ['thesis.tex'])
  })
})

describe('an interruption while a cluster is made', () => {
  test('by an abort at any moment leaves nothing and no process', async () => {
    for (const delayMs of [0, 5, 20, 60, 120, 180, 240, 300]) {
      const server = await describeServer()
      const abort = new AbortController()
      const making = createCluster({ ...server, signal: abort.signal })
      const timer = setTimeout(() => abort.abort(new Error('stop')), delayMs)
      const outcome = await making.then(
        () => 'made',
        (error: Error) => error.message,
      )
      clearTimeout(timer)
      if (outcome === 'made') {
        await removeCluster(server.nodeDirectory)
        continue
      }
      assert.equal(outcome, 'stop')
      await assert.rejects(lstat(server.nodeDirectory), { code: 'ENOENT' })
      assert.deepEqual(await processesMentioning(server.nodeDirectory), [])
    }
  })

  test('by SIGKILL is cleaned up by the next attempt, which succeeds', async () => {
    for (const delayMs of [30, 120, 220]) {
      const server = await describeServer()
      const script = `import { createCluster } from '@banyan/control/postgres'
        const making = createCluster(${JSON.stringify(server)})
        console.log('begun')
        await making`
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: join(import.meta.dirname, '..', '..', 'packages', 'testing'),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await new Promise((resolve) => child.stdout.once('data', resolve))
      await sleep(delayMs)
      child.kill('SIGKILL')
      await createCluster(server)
      assert.deepEqual((await readdir(server.nodeDirectory)).sort(), ['data', 'node.json'])
      assert.deepEqual(await processesMentioning(server.nodeDirectory), [])
      await removeCluster(server.nodeDirectory)
    }
  })

  test('between the rename and the last word of node.json is finished by the next attempt', async () => {
    const server = await describeServer()
    await createCluster(server)
    const path = join(server.nodeDirectory, 'node.json')
    const node = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...node, state: 'making' }))
    await createCluster(server)
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), node)
  })
})

async function processesMentioning(path: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pid,args'])
  return stdout.split('\n').filter((line) => line.includes(path))
}

describe('a place that the user of PostgreSQL cannot enter', { skip: needsRoot }, () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'banyan-private-'))
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  test('gets its data below /var/lib/banyan, and says so', async () => {
    const server = await describeServer(folder)
    const said: string[] = []
    await createCluster({ ...server, onProgress: (sentence) => said.push(sentence) })
    try {
      const data = await dataDirectoryOf(server.nodeDirectory)
      assert.match(data, /^\/var\/lib\/banyan\/postgres-1-[0-9a-f]{16}\/data$/)
      assert.ok(said.some((sentence) => sentence.includes(data)))
      assert.deepEqual(await readdir(server.nodeDirectory), ['node.json'])
      const { pid } = await startServer(server)
      assert.deepEqual(await findServer(server.nodeDirectory), { pid })
      assert.notEqual((await stat(`/proc/${pid}`)).uid, 0)
      assert.equal(await ask(server, 'select 1'), '1')

      const copy = join(folder, 'copy', 'postgres-1')
      await cp(server.nodeDirectory, copy, { recursive: true })
      for (const touch of [
        () => startServer({ ...server, nodeDirectory: copy }),
        () => stopServer({ nodeDirectory: copy, mode: 'fast', timeoutMs: 1_000 }),
        () => proveDead(copy),
        () => removeCluster(copy),
      ]) {
        await assert.rejects(touch(), code('BANYAN_DATA_FOREIGN'))
      }
      assert.equal(await ask(server, 'select 1'), '1')
      await rm(join(folder, 'copy'), { recursive: true })

      const moved = join(folder, 'moved')
      await rename(server.nodeDirectory, moved)
      assert.deepEqual(await findServer(moved), { pid })
      await rename(moved, server.nodeDirectory)
    } finally {
      const data = await dataDirectoryOf(server.nodeDirectory)
      await removeCluster(server.nodeDirectory)
      await assert.rejects(lstat(join(data, '..')), { code: 'ENOENT' })
    }
  })

  test('leaves nothing below /var/lib/banyan when it is interrupted there', async () => {
    const server = await describeServer(join(folder, 'interrupted'))
    const before = await readdir('/var/lib/banyan')
    const signal = AbortSignal.timeout(100)
    await assert.rejects(createCluster({ ...server, signal }))
    assert.deepEqual(await readdir('/var/lib/banyan'), before)
  })

  test('gets its binaries copied once, whole', async () => {
    const source = join(folder, 'engine')
    await cp(join(binaries.binDirectory, '..'), source, { recursive: true, verbatimSymlinks: true })
    const hidden = await findBinaries(source)
    const server = { ...(await describeServer()), binaries: hidden }
    await createCluster(server)
    try {
      const { pid } = await startServer(server)
      const executable = (await run('readlink', [`/proc/${pid}/exe`])).stdout
      assert.match(executable, /^\/var\/lib\/banyan\/engines\/18\.[\w.-]+\/bin\/postgres$/m)
      const engines = await readdir('/var/lib/banyan/engines')
      await startServer(server)
      assert.deepEqual(await readdir('/var/lib/banyan/engines'), engines)
    } finally {
      await removeCluster(server.nodeDirectory)
    }
  })
})

describe('a disk without space', { skip: needsRoot }, () => {
  /** A small disk of its own; null where this machine does not let us mount one. */
  async function smallDisk(sizeMb: number): Promise<string | null> {
    const folder = join(root, `disk-${sizeMb}`)
    await mkdir(folder)
    const mount = run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m,mode=0711`, 'tmpfs', folder])
    return await mount.then(
      () => folder,
      () => null,
    )
  }

  /** Takes what is left, so that the last write of it fails. */
  async function fill(disk: string): Promise<void> {
    await writeFile(join(disk, 'filler'), Buffer.alloc(180 * 1_048_576)).catch(() => {})
  }

  test('is noticed before anything is written', async (t) => {
    const disk = await smallDisk(40)
    if (disk === null) return t.skip('this machine does not let us mount a tmpfs')
    try {
      const server = await describeServer(disk)
      await assert.rejects(createCluster(server), (error: Error) => {
        assert.match(error.message, /has 40 MB free; a new database cluster needs 160 MB/)
        return code('BANYAN_DISK_FULL')(error)
      })
      assert.deepEqual(await readdir(disk), [])
    } finally {
      await run('umount', [disk])
    }
  })

  test('that fills up is said as such, and nothing half made stays on it', async (t) => {
    const disk = await smallDisk(170)
    if (disk === null) return t.skip('this machine does not let us mount a tmpfs')
    const server = await describeServer(disk)
    try {
      let filled = Promise.resolve()
      const onProgress = () => {
        filled = fill(disk)
      }
      await assert.rejects(createCluster({ ...server, onProgress }), code('BANYAN_DISK_FULL'))
      await filled
      assert.deepEqual(await readdir(disk), ['filler'])
      await rm(join(disk, 'filler'))

      await createCluster(server)
      await fill(disk)
      await assert.rejects(startServer(server), code('BANYAN_DISK_FULL'))
      await rm(join(disk, 'filler'))
      await startServer(server)
    } finally {
      await removeCluster(server.nodeDirectory)
      await run('umount', [disk])
    }
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
    const cwd = join(import.meta.dirname, '..', '..', 'packages', 'testing')
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
    for (const one of await processesIn(data())) process.kill(one, 'SIGSTOP')
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

describe('the death of the postmaster under load', () => {
  test('is over only when no backend lives, and every acknowledged write is there', async (t) => {
    const server = { ...(await describeServer()), settings: {}, durable: true }
    await createCluster(server)
    try {
      let { pid } = await startServer(server)
      await ask(
        server,
        'create table acknowledged (writer int, number int, primary key (writer, number))',
      )
      for (let round = 0; round < 5; round++) {
        const load = startWriters(server, 8, round * 100)
        await load.reached(100)
        process.kill(pid, 'SIGKILL')
        const killed = performance.now()
        assert.ok((await orphansOf(server)) > 0, 'busy backends outlive their postmaster')
        assert.ok((await orphansOf(server)) > 0, 'and do so for a while')
        await proveDead(server.nodeDirectory)
        assert.equal(await orphansOf(server), 0)
        const proved = performance.now()
        pid = (await startServer(server)).pid
        const back = performance.now()
        assert.ok(back - proved < 1_000, `accepting again after ${back - proved} ms`)
        const acknowledged = await load.end()
        const missing = await countMissing(server, acknowledged)
        assert.equal(
          missing,
          0,
          `${missing} of ${acknowledged.length} acknowledged writes are lost`,
        )
        t.diagnostic(
          `${acknowledged.length} writes; dead after ${Math.round(proved - killed)} ms, back after ${Math.round(back - killed)} ms`,
        )
      }
    } finally {
      await removeCluster(server.nodeDirectory)
    }
  })

  async function orphansOf(server: Server): Promise<number> {
    return (await processesIn(join(server.nodeDirectory, 'data'))).length
  }

  /**
   * Writers that stay on their connection until it breaks, and remember what was acknowledged. Every
   * other one keeps its backend busy: such a backend does not notice that its postmaster is gone.
   */
  function startWriters(server: Server, count: number, first: number) {
    const acknowledged: [number, number][] = []
    const writers = Array.from({ length: count }, async (_, index) => {
      const client = await connect(server)
      const writer = first + index
      for (let number = 0; ; number++) {
        const sql =
          index % 2 === 0
            ? 'insert into acknowledged values ($1, $2)'
            : 'insert into acknowledged select $1, $2 from (select count(*) from generate_series(1, 2000000)) busy'
        const done = await client.query(sql, [writer, number]).then(
          () => true,
          () => false,
        )
        if (!done) return
        acknowledged.push([writer, number])
      }
    })
    return {
      reached: async (count: number) => {
        while (acknowledged.length < count) await sleep(5)
      },
      end: async () => {
        await Promise.all(writers)
        return acknowledged
      },
    }
  }

  async function countMissing(server: Server, facts: readonly [number, number][]): Promise<number> {
    const client = await connect(server)
    const sql = `select count(*)::int as missing from unnest($1::int[], $2::int[]) fact (writer, number)
      where not exists (select from acknowledged a where (a.writer, a.number) = (fact.writer, fact.number))`
    const columns = [facts.map(([writer]) => writer), facts.map(([, number]) => number)]
    const { rows } = await client.query(sql, columns)
    await client.end()
    return rows[0].missing
  }
})

describe('the PostgreSQL of the distribution', () => {
  test('makes and serves a cluster that sorts by code points', async (t) => {
    const found = await findBinaries('distribution').catch(() => null)
    if (found === null) return t.skip('no PostgreSQL of the distribution is installed')
    const server = { ...(await describeServer()), binaries: found }
    await createCluster(server)
    try {
      await startServer(server)
      assert.equal(
        await ask(
          server,
          `select string_agg(a, '' order by a) from unnest(array['b','A','ä','a','Z']) a`,
        ),
        'AZabä',
      )
      assert.equal(await ask(server, `select upper('ä')`), 'Ä')
    } finally {
      await removeCluster(server.nodeDirectory)
    }
  })
})

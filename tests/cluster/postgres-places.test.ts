import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  cp,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createCluster,
  dataDirectoryOf,
  findBinaries,
  findServer,
  proveDead,
  removeCluster,
  startServer,
  stopServer,
} from '@banyan/control/postgres'
import { distantDirectory } from '../../packages/control/src/engines/postgres/placement.ts'
import {
  ask,
  binaries,
  code,
  describeServer,
  needsRoot,
  packageFolder,
  processesMentioning,
  run,
} from './postgres-node.ts'

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
        cwd: packageFolder,
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
    const signal = AbortSignal.timeout(100)
    await assert.rejects(createCluster({ ...server, signal }))
    await assert.rejects(lstat(distantDirectory(server.nodeDirectory)), { code: 'ENOENT' })
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
      const copy = await stat(executable.trim())
      await startServer(server)
      assert.equal((await stat(executable.trim())).ino, copy.ino)
    } finally {
      await removeCluster(server.nodeDirectory)
    }
  })
})

describe('the user that PostgreSQL runs under', { skip: needsRoot }, () => {
  test('is the one that is asked for, and stays the owner of data that exists', async () => {
    const server = await describeServer()
    process.env.BANYAN_POSTGRES_USER = 'nobody'
    try {
      await createCluster(server)
    } finally {
      delete process.env.BANYAN_POSTGRES_USER
    }
    try {
      const { pid } = await startServer(server)
      const { uid } = await stat(join(server.nodeDirectory, 'data'))
      assert.equal(uid, Number((await run('id', ['-u', 'nobody'])).stdout))
      assert.equal((await stat(`/proc/${pid}`)).uid, uid)
    } finally {
      await removeCluster(server.nodeDirectory)
    }
  })

  test('is refused by its name when there is none of that name', async () => {
    const server = await describeServer()
    process.env.BANYAN_POSTGRES_USER = 'no-such-user'
    try {
      await assert.rejects(createCluster(server), (error: Error) => {
        assert.match(error.message, /"no-such-user"/)
        return code('BANYAN_POSTGRES_USER_INVALID')(error)
      })
    } finally {
      delete process.env.BANYAN_POSTGRES_USER
    }
  })
})

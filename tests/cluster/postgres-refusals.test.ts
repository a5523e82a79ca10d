import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { createCluster, removeCluster, startServer } from '@banyan/control/postgres'
import { code, describeServer, needsRoot, root, run, type Server } from './postgres-node.ts'

/** Every path below a folder with what would show that somebody touched it. */
async function fingerprint(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true })
  const lines = names.map(async (name) => {
    const { mode, uid, size, mtimeMs } = await lstat(join(directory, name))
    return `${name} ${mode} ${uid} ${size} ${mtimeMs}`
  })
  return (await Promise.all(lines)).sort()
}

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

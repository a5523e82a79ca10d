// Copies of a server that goes on with its work, and what is left of those that were interrupted.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { copyCluster, createCluster, proveDead, removeCluster } from '@banyan/control/postgres'
import { ask, binaries, code, connect, needsRoot, root, run } from './postgres-node.ts'
import { lastTimeout, untilCaughtUp } from './replica-asking.ts'
import {
  copyOf,
  describeNode,
  type Node,
  placeOf,
  sourceOf,
  startAs,
  startPrimary,
  startReplica,
} from './replica-nodes.ts'

const checksum = `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from t`

/** Statements that go on until they are told to end; gives how many were acknowledged. */
async function writeTo(node: Node): Promise<() => Promise<number>> {
  const client = await connect(node)
  let written = 0
  let over = false
  const writing = (async () => {
    while (!over) {
      await client.query(
        'insert into t (text) select repeat(md5(random()::text), 8) from generate_series(1, 20)',
      )
      await client.query('update t set text = md5(text) where id % 97 = (random() * 97)::int')
      written += 20
    }
  })()
  return async () => {
    over = true
    await writing
    await client.end()
    return written
  }
}

describe('a copy of a running server', lastTimeout, () => {
  let primary: Node
  before(async () => {
    primary = await startPrimary(join(root, 'copies'))
    const admin = await connect(primary)
    await admin.query(
      'create table t (id bigint generated always as identity primary key, text text)',
    )
    await admin.query(
      `insert into t (text) select repeat(md5(i::text), 8) from generate_series(1, 50000) i`,
    )
    await admin.end()
  })
  after(() => removeCluster(primary.nodeDirectory))

  /** What is left of a copy that was not made. */
  async function leftOf(node: Node): Promise<string[]> {
    const names = await readdir(node.nodeDirectory).catch(() => [])
    return names.filter((name) => name !== 'node.json')
  }

  test('has everything that was written meanwhile, and follows', async () => {
    const stop = await writeTo(primary)
    const replica = await startReplica(primary, join(root, 'copies'), 'db-2')
    try {
      await sleep(200)
      assert.ok((await stop()) > 0, 'something was written while it was copied')
      await untilCaughtUp(replica, primary)
      assert.equal(await ask(replica, checksum), await ask(primary, checksum))
      assert.equal(await ask(replica, 'select pg_is_in_recovery()'), 'true')
    } finally {
      await removeCluster(replica.nodeDirectory)
    }
  })

  test('starts and answers although its source is gone', async () => {
    const folder = join(root, 'gone')
    const source = await startPrimary(folder, 'db-7')
    const replica = await copyOf(source, folder, 'db-8')
    await removeCluster(source.nodeDirectory)
    try {
      await startAs(replica, { kind: 'replica', of: placeOf(source) })
      assert.equal(await ask(replica, 'select pg_is_in_recovery()'), 'true')
    } finally {
      await removeCluster(replica.nodeDirectory)
    }
  })

  test('is made once: called again it is left as it is', async () => {
    const replica = await copyOf(primary, join(root, 'copies'), 'db-3')
    const marker = join(replica.nodeDirectory, 'data', 'marker')
    writeFileSync(marker, '')
    await copyCluster({ ...replica, from: sourceOf(primary) })
    assert.ok(existsSync(marker))
    await removeCluster(replica.nodeDirectory)
  })

  test('that is aborted at any moment leaves nothing, or is whole', async () => {
    const outcomes = { nothing: 0, whole: 0 }
    for (let at = 0; at < 12; at += 1) {
      const node = await describeNode('db-4', join(root, 'copies'))
      const signal = AbortSignal.timeout(1 + at * 45)
      const made = await copyCluster({ ...node, from: sourceOf(primary), signal }).then(
        () => true,
        (error) => {
          assert.equal(error.name, 'TimeoutError')
          return false
        },
      )
      outcomes[made ? 'whole' : 'nothing'] += 1
      assert.deepEqual(await leftOf(node), made ? ['data'] : [], `after ${1 + at * 45} ms`)
      await removeCluster(node.nodeDirectory)
    }
    assert.ok(outcomes.nothing > 0, JSON.stringify(outcomes))
    const slots = await ask(
      primary,
      "select count(*) from pg_replication_slots where slot_name = 'banyan_db_4'",
    )
    assert.equal(slots, outcomes.whole > 0 ? '1' : '0', 'no slot is left of what was not made')
  })

  test('whose control is killed is made by the next one', async () => {
    for (const afterMs of [30, 120, 250]) {
      const node = await describeNode('db-5', join(root, 'copies'))
      await killedCopy(node, primary, afterMs)
      await copyCluster({ ...node, from: sourceOf(primary) })
      assert.deepEqual(await leftOf(node), ['data'])
      await startAs(node, { kind: 'replica', of: placeOf(primary) })
      await untilCaughtUp(node, primary)
      assert.equal(await ask(node, checksum), await ask(primary, checksum))
      await removeCluster(node.nodeDirectory)
    }
  })

  test('goes no faster than it may, and says how far it is', async () => {
    const node = await describeNode('db-6', join(root, 'copies'))
    const sentences: string[] = []
    const begun = performance.now()
    const onProgress = (sentence: string) => sentences.push(sentence)
    await copyCluster({
      ...node,
      from: sourceOf(primary),
      onProgress,
      bytesPerSecondMax: 25_000_000,
    })
    assert.ok(performance.now() - begun > 1_500)
    assert.match(sentences[0] ?? '', /^Copying db-1, which has \d+ MB\.$/)
    for (const sentence of sentences.slice(1)) {
      assert.match(sentence, /^Copied \d+ of \d+ MB of db-1 \(\d+%\)\.$/)
    }
    await removeCluster(node.nodeDirectory)
  })

  test('is refused for the major version that could not follow', async () => {
    const node = await describeNode('db-6', join(root, 'copies'))
    const other = { ...binaries, major: 15, version: '15.9' }
    await assert.rejects(
      copyCluster({ ...node, binaries: other, from: sourceOf(primary) }),
      code('BANYAN_DATA_VERSION'),
    )
    assert.equal(existsSync(node.nodeDirectory), false)
  })

  test('does not replace another cluster', async () => {
    const node = await describeNode('db-6', join(root, 'copies'))
    await createCluster(node)
    await assert.rejects(
      copyCluster({ ...node, from: sourceOf(primary) }),
      code('BANYAN_DATA_FOREIGN'),
    )
    await removeCluster(node.nodeDirectory)
  })

  test('is refused where tables lie outside of the data directory', async () => {
    const node = await describeNode('db-6', join(root, 'copies'))
    const link = join(primary.nodeDirectory, 'data', 'pg_tblspc', '99999')
    symlinkSync('/tmp', link)
    try {
      await assert.rejects(
        copyCluster({ ...node, from: sourceOf(primary) }),
        code('BANYAN_TABLESPACES_UNSUPPORTED'),
      )
      assert.deepEqual(await leftOf(node), [])
    } finally {
      await rm(link)
    }
  })

  test('is refused on a disk without room, with what is there and what it takes', {
    skip: needsRoot,
  }, async () => {
    const disk = join(root, 'small-disk')
    mkdirSync(disk)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=40m,mode=0711', 'tmpfs', disk])
    try {
      const node = await describeNode('db-6', disk)
      await assert.rejects(copyCluster({ ...node, from: sourceOf(primary) }), (error: Error) => {
        assert.match(error.message, /has \d+ MB free; a copy of the database needs \d+ MB/)
        return code('BANYAN_DISK_FULL')(error)
      })
      assert.deepEqual(await leftOf(node), [])
    } finally {
      await run('umount', [disk])
    }
  })

  test('ends with its source, and leaves nothing', async () => {
    const folder = join(root, 'dies')
    const source = await startPrimary(folder, 'db-7')
    const node = await describeNode('db-8', folder)
    const copying = copyCluster({ ...node, from: sourceOf(source), bytesPerSecondMax: 20_000_000 })
    const judged = assert.rejects(copying, code('BANYAN_COPY_FAILED'))
    await sleep(400)
    await proveDead(source.nodeDirectory)
    await judged
    assert.deepEqual(await leftOf(node), [])
    await removeCluster(source.nodeDirectory)
    await assert.rejects(
      copyCluster({ ...node, from: sourceOf({ ...source, nodeDirectory: primary.nodeDirectory }) }),
      code('BANYAN_COPY_FAILED'),
    )
  })
})

/** Copies in a process of its own, which is killed on the way. */
async function killedCopy(node: Node, primary: Node, afterMs: number): Promise<void> {
  const script = `
    import { copyCluster } from ${JSON.stringify(import.meta.resolve('@banyan/control/postgres'))}
    console.log('begins')
    await copyCluster({ ...${JSON.stringify({ ...node, from: sourceOf(primary) })} })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  await once(child.stdout, 'data')
  await sleep(afterMs)
  child.kill('SIGKILL')
  await exit
}

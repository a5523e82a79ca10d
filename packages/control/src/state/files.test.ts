import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { writeJson } from './files.ts'

test('a full disk is said with the file that it has no room for, and the old file stays', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-full-'))
  t.after(async () => await rm(folder, { recursive: true, force: true }))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return t.skip('needs the right to mount a tmpfs (root)')
  }
  const path = join(folder, 'topology.json')
  try {
    await writeJson(path, { version: 1 })
    const big = Buffer.alloc(64_000)
    await writeFile(join(folder, 'big'), big).catch(() => {})
    await assert.rejects(writeJson(path, { version: 2 }), (error) => {
      assert.ok(BanyanError.is(error) && error.code === 'BANYAN_STATE_UNWRITABLE')
      assert.equal(error.message, `${path} cannot be written: the disk is full.`)
      return true
    })
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), { version: 1 })
    assert.deepEqual((await readdir(folder)).sort(), ['big', 'topology.json'])
  } finally {
    execFileSync('umount', [folder])
  }
})

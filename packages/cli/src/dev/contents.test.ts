import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Contents } from './contents.ts'

const folder = mkdtempSync(join(tmpdir(), 'banyan-contents-'))
after(() => rmSync(folder, { recursive: true }))

test('a file that is written again with the same content is no change', async () => {
  const [contents, file] = [new Contents(), join(folder, 'a.ts')]
  writeFileSync(file, '1')
  assert.equal(await contents.isNew(file), true)
  writeFileSync(file, '1')
  assert.equal(await contents.isNew(file), false)
  writeFileSync(file, '2')
  assert.equal(await contents.isNew(file), true)
})

test('a pipe is never opened, since nobody may be at its other end', {
  timeout: 5_000,
}, async () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const contents = new Contents()
  assert.equal(await contents.isNew(pipe), true)
  assert.equal(await contents.isNew(pipe), false)
})

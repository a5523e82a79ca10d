import assert from 'node:assert/strict'
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { AuditLog } from './audit.ts'

async function pathOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-audit-'))
  t.after(async () => await rm(folder, { recursive: true, force: true }))
  return join(folder, 'audit.log')
}

const asked = { who: 'cli', action: 'kill', target: 'web-1' }

test('an action is in the file before its answer is given, however it went', async (t) => {
  const path = await pathOf(t)
  const log = await AuditLog.open({ path })
  assert.equal(await log.around(asked, async () => 'answer'), 'answer')
  const refusal = new BanyanError('BANYAN_NODE_UNKNOWN', 'There is none.')
  await assert.rejects(
    log.around(asked, async () => await Promise.reject(refusal)),
    refusal,
  )
  await assert.rejects(log.around(asked, async () => await Promise.reject(new Error('broken'))))
  const lines = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ outcome, code, who, target }) => [outcome, code, who, target]),
    [
      ['done', null, 'cli', 'web-1'],
      ['refused', 'BANYAN_NODE_UNKNOWN', 'cli', 'web-1'],
      ['failed', 'BANYAN_CONTROL_FAILED', 'cli', 'web-1'],
    ],
  )
})

test('the next control knows what was done before, half a line or not', async (t) => {
  const path = await pathOf(t)
  const log = await AuditLog.open({ path })
  await log.around(asked, async () => {})
  await log.around({ ...asked, target: 'web-2' }, async () => {})
  await appendFile(path, '{"at":"2026')
  const next = await AuditLog.open({ path })
  assert.deepEqual(
    next.entries.map(({ target }) => target),
    ['web-2', 'web-1'],
  )
})

test('the file is bounded, and its owner alone can read it', async (t) => {
  const path = await pathOf(t)
  await writeFile(path, `${'x'.repeat(3_000_000)}\n`)
  await chmod(path, 0o644)
  const log = await AuditLog.open({ path })
  await log.around(asked, async () => {})
  assert.ok((await stat(path)).size < 1_000)
  for (const file of [path, `${path}.1`]) assert.equal((await stat(file)).mode & 0o777, 0o600)
})

test('what cannot be written stays in memory, is said once, and is written later', async (t) => {
  const path = await pathOf(t)
  await mkdir(path)
  const said: string[] = []
  const log = await AuditLog.open({ path, onTrouble: (sentence) => said.push(sentence) })
  for (const target of ['one', 'two']) {
    assert.equal(await log.around({ ...asked, target }, async () => target), target)
  }
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /The audit log .* cannot be written: EISDIR/)
  assert.deepEqual(
    log.entries.map(({ target }) => target),
    ['two', 'one'],
  )
  await rm(path, { recursive: true })
  await log.around({ ...asked, target: 'three' }, async () => {})
  const lines = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ target }) => target),
    ['one', 'two', 'three'],
  )
})

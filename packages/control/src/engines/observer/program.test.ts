import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { observerProgram } from './program.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-observer-'))
})
after(async () => await rm(folder, { recursive: true, force: true }))

async function program(name: string, says: string): Promise<void> {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\necho '${says}'\n`)
  await chmod(path, 0o755)
}

test('one that is too old is refused by its version, with the command that mends it', async () => {
  await program('prometheus', 'prometheus, version 2.31.1 (branch: a)')
  const found = await observerProgram('Prometheus', { PATH: folder })
  assert.ok(found instanceof BanyanError)
  assert.equal(found.code, 'BANYAN_PROMETHEUS_MISSING')
  assert.match(found.message, /prometheus is Prometheus 2\.31\.1, and 2\.42 is the oldest/)
  assert.match(found.hint ?? '', /install prometheus/)
})

test('Alertmanager is found by the name that Debian gives it, and by its own', async () => {
  await program('alertmanager', 'alertmanager, version 0.27.0')
  const own = await observerProgram('Alertmanager', { PATH: folder })
  assert.ok(!(own instanceof BanyanError))
  await program('prometheus-alertmanager', 'alertmanager, version 0.25.0')
  const debian = await observerProgram('Alertmanager', { PATH: folder })
  assert.ok(!(debian instanceof BanyanError))
  assert.equal(debian.path, join(folder, 'prometheus-alertmanager'))
})

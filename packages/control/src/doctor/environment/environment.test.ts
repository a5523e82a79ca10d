import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ladder } from '../ladder.ts'
import { checkMachine } from './check-machine.ts'
import { findProgram, installCommandOf } from './find-program.ts'
import { programs } from './programs.ts'

const outcomes = (version: string, platform: NodeJS.Platform = 'linux') =>
  checkMachine({ version, platform }).map(({ outcome }) => outcome)

test('Node 22.18 will do, and what is older will not', () => {
  assert.deepEqual(outcomes('22.18.0'), ['ok', 'ok', 'ok'])
  assert.deepEqual(outcomes('24.0.0'), ['ok', 'ok', 'ok'])
  assert.deepEqual(outcomes('22.17.1'), ['failed', 'ok', 'ok'])
  assert.deepEqual(outcomes('20.19.0'), ['failed', 'ok', 'ok'])
})

test('Windows is sent to WSL2', () => {
  const windows = checkMachine({ version: '24.0.0', platform: 'win32' })[1]
  assert.deepEqual([windows?.outcome, windows?.mend], ['failed', 'Use it in WSL2.'])
})

test('a program is found in PATH with its version, also when it fails or says it on standard error', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-doctor-'))
  t.after(() => rm(folder, { recursive: true }))
  const program = join(folder, 'planted-server')
  await writeFile(program, '#!/bin/sh\necho "planted version 7.1.2, built $1" >&2\nexit 1\n')
  await chmod(program, 0o755)
  const wanted = { commands: ['no-such-server', 'planted-server'], versionWords: ['-V'] }
  const found = await findProgram(wanted, { PATH: folder })
  assert.deepEqual(found, { path: program, version: '7.1.2' })
  assert.equal(await findProgram(wanted, { PATH: '/nonexistent' }), null)
})

test('every program says how it is installed on Debian and on macOS, and for which rung', () => {
  for (const program of programs) {
    for (const platform of ['linux', 'darwin'] as const) {
      assert.match(
        installCommandOf(program, platform) ?? '',
        /^(apt-get|brew|pip) install|^see https:/,
      )
    }
    for (const rung of program.rungs) assert.ok(ladder.some(({ name }) => name === rung))
  }
})

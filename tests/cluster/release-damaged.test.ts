import assert from 'node:assert/strict'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeApp, type TestApp } from './support/banyan.ts'

/* The snapshot of the live release is gone or damaged: the code that it was taken of is still there. */

let app: TestApp
before(async () => {
  app = await makeApp({
    'banyan.config.ts': `export default { name: 'tiny', services: { mail: { run: 'node mail.mjs' } } }\n`,
    'mail.mjs': 'setInterval(() => {}, 1000)\n',
  })
  await app.banyan('up', '--detach')
  await app.banyan('down')
})
after(async () => await app.remove())

type Answer = { error?: { code: string; hint: string } }

async function liveSnapshot(): Promise<string> {
  const { live, releases } = JSON.parse(await readFile(join(app.state, 'releases.json'), 'utf8'))
  return releases.find(({ name }: { name: string }) => name === live).snapshot
}

async function ok(...words: string[]): Promise<void> {
  const { code, stdout, stderr } = await app.banyan(...words)
  assert.equal(code, 0, stdout + stderr)
}

test('the record of releases, which holds lines of logs, is for its owner alone', async () => {
  assert.equal((await stat(join(app.state, 'releases.json'))).mode & 0o777, 0o600)
})

const damages: readonly (readonly [string, (folder: string) => Promise<void>])[] = [
  ['is gone', async (folder) => await rm(folder, { recursive: true })],
  ['has lost its code', async (folder) => await rm(join(folder, 'app'), { recursive: true })],
  ['is half a file', async (folder) => await writeFile(join(folder, 'snapshot.json'), '{"for')],
]
for (const [name, damage] of damages) {
  test(`up says how to begin with the code as it is when the live snapshot ${name}, and that works`, async () => {
    await damage(join(app.state, 'snapshots', await liveSnapshot()))
    const { error } = (await app.json('up', '--detach')) as Answer
    assert.equal(error?.code, 'BANYAN_STATE_BROKEN')
    assert.match(error.hint, /banyan up --release/)
    await ok('up', '--detach', '--release')
    await ok('down')
    await ok('up', '--detach')
    await ok('down')
  })
}

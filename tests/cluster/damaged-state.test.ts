import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeApp, type TestApp } from './support/banyan.ts'

/* Files of the state directory that are JSON, and not what they should be. */

let app: TestApp
before(async () => {
  app = await makeApp({
    'banyan.config.ts': `export default { name: 'tiny', services: { mail: { run: 'node mail.mjs' } } }\n`,
    'mail.mjs': 'setInterval(() => {}, 1000)\n',
  })
  await up()
  await app.banyan('down')
})
after(async () => await app.remove())

const up = async () => await app.banyan('up', '--detach')

type Failure = { error: { code: string; message: string; hint: string } }

/** Puts something else in the place of a file while `work` goes on. */
async function damage(name: string, text: string, work: (path: string) => Promise<void>) {
  const path = join(app.state, name)
  const before = await readFile(path, 'utf8')
  await writeFile(path, text)
  try {
    await work(path)
  } finally {
    await writeFile(path, before)
  }
}

const refused: readonly (readonly [string, string, string])[] = [
  ['topology.json', '{}', 'BANYAN_STATE_BROKEN'],
  ['topology.json', '[]', 'BANYAN_STATE_BROKEN'],
  [
    'topology.json',
    '{"version":3,"rungs":["single","floating"],"hosts":[],"nodes":[]}',
    'BANYAN_STATE_NEWER',
  ],
]
for (const [name, text, expected] of refused) {
  test(`${name} with ${text} is refused by its name, and left alone`, async () => {
    await damage(name, text, async (path) => {
      const { error } = (await app.json('up', '--detach')) as Failure
      assert.equal(error.code, expected)
      assert.ok(error.message.startsWith(path), error.message)
      assert.equal(await readFile(path, 'utf8'), text)
    })
  })
}

test('entry.json that is none, or of another version, is refused by its name', async () => {
  const path = join(app.state, 'entry.json')
  for (const text of ['{}', '{"format":2,"version":1,"admitted":[],"plain":{}}']) {
    await writeFile(path, text)
    const { error } = (await app.json('up', '--detach')) as Failure
    assert.equal(error.code, 'BANYAN_STATE_BROKEN')
    assert.ok(error.message.startsWith(path), error.message)
  }
  await writeFile(path, '{"format":1,"version":1,"admitted":[],"plain":{}}')
})

test('a damaged lock is named, with what to do about it', async () => {
  const path = join(app.state, 'control.lock')
  await damage('control.lock', 'garbage'.repeat(10), async () => {
    const { error } = (await app.json('up', '--detach')) as Failure
    assert.ok(error.message.startsWith(`${path} is damaged`), error.message)
  })
})

test('what a damaged run file started is found by its mark, and nothing is left over', async () => {
  assert.equal((await up()).code, 0)
  for (const text of ['half', '{"format":1,"identity":{}}']) {
    await writeFile(join(app.state, 'nodes/mail-1/run.json'), text)
    assert.equal((await app.json('status')).error, undefined)
  }
  const { code, stderr } = await app.banyan('down')
  assert.equal(code, 0, stderr)
  assert.deepEqual(await app.leftovers(), [])
})

test('a damaged control.json stops nothing that runs, and means nothing where nothing runs', async () => {
  assert.equal((await up()).code, 0)
  const holder = JSON.parse(await readFile(join(app.state, 'holder.json'), 'utf8')).pid
  await damage('control.json', 'half', async () => {
    const { error } = (await app.json('up', '--detach')) as Failure
    assert.deepEqual(
      [error.code, error.hint.includes(`kill ${holder}`)],
      ['BANYAN_STATE_BROKEN', true],
    )
  })
  const { nodes } = (await app.json('status')) as { nodes: { health: string }[] }
  assert.deepEqual(
    nodes.map(({ health }) => health),
    ['healthy'],
  )
  await app.banyan('down')
  await writeFile(join(app.state, 'control.json'), 'half')
  assert.equal((await up()).code, 0)
  await app.banyan('down')
})

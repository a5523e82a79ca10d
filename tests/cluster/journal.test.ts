import assert from 'node:assert/strict'
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Status } from '@banyan/control/api'
import { startLoad } from '@banyan/testing'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'

/* Rows 10 and 11 of the failure table, from outside; every kind of line is in journal.test.ts of control. */

const serve = new URL('../../packages/banyan/src/index.ts', import.meta.url).pathname
const config = `export default {
  name: 'tiny',
  services: { web: { run: 'node web.mjs', routes: ['/'] } },
}
`
const web = `import { serve } from ${JSON.stringify(serve)}
await serve((request, response) => response.end('here'))
`

let app: TestApp
let journal = ''
before(async () => {
  app = await makeApp({ 'banyan.config.ts': config, 'web.mjs': web })
  journal = join(app.state, 'journal.jsonl')
  const up = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(up.code, 0, up.stderr)
  const grown = await app.banyan('grow', 'balanced')
  assert.equal(grown.code, 0, grown.stderr)
})
after(async () => await app.remove())

const status = async () => (await app.json('status')) as unknown as Status
const ask = async () => {
  const response = await fetch(app.url)
  if (response.status !== 200) throw new Error(`status ${response.status}`)
}
const up = async () =>
  (await app.json('up', '--detach')) as {
    type?: string
    error?: { code: string; message: string; hint: string }
  }
const controlPid = async () =>
  JSON.parse(await readFile(join(app.state, 'control.json'), 'utf8')).pid as number

/** Puts a line into the middle, and gives back the text before. */
async function spoil(line: string): Promise<string> {
  const text = await readFile(journal, 'utf8')
  const lines = text.split('\n')
  lines.splice(2, 0, line)
  await writeFile(journal, lines.join('\n'))
  return text
}

test('row 11: a broken line is refused when control begins anew; the app serves on, and is taken over once that is mended', async () => {
  const nodes = (await status()).nodes.map(({ name, pid }) => [name, pid])
  const good = await spoil('{"format":1,"at":"2026-11-21T11:00:00.000Z","kind":"leap","climb":"c"}')
  const spoilt = await readFile(journal, 'utf8')
  const load = startLoad({ rate: 50, send: ask })
  const pid = await controlPid()
  process.kill(pid, 'SIGKILL')
  const refused = await eventually(async () => {
    const log = await readFile(join(app.state, 'control.log'), 'utf8')
    return log.includes('BANYAN_STATE_BROKEN') ? log : null
  })
  assert.match(refused, /Line 3 of .*journal\.jsonl cannot be used: it is of no kind/)
  assert.equal(await readFile(journal, 'utf8'), spoilt)
  await writeFile(journal, good)
  const after = await eventually(async () => {
    if ((await controlPid()) === pid) return null
    const now = await status()
    return now.nodes.every(({ health }) => health === 'healthy') ? now : null
  })
  const { failed, sent } = await load.stop()
  assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
  assert.deepEqual(
    after.nodes.map(({ name, pid: number }) => [name, number]),
    nodes,
  )
})

test('row 11: with nothing running up refuses it too, by its line, and the mend that it names is one', async () => {
  assert.equal((await app.banyan('down')).code, 0)
  const good = await spoil('half a li')
  const spoilt = await readFile(journal, 'utf8')
  const { error } = await up()
  assert.equal(error?.code, 'BANYAN_STATE_BROKEN')
  assert.match(error.message, /Line 3 of .*journal\.jsonl cannot be used: it is not JSON\./)
  assert.deepEqual(await app.leftovers(), [])
  assert.equal(await readFile(journal, 'utf8'), spoilt)
  const [, from = '', to = ''] = /mv (\S+) (\S+) /.exec(error.hint) ?? []
  assert.equal(from, journal)
  await rename(from, to)
  assert.equal((await up()).type, 'ready')
  assert.deepEqual((await status()).rungs, ['single', 'balanced'])
  assert.equal((await app.banyan('down')).code, 0)
  await writeFile(journal, good)
})

test('a journal of a later version is refused as that', async () => {
  const good = await spoil('{"format":2,"kind":"climb"}')
  const { error } = await up()
  assert.equal(error?.code, 'BANYAN_STATE_NEWER')
  assert.match(error.message, /Line 3 of .*journal\.jsonl has format 2/)
  await writeFile(journal, good)
})

test('row 10: a last line that was torn is cut off, and the system comes up', async () => {
  const good = await readFile(journal, 'utf8')
  await appendFile(journal, '{"format":1,"at":"2026-11-21T11:00:00.000Z","kind":"st')
  assert.equal((await up()).type, 'ready')
  assert.ok((await readFile(journal, 'utf8')).startsWith(good))
  const text = await readFile(journal, 'utf8')
  assert.ok(!text.includes('"kind":"st\n') && text.endsWith('\n'))
  assert.equal((await app.banyan('shrink')).code, 0)
})

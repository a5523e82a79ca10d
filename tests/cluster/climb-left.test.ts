import assert from 'node:assert/strict'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ControlClient, type Status, statePaths } from '@banyan/control/api'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'

/* Climbs that an earlier control left, found by one whose system or wishes are others; and two at once. */

const serve = new URL('../../packages/banyan/src/index.ts', import.meta.url).pathname
const web = `import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from ${JSON.stringify(serve)}
// What runs lies in a snapshot; the folder that the test writes to is that of the state directory.
const folder = join(process.env.BANYAN_SYSTEM, '../../../..')
if (existsSync(join(folder, 'crash-' + process.env.BANYAN_NODE))) throw new Error('no disk to work on')
await serve((request, response) => response.end(process.env.BANYAN_NODE))
`
const config = (services: string) => `export default { name: 'left', services: { ${services} } }\n`
const routed = "web: { run: 'node web.mjs', routes: ['/'] }"
const worker = "mail: { run: 'node worker.mjs' }"

let app: TestApp
beforeEach(async () => {
  app = await makeApp({
    'web.mjs': web,
    'worker.mjs': 'setInterval(() => {}, 1000)\n',
    'banyan.config.ts': config(routed),
  })
})
afterEach(async () => await app.remove())

const up = async (...words: string[]) => {
  const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port), ...words)
  assert.equal(code, 0, stderr)
  return (await app.json('status')) as unknown as Status
}
const journal = async () => {
  const text = await readFile(join(app.state, 'journal.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** As control leaves it that dies right after this line, and everything with it. */
async function leave(direction: 'grow' | 'shrink', from: string[], to: string[]): Promise<void> {
  await app.banyan('down')
  const at = new Date().toISOString()
  const begun = {
    format: 1,
    at,
    kind: 'climb',
    climb: 'c-left',
    direction,
    from,
    to,
    release: 'r1',
  }
  await appendFile(join(app.state, 'journal.jsonl'), `${JSON.stringify(begun)}\n`)
}

const endOf = async (climb: string) =>
  (await journal()).find((line) => line.kind === 'end' && line.climb === climb)

test('a climb to a rung that there is no more is given up, and the system comes up as it was', async () => {
  await up()
  await leave('grow', ['single'], ['single', 'floating'])
  const { rungs, climb } = await up()
  assert.deepEqual([rungs, climb], [['single'], null])
  const { outcome, reason } = await endOf('c-left')
  assert.deepEqual([outcome, reason.code], ['undone', 'BANYAN_RUNG_UNKNOWN'])
})

test('a climb between rungs that there are no more ends, and the system comes up as it was', async () => {
  await up()
  await leave('shrink', ['single', 'floating'], ['single', 'flying'])
  assert.deepEqual((await up()).rungs, ['single'])
  assert.equal((await endOf('c-left')).outcome, 'failed')
})

test('a climb that was left is given up where other code is asked for, which could not have it', async () => {
  await up()
  await leave('grow', ['single'], ['single', 'balanced'])
  await app.write('banyan.config.ts', config(worker))
  const { rungs, nodes } = await up('--release')
  assert.deepEqual([rungs, nodes.map(({ name }) => name)], [['single'], ['mail-1']])
  const { outcome, reason } = await endOf('c-left')
  assert.deepEqual([outcome, reason.code], ['failed', 'BANYAN_INTERRUPTED'])
})

test('rungs that up names hold, whatever climb was left before', async () => {
  await up('--rungs', 'balanced')
  await leave('shrink', ['single', 'balanced'], ['single'])
  assert.deepEqual((await up('--rungs', 'balanced')).rungs, ['single', 'balanced'])
  assert.equal((await endOf('c-left')).outcome, 'failed')
})

test('of climbs that are asked for in the same moment one begins, and the others are refused', async () => {
  await up()
  const control = await ControlClient.find(statePaths(app.state))
  assert.ok(control !== null)
  const asked = ['c-a', 'c-b', 'c-c'].map(
    async (climb) => await control.climb({ direction: 'grow', rungs: ['balanced'], climb }),
  )
  const all = await Promise.allSettled(asked)
  const codes = all.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  assert.deepEqual(codes, ['BANYAN_CLIMB_RUNNING', 'BANYAN_CLIMB_RUNNING'])
  const begun = (await journal()).filter(
    ({ kind, direction }) => kind === 'climb' && direction === 'grow',
  )
  assert.equal(begun.length, 1)
})

test('a climb that is asked for while everything is being stopped is not left to the next up', async () => {
  await up()
  const control = await ControlClient.find(statePaths(app.state))
  assert.ok(control !== null)
  const asked = { direction: 'grow', rungs: ['balanced'] } as const
  await Promise.allSettled([control.down(), control.climb(asked), control.climb(asked)])
  await app.banyan('down')
  assert.deepEqual(await app.leftovers(), [])
  assert.deepEqual((await up()).rungs, ['single'])
})

test('a server that does not start is no reason not to give it up', async () => {
  await up('--rungs', 'balanced')
  await app.write('crash-web-2', '')
  await app.json('kill', 'web-2')
  await eventually(async () => {
    const { nodes } = (await app.json('status')) as unknown as Status
    return nodes.find(({ name }) => name === 'web-2')?.health === 'failed' || null
  })
  const { error } = (await app.json('grow', 'balanced')) as { error: { code: string } }
  assert.equal(error.code, 'BANYAN_CLIMB_REFUSED')
  const { code, stderr } = await app.banyan('shrink')
  assert.equal(code, 0, stderr)
  const { nodes } = (await app.json('status')) as unknown as Status
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['web-1'],
  )
})

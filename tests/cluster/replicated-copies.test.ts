import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ClimbReport, Status } from '@banyan/control/api'
import { makeApp, type TestApp } from './support/banyan.ts'

/* A copy of the database that does not come up is in nobody's way. */

const serve = new URL('../../packages/banyan/src/index.ts', import.meta.url).pathname
const web = `import { serve } from ${JSON.stringify(serve)}
await serve((request, response) => response.end('here'))
`

let app: TestApp
before(async () => {
  app = await makeApp({ 'web.mjs': web })
  await up()
  assert.equal((await app.banyan('grow', 'replicated')).code, 0)
})
after(async () => await app.remove())

const up = async () => {
  const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, `${stdout}${stderr}`)
  return stdout
}
const status = async () => (await app.json('status')) as unknown as Status

test('the app comes up without a copy whose disk is broken', async () => {
  assert.equal((await app.banyan('down')).code, 0)
  const node = JSON.parse(await readFile(join(app.state, 'nodes/db-4/node.json'), 'utf8'))
  await rm(join(node.dataDirectory, 'global'), { recursive: true })
  await up()
  assert.equal(await (await fetch(app.url)).text(), 'here')
  const { nodes, rungs } = await status()
  const roleOf = (name: string) => nodes.find((node) => node.name === name)
  assert.deepEqual(rungs, ['single', 'replicated'])
  assert.equal(roleOf('db-1')?.role, 'primary')
  assert.equal(roleOf('db-3')?.health, 'healthy')
})

test('a copy that is broken is let go of, and made anew, by shrink and grow', async () => {
  for (const direction of ['shrink', 'grow']) {
    const report = (await app.json(direction, 'replicated')) as unknown as ClimbReport
    assert.deepEqual([report.outcome, report.reason], ['done', null])
  }
  const { nodes } = await status()
  const data = nodes.filter(({ tier }) => tier === 'data')
  assert.deepEqual(
    data.map(({ name, health }) => `${name} ${health}`),
    ['db-1 healthy', 'db-3 healthy', 'db-4 healthy'],
  )
})

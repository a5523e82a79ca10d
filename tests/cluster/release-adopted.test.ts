import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { adoptedFiles, type ForeignServer, startForeign, urlFor } from './support/adopted.ts'
import { makeApp, type TestApp } from './support/banyan.ts'

/* Releases of an app whose database somebody else runs, and whose address changes meanwhile. */

let foreign: ForeignServer
let app: TestApp
before(async () => {
  foreign = await startForeign()
  app = await makeApp(adoptedFiles(foreign.url))
  await ok('up', '--detach', '--port', String(app.port))
})
after(async () => {
  await app?.remove()
  await foreign?.postgres.stop()
})

async function ok(...words: string[]): Promise<void> {
  const { code, stdout, stderr } = await app.banyan(...words)
  assert.equal(code, 0, stdout + stderr)
}

const orders = async () => await (await fetch(`${app.url}/orders`)).json()

test('undo goes back to older code with the address of today', async () => {
  await app.write('another.txt', 'another release')
  await ok('release')
  await foreign.admin(`alter role ann password 'other'`)
  const url = urlFor(foreign.postgres, 'ann', 'other', 'shop')
  await app.write('.env', String(adoptedFiles(url)['.env']))
  await ok('down')
  await ok('up', '--detach', '--port', String(app.port))
  await ok('undo')
  assert.deepEqual(await orders(), [{ n: 10 }])
})

test('a release that leads to another database is refused', async () => {
  const url = urlFor(foreign.postgres, 'ann', 'other', 'postgres')
  await app.write('.env', String(adoptedFiles(url)['.env']))
  const { error } = (await app.json('release')) as { error: { code: string; message: string } }
  assert.equal(error?.code, 'BANYAN_RELEASE_REFUSED')
  assert.match(error.message, /another database/)
})

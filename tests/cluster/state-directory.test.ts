import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isSameProcess } from '../../packages/control/src/sites/identity.ts'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'
import { identityOf, killBoth } from './support/held.ts'

type Node = { name: string; health: string; pid: number | null; address: string }

async function nodesOf(app: TestApp): Promise<Node[]> {
  return (await app.json('status')).nodes as Node[]
}

const pidsOf = async (app: TestApp) => (await nodesOf(app)).map(({ pid }) => pid)

/** In a folder that PostgreSQL's own user may enter too, so that the data lies in the state directory. */
async function makeOpenApp(): Promise<TestApp> {
  const app = await makeApp()
  await chmod(app.folder, 0o755)
  return app
}

async function bringUp(app: TestApp): Promise<void> {
  const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stdout + stderr)
}

async function controlPid(app: TestApp): Promise<number> {
  return JSON.parse(await readFile(join(app.state, 'control.json'), 'utf8')).pid
}

/** Two apps, the second a copy of the first while that runs. */
async function withCopy(work: (original: TestApp, copy: TestApp) => Promise<void>): Promise<void> {
  const original = await makeOpenApp()
  const copy = await makeOpenApp()
  try {
    await bringUp(original)
    assert.equal((await fetch(original.url, { method: 'POST' })).status, 200)
    execFileSync('cp', ['-a', `${original.folder}/.`, copy.folder])
    await work(original, copy)
  } finally {
    await copy.remove()
    await original.remove()
  }
}

test('a copy neither shows nor stops the original, and runs beside it on an address of its own', async () => {
  await withCopy(async (original, copy) => {
    const before = await pidsOf(original)
    assert.deepEqual(await pidsOf(copy), [null, null, null])
    assert.deepEqual((await copy.json('down')).stopped, [])
    assert.deepEqual(await pidsOf(original), before)
    await bringUp(copy)
    const [first, second] = [await nodesOf(original), await nodesOf(copy)]
    assert.deepEqual(
      second.map(({ health }) => health),
      ['healthy', 'healthy', 'healthy'],
    )
    assert.notEqual(second[0]?.address, first[0]?.address)
    assert.deepEqual(await (await fetch(copy.url)).json(), ['1'])
    assert.equal((await copy.banyan('down')).code, 0)
    assert.deepEqual(await pidsOf(original), before)
    assert.equal((await fetch(original.url)).status, 200)
  })
})

test('a copy leaves what the original runs alone when its control and holder are dead', async () => {
  await withCopy(async (original, copy) => {
    const before = await pidsOf(original)
    await killBoth(original)
    assert.deepEqual(await pidsOf(copy), [null, null, null])
    assert.deepEqual((await copy.json('down')).stopped, [])
    await bringUp(copy)
    assert.equal((await copy.banyan('down')).code, 0)
    assert.deepEqual(await pidsOf(original), before)
    assert.equal((await fetch(original.url)).status, 200)
    assert.deepEqual((await original.json('down')).stopped, ['gateway-1', 'web-1', 'db-1'])
  })
})

test('deleting the state directory ends everything, and a new up works', async () => {
  const app = await makeOpenApp()
  try {
    await bringUp(app)
    // A server may still write a file into a folder that was just emptied.
    await rm(app.state, { recursive: true, maxRetries: 10, retryDelay: 20 })
    await eventually(async () => ((await app.leftovers()).length === 0 ? true : null))
    await bringUp(app)
  } finally {
    await app.remove()
  }
})

test('moving the state directory ends everything, says why, and up works where it is now', async () => {
  const app = await makeOpenApp()
  try {
    await bringUp(app)
    assert.equal((await fetch(app.url, { method: 'POST' })).status, 200)
    const holder = await identityOf(app, 'holder')
    const moved = join(app.folder, 'moved')
    await rename(app.state, moved)
    await eventually(async () => ((await app.leftovers()).length === 0 ? true : null))
    assert.equal(isSameProcess(holder), false)
    const log = (await readFile(join(moved, 'control.log'), 'utf8')).trim().split('\n')
    assert.match(log.at(-1) ?? '', /"stopped".*was moved or deleted/)
    await rename(moved, app.state)
    await bringUp(app)
    assert.deepEqual(await (await fetch(app.url)).json(), ['1'])
  } finally {
    await app.remove()
  }
})

test('a control without its socket is named, with the one command that helps', async () => {
  const app = await makeOpenApp()
  try {
    await bringUp(app)
    const pid = await controlPid(app)
    await rm(join(app.state, 'control.sock'))
    const { error } = (await app.json('down')) as { error: { code: string; hint: string } }
    assert.equal(error.code, 'BANYAN_CONTROL_FAILED')
    assert.match(error.hint, new RegExp(`kill ${pid}`))
    process.kill(pid, 'SIGTERM')
    await eventually(async () => ((await app.leftovers()).length === 0 ? true : null))
    await bringUp(app)
  } finally {
    await app.remove()
  }
})

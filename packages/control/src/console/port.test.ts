import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { statePaths } from '../state/paths.ts'
import { listenForConsole } from './port.ts'

async function pathsOf(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-port-'))
  t.after(async () => await rm(folder, { recursive: true, force: true }))
  return statePaths(folder)
}

function serverOf(t: TestContext): Server {
  const server = createServer()
  t.after(() => server.close())
  return server
}

const closed = async (server: Server) => await new Promise((resolve) => server.close(resolve))

test('two systems get two ports from 4780 on, and each finds its own again', async (t) => {
  const [one, other] = [await pathsOf(t), await pathsOf(t)]
  const first = serverOf(t)
  const second = serverOf(t)
  const port = await listenForConsole(first, one, undefined)
  const next = await listenForConsole(second, other, undefined)
  assert.ok(port >= 4_780 && next > port)
  await closed(first)
  await closed(second)
  assert.equal(await listenForConsole(serverOf(t), other, undefined), next)
  assert.equal(await listenForConsole(serverOf(t), one, undefined), port)
  assert.deepEqual(JSON.parse(await readFile(one.consoleFile, 'utf8')), { format: 1, port })
})

test('where its port is taken it takes another one, and a damaged record is none', async (t) => {
  const paths = await pathsOf(t)
  const taken = serverOf(t)
  const port = await listenForConsole(taken, paths, undefined)
  assert.notEqual(await listenForConsole(serverOf(t), paths, undefined), port)
  await writeFile(paths.consoleFile, '{"port":')
  assert.ok((await listenForConsole(serverOf(t), paths, undefined)) >= 4_780)
})

test('a port that somebody names is the only one that is tried', async (t) => {
  const paths = await pathsOf(t)
  const port = await listenForConsole(serverOf(t), paths, undefined)
  await assert.rejects(listenForConsole(serverOf(t), paths, port), { code: 'EADDRINUSE' })
})

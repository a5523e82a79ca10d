import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { loadSystem } from '../../packages/control/src/config/load-system.ts'
import { pruneSnapshots } from '../../packages/control/src/releases/snapshot/prune.ts'
import { readSnapshot } from '../../packages/control/src/releases/snapshot/read.ts'
import { takeSnapshot } from '../../packages/control/src/releases/snapshot/take.ts'
import {
  makeTestApp,
  plainApp,
  type TestApp,
} from '../../packages/control/src/releases/snapshot/test-apps.ts'
import type { Snapshot } from '../../packages/control/src/releases/snapshot/types.ts'
import { statePaths } from '../../packages/control/src/state/paths.ts'

/* Snapshots of real apps: what npm and pnpm install, and this repository with its reference app. */

const repository = new URL('../../', import.meta.url).pathname
const run = promisify(execFile)

/** What a program prints in a folder of a snapshot. */
async function printed(snapshot: Snapshot, below: string, code: string): Promise<string> {
  const cwd = join(snapshot.folder, 'app', below)
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd })
  return stdout.trim()
}

describe('a snapshot of an app with real packages', { timeout: 240_000 }, () => {
  let app: TestApp
  beforeEach(async () => {
    app = await makeTestApp(plainApp)
  })
  afterEach(async () => await app.remove())

  /** False where the registry cannot be reached; whatever else goes wrong is a failure. */
  async function install(program: string, ...words: string[]): Promise<boolean> {
    try {
      await run(program, words, { cwd: app.folder, timeout: 120_000 })
      return true
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(stdout + stderr))
        return false
      throw error
    }
  }

  it('runs what npm has installed, native modules and workspaces included', async (t) => {
    await app.write({
      'package.json': JSON.stringify({
        name: 'shop',
        type: 'module',
        workspaces: ['packages/*'],
        dependencies: { bufferutil: '4.0.9', ms: '2.1.3', '@shop/prices': '1.0.0' },
      }),
      'packages/prices/package.json': JSON.stringify({
        name: '@shop/prices',
        version: '1.0.0',
        type: 'module',
        exports: './prices.ts',
        dependencies: { ms: '2.0.0' },
      }),
      'packages/prices/prices.ts':
        "import ms from 'ms'\nexport const price: string = 'for ' + ms('2h')",
      'web.mjs': '',
    })
    if (!(await install('npm', 'install', '--no-audit', '--no-fund')))
      return t.skip('needs the registry')
    const snapshot = await app.take()
    await rm(join(app.folder, 'node_modules'), { recursive: true })
    await app.write({ 'packages/prices/prices.ts': 'broken(' })
    const code = `import { price } from '@shop/prices'
      import ms from 'ms'
      import bufferutil from 'bufferutil'
      const output = Buffer.alloc(2)
      bufferutil.mask(Buffer.from([1, 2]), Buffer.from([1, 1, 1, 1]), output, 0, 2)
      const [native] = Object.keys(process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node')))
      console.log(price, ms('1h'), output.toString('hex'), native !== undefined)`
    assert.equal(await printed(snapshot, '.', code), 'for 7200000 3600000 0003 true')
    assert.match(await app.refusal(), /is missing.*npm ci/)
  })

  it('runs what pnpm has installed, in a workspace', async (t) => {
    await app.write({
      'package.json': JSON.stringify({ name: 'shop', private: true }),
      'pnpm-workspace.yaml': 'packages:\n  - apps/*\n',
      'apps/prices/package.json': JSON.stringify({
        name: 'prices',
        main: 'prices.js',
        dependencies: { debug: '4.4.0' },
      }),
      'apps/prices/prices.js': "module.exports = 'prices with ' + typeof require('debug')",
      'apps/shop/package.json': JSON.stringify({
        name: 'web',
        dependencies: { prices: 'workspace:*', ms: '2.0.0' },
      }),
      'apps/shop/web.mjs': '',
    })
    const words = ['--yes', 'pnpm@10.12.1', 'install', '--silent']
    if (!(await install('npx', ...words))) return t.skip('needs the registry')
    const snapshot = await app.take(app.system({}, 'apps/shop'))
    await rm(join(app.folder, 'node_modules'), { recursive: true })
    await rm(join(app.folder, 'apps'), { recursive: true })
    const code = "import prices from 'prices'\nimport ms from 'ms'\nconsole.log(prices, ms('1h'))"
    assert.equal(await printed(snapshot, 'apps/shop', code), 'prices with function 3600000')
  })

  it('is whole or not there, whenever its taker is killed', async () => {
    const many = Array.from({ length: 400 }, (_, at) => [`lib/${at}.mjs`, `export default ${at}`])
    const modules = Array.from({ length: 400 }, (_, at) => [`node_modules/a/${at}.js`, `${at}`])
    await app.write({
      ...Object.fromEntries([...many, ...modules]),
      'package-lock.json': '{}',
      'node_modules/a/package.json': '{"name":"a"}',
    })
    const from = performance.now()
    const { digest } = await app.take()
    // The first one copies modules too, and the machine may be busier or less busy later.
    let spanMs = performance.now() - from
    let killed = 0
    for (let at = 0; at < 40 && killed < 5; at += 1) {
      await pruneSnapshots(app.paths, [])
      if (!(await killTaker(app, ((1 + (at % 6)) / 6) * spanMs))) {
        spanMs *= 0.8
        continue
      }
      killed += 1
      const left = await readdir(join(app.paths.directory, 'snapshots'))
      assert.ok(
        left.every((name) => name === digest || name.startsWith('.taking-')),
        left.join(),
      )
      if (left.includes(digest)) await assertWhole(await readSnapshot(app.paths, digest))
      await assertWhole(await app.take())
      assert.deepEqual(await readdir(join(app.paths.directory, 'snapshots')), [digest])
      const stores = await readdir(join(app.paths.directory, 'modules'))
      assert.ok(stores.every((name) => !name.startsWith('.')) && stores.length === 1, stores.join())
    }
    assert.ok(killed >= 3, `only ${killed} of 40 were killed in the middle`)
  })
})

/** Takes a snapshot in a process that is killed after so long; false when it was done before. */
async function killTaker(app: TestApp, afterMs: number): Promise<boolean> {
  const code = `
    import { statePaths } from ${JSON.stringify(`${repository}packages/control/src/state/paths.ts`)}
    import { takeSnapshot } from ${JSON.stringify(`${repository}packages/control/src/releases/snapshot/take.ts`)}
    process.stdout.write('begins')
    await takeSnapshot({ paths: statePaths(${JSON.stringify(app.paths.directory)}), system: ${JSON.stringify(app.system())}, config: 'c' })
    process.exit(0)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  await Promise.race([sleep(afterMs), once(child, 'exit')])
  if (child.exitCode !== null) return false
  child.kill('SIGKILL')
  await once(child, 'exit')
  return true
}

async function assertWhole(snapshot: Snapshot): Promise<void> {
  const at = (path: string) => join(snapshot.folder, 'app', path)
  assert.equal((await readdir(at('lib'))).length, 400)
  assert.equal((await readdir(at('node_modules/a'))).length, 401)
  assert.equal(await readFile(at('lib/399.mjs'), 'utf8'), 'export default 399')
}

describe('a snapshot of this repository', { timeout: 120_000 }, () => {
  let folder = ''
  let snapshot: Snapshot
  let tracked: string[] | null = null
  before(async () => {
    tracked = trackedFiles()
    folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-snapshot-')))
    const config = join(repository, 'apps/conduit/banyan.config.ts')
    const system = await loadSystem(config)
    snapshot = await takeSnapshot({ paths: statePaths(folder), system, config })
  })
  after(async () => await rm(folder, { recursive: true, force: true }))

  it('finds its own packages in the snapshot, and those of others in the store', async () => {
    const code = "console.log(import.meta.resolve('banyan'), import.meta.resolve('fastify'))"
    const [own = '', other = ''] = (await printed(snapshot, 'apps/conduit', code)).split(' ')
    assert.ok(own.startsWith(`file://${snapshot.folder}/app/packages/banyan/`), own)
    assert.ok(
      other.startsWith(`file://${folder}/modules/${snapshot.modules}/node_modules/fastify/`),
      other,
    )
  })

  it('runs the reference app, whose packages are TypeScript', async () => {
    const port = await freePort()
    const [, ...words] = snapshot.system.services[0]?.run ?? []
    const web = spawn(process.execPath, words, {
      cwd: snapshot.system.root,
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: 'postgres://127.0.0.1:1/none',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let log = ''
    for (const stream of [web.stdout, web.stderr]) stream.on('data', (text) => (log += text))
    try {
      const answer = await eventually(async () => {
        assert.equal(web.exitCode, null, log)
        return await fetch(`http://127.0.0.1:${port}/-/live`)
      })
      assert.equal(answer.status, 200, log)
    } finally {
      web.kill('SIGKILL')
      await once(web, 'close')
    }
  })

  it('holds what git keeps, and nothing that git ignores', (t) => {
    if (tracked === null) return t.skip('needs git and a checkout')
    const held = execFileSync('find', ['.', '-type', 'f', '-not', '-path', '*/node_modules/*'], {
      cwd: join(snapshot.folder, 'app'),
      encoding: 'utf8',
    })
    const paths = new Set(held.split('\n').map((path) => path.replace(/^\.\//, '')))
    assert.deepEqual(
      tracked.filter((path) => !paths.has(path)),
      [],
    )
    // It exits with 1 when nothing of what it is asked about is ignored.
    const asked = spawnSync('git', ['check-ignore', '--stdin'], { cwd: repository, input: held })
    assert.deepEqual([asked.stdout.toString(), asked.status], ['', 1])
  })
})

/** The files that git tracks and that are there, or null outside a checkout. */
function trackedFiles(): string[] | null {
  const listed = spawnSync('git', ['ls-files'], { cwd: repository, encoding: 'utf8' })
  if (listed.status !== 0) return null
  const paths = listed.stdout.split('\n').filter(Boolean)
  return paths.filter((path) => existsSync(join(repository, path)))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function eventually<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + 20_000
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(50)
    }
  }
}

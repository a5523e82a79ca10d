import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultTelemetry } from '@banyan/model'
import type { StoreFile } from '@banyan/store'
import { statePaths } from '../state/paths.ts'
import { StoreKeeper } from './store-keeper.ts'
import { freeStorePort } from './store-port.ts'
import { findStore, stopStoreOffline } from './store-process.ts'

/* With a program in place of the store that answers as that does: what is tried here is who keeps it. */

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'banyan-keeper-')))
after(() => rmSync(folder, { recursive: true, force: true }))

const program = join(folder, 'store.mjs')
writeFileSync(
  program,
  `import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const { host, port, token } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
createServer((request, response) => {
  response.statusCode = request.headers.authorization === 'Bearer ' + token ? 200 : 401
  response.end('{}')
}).listen(port, host, () => process.send?.({ kind: 'listening', port }))
`,
)
const broken = join(folder, 'broken.mjs')
writeFileSync(
  broken,
  `process.send({ kind: 'failed', message: 'Its disk is gone.' }, () => process.exit(1))\n`,
)

let count = 0

type Made = {
  readonly keeper: StoreKeeper
  readonly paths: ReturnType<typeof statePaths>
  readonly said: string[]
  share: number | null
}

async function make(context: TestContext, options: { of?: Made; program?: string } = {}) {
  count += 1
  mkdirSync(join(folder, String(count)))
  const paths = options.of?.paths ?? statePaths(join(folder, String(count)))
  const made: Made = {
    paths,
    said: [],
    share: 0.01,
    keeper: new StoreKeeper({
      paths,
      port: options.of?.keeper.port ?? (await freeStorePort(paths)),
      program: options.program ?? program,
      file: (port) => (made.share === null ? null : fileOf(made, port)),
      say: (sentence) => made.said.push(sentence),
      onPort: () => {},
    }),
  }
  context.after(async () => {
    await made.keeper.release()
    await stopStoreOffline(paths)
  })
  return made
}

function fileOf({ paths, share }: Made, port: number): StoreFile {
  const { store, targets, logs, controlLog, holderLog } = paths
  const traces = { share: share ?? 0, slowMs: 500 }
  const places = { directory: store, targetsFile: targets, logs, controlLog, holderLog }
  const tokens = { token: 'store-token', metricsToken: 'metrics-token' }
  const telemetry = { ...defaultTelemetry, traces }
  return { format: 1, host: '127.0.0.1', port, ...places, ...tokens, telemetry }
}

async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it did not come about in time')
    await sleep(5)
  }
}

/** Returns with the process once it answers, and is another one than before. */
async function untilAnswering({ keeper }: Made, before: number | null = null): Promise<number> {
  await until(() => keeper.isAnswering && keeper.pid !== before)
  return keeper.pid as number
}

test('a store that is killed is back, at the same port, and that is said', async (context) => {
  const made = await make(context)
  made.keeper.run()
  const pid = await untilAnswering(made)
  const { port } = made.keeper
  const began = performance.now()
  process.kill(pid, 'SIGKILL')
  const next = await untilAnswering(made, pid)
  context.diagnostic(`back after ${Math.round(performance.now() - began)} ms`)
  assert.equal(made.keeper.port, port)
  assert.deepEqual(made.said, [
    `The store ended (signal SIGKILL); process ${next} has taken its place.`,
  ])
})

test('a store that stands still is ended after three answers that did not come, and another is started', async (context) => {
  const made = await make(context)
  made.keeper.run()
  const pid = await untilAnswering(made)
  process.kill(pid, 'SIGSTOP')
  const next = await untilAnswering(made, pid)
  assert.deepEqual(made.said, [
    `The store gave no answer and was ended; process ${next} has taken its place.`,
  ])
})

test('the next control takes over the store that runs, also one that nobody wrote down', async (context) => {
  const first = await make(context)
  first.keeper.run()
  const pid = await untilAnswering(first)
  await first.keeper.release()
  const second = await make(context, { of: first })
  assert.equal(await second.keeper.adopt(), true)
  second.keeper.run()
  assert.equal(await untilAnswering(second), pid)
  await second.keeper.release()
  rmSync(first.paths.storeRun)
  assert.equal((await findStore(first.paths))?.identity.pid, pid)
  assert.deepEqual(second.said, [])
})

test('a store that was taken over is started again when it dies', async (context) => {
  const first = await make(context)
  first.keeper.run()
  const pid = await untilAnswering(first)
  await first.keeper.release()
  const second = await make(context, { of: first })
  await second.keeper.adopt()
  second.keeper.run()
  process.kill(pid, 'SIGKILL')
  await untilAnswering(second, pid)
})

test('a store that is to be told something else is started again with that, and one that is not wanted is stopped', async (context) => {
  const made = await make(context)
  made.keeper.run()
  const pid = await untilAnswering(made)
  made.share = 1
  made.keeper.wake()
  await untilAnswering(made, pid)
  made.share = null
  made.keeper.wake()
  await until(async () => (await findStore(made.paths)) === null)
  assert.deepEqual(made.said, [])
})

test('where somebody else listens at its port the store goes to another one, and says so', async (context) => {
  const made = await make(context)
  const server = createServer().listen(made.keeper.port, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const { port } = made.keeper
  made.keeper.run()
  await untilAnswering(made)
  assert.notEqual(made.keeper.port, port)
  assert.deepEqual(made.said, [
    `Somebody else listens on port ${port}; the store is at ${made.keeper.port} from now on.`,
  ])
})

test('a store that does not start is said once, with its own reason, and tried on', async (context) => {
  const made = await make(context, { program: broken })
  made.keeper.run()
  await until(() => made.said.length > 0)
  assert.deepEqual(made.said, [
    'The store does not start: Its disk is gone. Charts, logs and traces are not kept meanwhile; the app goes on without.',
  ])
  await made.keeper.stop()
  assert.equal(await findStore(made.paths), null)
})

test('stopping ends the store, and one that stands still too', async (context) => {
  const made = await make(context)
  made.keeper.run()
  process.kill(await untilAnswering(made), 'SIGSTOP')
  await made.keeper.stop()
  assert.equal(await findStore(made.paths), null)
})

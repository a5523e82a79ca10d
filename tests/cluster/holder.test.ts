import assert from 'node:assert/strict'
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { takeLock } from '../../packages/control/src/state/lock.ts'
import { eventually, type TestApp } from './support/banyan.ts'
import {
  bringUp,
  identityOf,
  killBoth,
  killKeeper,
  listenersAt,
  makeHeldApp,
  nextKeeper,
  nodesOf,
  socketsOf,
  type UnderLoad,
  underLoad,
  untilNodes,
} from './support/held.ts'

/*
 * Rows 1 to 5 of the failure table in docs/designs/balanced.md, each under load: whoever of those
 * dies that look after a system, no request fails and no node is started again.
 */

let app: TestApp
before(async () => {
  app = await makeHeldApp()
  await bringUp(app)
})
after(async () => await app.remove())

/** Every request was answered, and every acknowledged write is there. */
function assertNothingFailed(context: TestContext, result: UnderLoad): void {
  context.diagnostic(`${result.sent} requests, longest gap ${result.longestGapMs} ms`)
  assert.deepEqual({ failed: result.failed, lost: result.lost }, { failed: [], lost: [] })
}

async function logLines(name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(app.state, name), 'utf8')
  return text
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

/** Every end of control, and the pause that is made before the next start. */
async function endsOfControl(): Promise<{ atMs: number; pauseMs: number }[]> {
  return (await logLines('holder.log'))
    .filter(({ pauseMs }) => pauseMs !== undefined)
    .map(({ at, pauseMs }) => ({ atMs: Date.parse(String(at)), pauseMs: Number(pauseMs) }))
}

/** The one public socket: holder and control have copies, and the entry accepts from it. */
async function publicSocket(): Promise<string> {
  const listeners = await listenersAt(app.port)
  assert.equal(listeners.length, 1, `${listeners.length} sockets listen at the public port`)
  const [socket = ''] = listeners
  for (const who of ['holder', 'control'] as const) {
    const { pid } = await identityOf(app, who)
    assert.ok((await socketsOf(pid)).includes(socket), `${who} has no copy of the socket`)
  }
  return socket
}

test('row 1: control that gets SIGKILL is back at once, takes over every node, and no request fails', async (context) => {
  const nodes = await nodesOf(app)
  const socket = await publicSocket()
  const endsBefore = (await endsOfControl()).length
  const backAfterMs: number[] = []
  const result = await underLoad(app, async () => {
    for (let round = 0; round < 5; round += 1) {
      const { ms } = await nextKeeper(app, 'control', await killKeeper(app, 'control'))
      backAfterMs.push(ms)
      await untilNodes(app, nodes)
    }
  })
  context.diagnostic(`control back after ${backAfterMs.join(', ')} ms`)
  // How long a start takes is the machine's; what the holder waits before it is not.
  const pauses = (await endsOfControl()).slice(endsBefore).map(({ pauseMs }) => pauseMs)
  assert.equal(pauses.length, 5)
  assert.equal(pauses[0], 0)
  assert.ok(Math.max(...pauses) <= 250, `pauses of ${pauses.join(', ')} ms`)
  assertNothingFailed(context, result)
  assert.equal(await publicSocket(), socket)
})

test('row 2: a holder that gets SIGKILL is replaced, the next one has the same socket, and no request fails', async (context) => {
  const nodes = await nodesOf(app)
  const socket = await publicSocket()
  const control = await identityOf(app, 'control')
  const result = await underLoad(app, async () => {
    for (let round = 0; round < 3; round += 1) {
      await nextKeeper(app, 'holder', await killKeeper(app, 'holder'))
    }
  })
  assertNothingFailed(context, result)
  assert.equal(await publicSocket(), socket)
  await untilNodes(app, nodes)
  assert.deepEqual(await identityOf(app, 'control'), control)
})

test('a holder that was started by control starts the next control as the first one did', async (context) => {
  const nodes = await nodesOf(app)
  const socket = await publicSocket()
  const result = await underLoad(app, async () => {
    await nextKeeper(app, 'control', await killKeeper(app, 'control'))
    await nextKeeper(app, 'holder', await killKeeper(app, 'holder'))
    await nextKeeper(app, 'control', await killKeeper(app, 'control'))
  })
  assertNothingFailed(context, result)
  await untilNodes(app, nodes)
  assert.equal(await publicSocket(), socket)
})

test('row 3: holder and control get SIGKILL at once, the app serves, and up takes over beside it', async (context) => {
  const nodes = await nodesOf(app)
  const [old = ''] = await listenersAt(app.port)
  const result = await underLoad(app, async () => {
    await killBoth(app)
    const { sentence } = await app.json('status')
    assert.match(String(sentence), /Control does not run, but db-1 and web-1 still run/)
    await bringUp(app)
    await untilNodes(app, nodes)
  })
  assertNothingFailed(context, result)
  const { pid } = await identityOf(app, 'control')
  const sockets = await socketsOf((await identityOf(app, 'holder')).pid)
  assert.ok(!sockets.includes(old), 'the old queue is the web process alone')
  // The next entry process accepts from the new socket, which control and holder have copies of.
  const killed = await app.json('kill', 'web-1')
  await eventually(async () => {
    const [web] = (await nodesOf(app)).filter(([name]) => name === 'web-1')
    return web?.[1] !== killed.pid && web?.[2] === 'healthy' ? true : null
  })
  assert.notEqual(await publicSocket(), old)
  assert.equal((await identityOf(app, 'control')).pid, pid)
  assert.equal((await fetch(app.url)).status, 200)
})

test('row 4: a control that refuses again and again is tried with pauses, said so, and back when it is mended', async (context) => {
  const nodes = await nodesOf(app)
  const file = join(app.state, 'up.json')
  const whole = await readFile(file, 'utf8')
  const linesBefore = (await logLines('control.log')).length
  const endsBefore = (await endsOfControl()).length
  let last = await identityOf(app, 'control')
  const result = await underLoad(app, async () => {
    await writeFile(file, 'half a fi')
    last = await killKeeper(app, 'control')
    // The pause of 800 ms has been made once the end after it is there.
    const ends = await eventually(async () => {
      const found = (await endsOfControl()).slice(endsBefore)
      return found.slice(0, -1).some(({ pauseMs }) => pauseMs >= 800) ? found : null
    }, 60_000)
    for (const [index, { atMs, pauseMs }] of ends.slice(0, -1).entries()) {
      assert.ok((ends[index + 1]?.atMs ?? 0) - atMs >= pauseMs - 5, JSON.stringify(ends))
    }
    const refusals = (await logLines('control.log'))
      .slice(linesBefore)
      .filter(({ error }) => (error as { code?: string })?.code === 'BANYAN_STATE_BROKEN')
    context.diagnostic(`${refusals.length} starts, ${JSON.stringify(ends)}`)
    assert.ok(refusals.length >= ends.length - 1, `${refusals.length} refusals`)
    await writeFile(file, whole)
    await nextKeeper(app, 'control', last)
  })
  assertNothingFailed(context, result)
  await untilNodes(app, nodes)
})

test('row 5: while no holder can begin, control keeps the socket and tries again, and the entry comes back on it', async (context) => {
  const socket = await publicSocket()
  // Whoever has the lock is the holder; now that is this test.
  const last = await killKeeper(app, 'holder')
  const lock = await eventually(async () => takeLock(join(app.state, 'holder.lock')))
  try {
    const result = await underLoad(app, async () => {
      await sleep(2_000)
    })
    assertNothingFailed(context, result)
    assert.deepEqual(await listenersAt(app.port), [socket])
    const killed = await app.json('kill', 'web-1')
    await eventually(async () => {
      const [web] = (await nodesOf(app)).filter(([name]) => name === 'web-1')
      return web?.[1] !== killed.pid && web?.[2] === 'healthy' ? true : null
    })
    assert.deepEqual(await listenersAt(app.port), [socket])
  } finally {
    lock.release()
  }
  await nextKeeper(app, 'holder', last)
  assert.equal(await publicSocket(), socket)
  const refusals = (await logLines('holder.log')).filter(({ word }) => word !== undefined)
  context.diagnostic(`${refusals.length} holders found the lock taken`)
  assert.ok(refusals.length >= 2 && refusals.length <= 40, `${refusals.length} starts`)
})

test('at rest the holder uses no processor time, and little memory', async (context) => {
  const { pid } = await identityOf(app, 'holder')
  const ticks = async () => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  await sleep(500)
  const before = await ticks()
  await sleep(3_000)
  const used = (await ticks()) - before
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const anonymousKb = Number(/RssAnon:\s+(\d+)/.exec(status)?.[1])
  const residentKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
  context.diagnostic(`${used} ticks in 3 s; ${residentKb} kB resident, ${anonymousKb} kB its own`)
  assert.ok(used <= 1, `${used} ticks`)
  assert.ok(anonymousKb < 20_000, `${anonymousKb} kB`)
})

test('a frozen control is not replaced, and goes on where it was', async () => {
  const control = await identityOf(app, 'control')
  process.kill(control.pid, 'SIGSTOP')
  try {
    await sleep(1_500)
    assert.deepEqual(await identityOf(app, 'control'), control)
    assert.equal((await fetch(app.url)).status, 200)
  } finally {
    process.kill(control.pid, 'SIGCONT')
  }
  assert.deepEqual(
    (await nodesOf(app)).map(([, , health]) => health),
    ['healthy', 'healthy'],
  )
  assert.deepEqual(await identityOf(app, 'control'), control)
})

test('a command that can do nothing without control waits for one that comes late', async () => {
  const nodes = await nodesOf(app)
  const holder = await identityOf(app, 'holder')
  process.kill(holder.pid, 'SIGSTOP')
  await killKeeper(app, 'control')
  const killing = app.json('kill', 'web-1')
  await sleep(4_500)
  process.kill(holder.pid, 'SIGCONT')
  assert.deepEqual(await killing, {
    node: 'web-1',
    pid: nodes.find(([name]) => name === 'web-1')?.[1],
  })
})

test('down ends a frozen holder as well', async () => {
  process.kill((await identityOf(app, 'holder')).pid, 'SIGSTOP')
  assert.deepEqual((await app.json('down')).stopped, ['db-1', 'web-1'])
  assert.deepEqual(await app.leftovers(), [])
  assert.deepEqual(await listenersAt(app.port), [])
})

test('down ends what a dead control and a frozen holder have left', async () => {
  await bringUp(app)
  process.kill((await identityOf(app, 'holder')).pid, 'SIGSTOP')
  await killKeeper(app, 'control')
  assert.deepEqual((await app.json('down')).stopped, ['web-1', 'db-1'])
  assert.deepEqual(await app.leftovers(), [])
})

test('SIGTERM to the holder stops everything in order', async () => {
  await bringUp(app)
  process.kill((await identityOf(app, 'holder')).pid, 'SIGTERM')
  await eventually(async () => ((await app.leftovers()).length === 0 ? true : null))
  assert.match(String((await logLines('control.log')).at(-1)?.sentence), /Everything is stopped/)
})

test('up stays attached while one control follows another, says so, and still stops everything', async () => {
  await app.banyan('down')
  const running = app.start('up')
  await running.until(/Ready in/)
  for (const count of [1, 2]) {
    await killKeeper(app, 'control')
    await eventually(async () => {
      const deaths = running.output().split('Control died').slice(1)
      return deaths.length === count && deaths.at(-1)?.includes('tiny is up at') ? true : null
    })
  }
  running.child.kill('SIGINT')
  const { code, stdout } = await running.ended
  assert.equal(code, 0, stdout)
  assert.match(stdout, /Everything is stopped; the data stays\./)
  assert.deepEqual(await app.leftovers(), [])
})

test('an up that is interrupted while no control runs stops everything all the same', async () => {
  await app.banyan('down')
  const running = app.start('up')
  await running.until(/Ready in/)
  process.kill((await identityOf(app, 'holder')).pid, 'SIGSTOP')
  await killKeeper(app, 'control')
  await running.until(/Control died/)
  running.child.kill('SIGINT')
  const { code, stdout, stderr } = await running.ended
  assert.equal(code, 0, stdout + stderr)
  assert.deepEqual(await app.leftovers(), [])
})

test('a holder without its state directory ends, and starts nothing', async () => {
  const gone = await makeHeldApp()
  try {
    await chmod(gone.folder, 0o755)
    await bringUp(gone)
    const holder = await identityOf(gone, 'holder')
    process.kill(holder.pid, 'SIGSTOP')
    await killKeeper(gone, 'control')
    // The database still writes.
    await rm(gone.state, { recursive: true, maxRetries: 20, retryDelay: 20 })
    process.kill(holder.pid, 'SIGCONT')
    await eventually(async () => {
      const left = await gone.leftovers()
      return left.some((line) => / banyan (holder|control) /.test(line)) ? null : true
    })
  } finally {
    await gone.remove()
  }
})

describe('nobody has the public socket but who needs it', () => {
  let shop: TestApp
  before(async () => {
    shop = await makeHeldApp({
      'banyan.config.ts': `export default {
  name: 'tiny',
  services: {
    web: { run: 'node web.mjs', routes: ['/'], build: 'node build.mjs' },
    mail: { run: 'node mail.mjs' },
  },
  data: {},
}
`,
      'build.mjs': `import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
const links = readdirSync('/proc/self/fd').map((fd) => { try { return readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })
writeFileSync('built.json', JSON.stringify(links))
`,
      'mail.mjs': 'setInterval(() => {}, 1000)',
    })
    await bringUp(shop)
  })
  after(async () => await shop.remove())

  async function owners(): Promise<string[]> {
    const [socket = ''] = await listenersAt(shop.port)
    const lines = await shop.leftovers()
    const found = await Promise.all(
      lines.map(async (line): Promise<string[]> => {
        const pid = Number(line.split(' ')[0])
        return (await socketsOf(pid).catch((): string[] => [])).includes(socket) ? [line] : []
      }),
    )
    return found.flat().map((line) => line.replace(/^\d+ /, '').replace(/ \/.*$/, ''))
  }

  test('holder, control and the entry have it; PostgreSQL, workers and builds have not', async () => {
    const [socket = ''] = await listenersAt(shop.port)
    // A build runs in the snapshot of its release.
    const [snapshot = ''] = await readdir(join(shop.state, 'snapshots'))
    const path = join(shop.state, 'snapshots', snapshot, 'app', 'built.json')
    const built: string[] = JSON.parse(await readFile(path, 'utf8'))
    assert.ok(!built.includes(socket))
    assert.equal((await owners()).length, 3, (await owners()).join('\n'))
  })

  test('nor does anything that a later control starts', async () => {
    await nextKeeper(shop, 'control', await killKeeper(shop, 'control'))
    await eventually(async () =>
      (await nodesOf(shop)).every(([, , health]) => health === 'healthy') ? true : null,
    )
    for (const name of ['db-1', 'mail-1', 'web-1']) {
      const killed = await shop.json('kill', name)
      await eventually(async () => {
        const [node] = (await nodesOf(shop)).filter(([one]) => one === name)
        return node?.[1] !== killed.pid && node?.[2] === 'healthy' ? true : null
      })
    }
    assert.equal((await owners()).length, 3, (await owners()).join('\n'))
  })
})

test('of two systems that start at once on one port, one runs, and the other says who is there', async () => {
  const [one, two] = [await makeHeldApp(), await makeHeldApp()]
  try {
    const words = ['up', '--detach', '--json', '--port', String(one.port)]
    const ended = await Promise.all([one.banyan(...words), two.banyan(...words)])
    assert.deepEqual(ended.map(({ code }) => code).sort(), [0, 1])
    const loser = ended[0]?.code === 1 ? one : two
    const last =
      ended
        .find(({ code }) => code === 1)
        ?.stdout.trim()
        .split('\n')
        .at(-1) ?? ''
    assert.equal(JSON.parse(last).error.code, 'BANYAN_PORT_TAKEN')
    assert.deepEqual(await loser.leftovers(), [])
    assert.equal((await listenersAt(one.port)).length, 1)
  } finally {
    await one.remove()
    await two.remove()
  }
})

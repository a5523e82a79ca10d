import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClimbReport, Status } from '@banyan/control/api'
import { startLoad } from '@banyan/testing'
import { eventually } from './support/banyan.ts'
import { killBoth, killKeeper, nextKeeper } from './support/held.ts'
import { converse, type LinesApp, LinesClient, makeLinesApp } from './support/lines.ts'

/*
 * Services with a protocol of their own: each connection to their public port reaches one of their
 * processes, byte for byte, whatever stands at the entry and whatever goes on behind it.
 */

const missing = existsSync('/usr/sbin/haproxy') ? false : 'needs haproxy: apt-get install haproxy'
const engines = ['gateway', 'haproxy'] as const
type Engine = (typeof engines)[number]

const seed = Number(process.env.BANYAN_SEED ?? randomInt(2 ** 31))
/** One behind which the conversations are tried, by the seed; `all` tries both. Climbs have both anyway. */
const tried =
  process.env.BANYAN_TCP_ENGINES === 'all' ? engines : engines.slice(seed % 2, (seed % 2) + 1)

async function bringUp(app: LinesApp, ...words: string[]): Promise<void> {
  const { code, stdout, stderr } = await app.banyan(
    'up',
    '--detach',
    '--port',
    String(app.port),
    ...words,
  )
  if (code !== 0) throw new Error(stdout + stderr)
}

async function status(app: LinesApp): Promise<Status> {
  return (await app.json('status')) as unknown as Status
}

async function climb(app: LinesApp, ...words: string[]): Promise<ClimbReport> {
  const report = (await app.json(...words)) as unknown as ClimbReport
  assert.equal(report.outcome, 'done', JSON.stringify(report, null, 1))
  return report
}

/** Conversations go on while something is done; none of them may fail. */
async function conversing(
  app: LinesApp,
  work: () => Promise<void>,
): Promise<{ sent: number; nodes: ReadonlySet<string>; longestGapMs: number }> {
  const nodes = new Set<string>()
  const load = startLoad({
    rate: 50,
    send: async () => {
      const { node } = await converse(app.tcp)
      nodes.add(node)
      return node
    },
  })
  try {
    await eventually(async () => (load.acknowledged() > 10 ? true : null))
    await work()
    await sleep(300)
  } catch (error) {
    await load.stop()
    throw error
  }
  const { sent, failed, longestGapMs } = await load.stop()
  const errors = failed.map(({ error }) => String(error))
  assert.deepEqual(errors, [], `${failed.length} of ${sent} conversations failed`)
  return { sent, nodes, longestGapMs: Math.round(longestGapMs) }
}

/** What a process has of memory that is its own, in bytes. */
async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]) * 1_024
}

/** The entry, and the processes that it has started. */
async function entryMemory(app: LinesApp): Promise<number> {
  const { nodes } = await status(app)
  const pid = nodes.find(({ tier }) => tier === 'entry')?.pid
  assert.ok(pid)
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const pids = [pid, ...children.split(' ').filter(Boolean).map(Number)]
  const all = await Promise.all(pids.map(memoryOf))
  return all.reduce((sum, bytes) => sum + bytes, 0)
}

for (const engine of tried) {
  const skip = engine === 'haproxy' ? missing : false
  describe(`a service of lines behind the ${engine}`, { timeout: 600_000, skip }, () => {
    promisesOf(engine)
  })
}

function promisesOf(engine: Engine): void {
  let app: LinesApp

  before(async () => {
    app = await makeLinesApp()
    await bringUp(app, '--rungs', 'balanced', '--balancer', engine)
  })
  after(async () => {
    await app?.remove()
    assert.deepEqual(await app?.leftovers(), [])
  })

  it('has two processes that connections go to in turn, beside the web service', async () => {
    const { nodes } = await status(app)
    assert.deepEqual(nodes.map(({ name }) => name).sort(), [
      `${engine}-1`,
      'lines-1',
      'lines-2',
      'web-1',
      'web-2',
    ])
    const answered = await Promise.all([1, 2, 3, 4].map(async () => await converse(app.tcp)))
    assert.deepEqual(answered.map(({ node }) => node).sort(), [
      'lines-1',
      'lines-1',
      'lines-2',
      'lines-2',
    ])
    assert.equal(await (await fetch(app.url)).text(), 'web')
  })

  it('passes the end of one direction on by itself', async () => {
    const { client } = await LinesClient.open(app.tcp)
    client.socket.write('COUNT\r\n')
    const piece = Buffer.alloc(1_000_003, 'y')
    client.socket.end(piece)
    assert.equal(await client.line(), `250 counted ${piece.length}`)
    client.socket.destroy()
  })

  it('waits for a reader that is slow, and keeps little of what it has not read', async (context) => {
    const readers = await Promise.all([1, 2, 3, 4].map(() => LinesClient.open(app.tcp)))
    const bytes = 67_108_864
    const before = await entryMemory(app)
    for (const { client } of readers) {
      client.socket.pause()
      client.socket.write(`FLOOD ${bytes}\r\n`)
    }
    await sleep(2_000)
    const grown = (await entryMemory(app)) - before
    context.diagnostic(`${Math.round(grown / 1_048_576)} MB more for 4 × 64 MB that wait`)
    assert.ok(grown < 67_108_864, `${grown} bytes more`)
    // Somebody else is served meanwhile.
    await converse(app.tcp)
    for (const { client } of readers) client.socket.destroy()
  })

  it('loses no conversation but those of a process that is killed', async (context) => {
    const { client, node } = await LinesClient.open(app.tcp)
    const other = await LinesClient.open(app.tcp)
    assert.notEqual(other.node, node)
    const load = startLoad({ rate: 50, send: async () => await converse(app.tcp) })
    await sleep(500)
    const pid = (await status(app)).nodes.find(({ name }) => name === node)?.pid
    await app.json('kill', node)
    await assert.rejects(client.line())
    assert.equal(await other.client.ask('SAY here'), '250 here')
    await eventually(async () => {
      const found = (await status(app)).nodes.find(({ name }) => name === node)
      return (found?.pid !== pid && found?.health === 'healthy') || null
    })
    await sleep(500)
    const { sent, failed } = await load.stop()
    const errors = failed.map(({ error }) => String(error))
    context.diagnostic(`${failed.length} of ${sent} conversations failed: ${errors.join('; ')}`)
    assert.ok(failed.length <= sent / 10, errors.join('\n'))
    assert.ok(!errors.some((error) => error.includes('ECONNREFUSED')), errors.join('\n'))
    await other.client.quit()
  })

  it('brings a release live without a conversation that fails', async (context) => {
    await app.release('r2')
    // Another drain timeout: HAProxy is reloaded on the way, and has to keep its sockets.
    const text = await readFile(`${app.folder}/banyan.config.ts`, 'utf8')
    await app.write('banyan.config.ts', text.replace('2000', '8000'))
    const { sent, nodes } = await conversing(app, async () => {
      await climb(app, 'release')
    })
    assert.equal((await converse(app.tcp)).release, 'r2')
    context.diagnostic(`${sent} conversations with ${[...nodes].sort().join(', ')}`)
    assert.ok(nodes.has('lines-1-stand-in'), 'the first share went nowhere')
  })

  it('takes a release back that crashes with its first conversations', async (context) => {
    await app.release('crashing')
    const load = startLoad({ rate: 50, send: async () => await converse(app.tcp) })
    const report = (await app.json('release')) as unknown as ClimbReport
    const { sent, failed } = await load.stop()
    context.diagnostic(`${failed.length} of ${sent} failed; ${report.reason?.message}`)
    assert.equal(report.outcome, 'undone', JSON.stringify(report, null, 1))
    assert.match(report.reason?.message ?? '', /lines-1-stand-in.* crashed/)
    // Only the first share meets it, and of that only what a process lives to see.
    assert.ok(failed.length <= sent / 10, `${failed.length} of ${sent} failed`)
    assert.equal((await converse(app.tcp)).release, 'r2')
  })
}

describe('climbs with a service of lines', { timeout: 600_000 }, () => {
  let app: LinesApp

  before(async () => {
    app = await makeLinesApp(true)
    await bringUp(app)
  })
  after(async () => {
    await app?.remove()
    assert.deepEqual(await app?.leftovers(), [])
  })

  it('has a gateway on single too, and answers /-/ready there', async () => {
    const { nodes } = await status(app)
    assert.deepEqual(nodes.map(({ name }) => name).sort(), ['gateway-1', 'lines-1'])
    assert.equal((await converse(app.tcp)).node, 'lines-1')
    assert.equal((await fetch(`${app.url}/-/ready`)).status, 200)
  })

  it('takes the port over from nobody: a second system of the same port is refused', async () => {
    const other = await makeLinesApp(true)
    try {
      const text = await readFile(`${app.folder}/banyan.config.ts`, 'utf8')
      await other.write('banyan.config.ts', text)
      const answer = await other.json('up', '--detach', '--port', String(other.port))
      const { code, message } = answer.error as { code: string; message: string }
      assert.equal(code, 'BANYAN_PORT_TAKEN')
      assert.match(message, new RegExp(`127\\.0\\.0\\.1:${app.tcp} is taken`))
    } finally {
      await other.remove()
    }
  })

  it('keeps a conversation open and starts new ones across grow and shrink', async (context) => {
    const { client, node } = await LinesClient.open(app.tcp)
    assert.equal(node, 'lines-1')
    const grown = await conversing(app, async () => {
      await climb(app, 'grow', 'balanced')
    })
    assert.equal(await client.ask('SAY still'), '250 still')
    await client.quit()
    assert.deepEqual([...grown.nodes].sort(), ['lines-1', 'lines-2'])
    const shrunk = await conversing(app, async () => {
      await climb(app, 'shrink', 'balanced')
    })
    context.diagnostic(JSON.stringify({ grown: grown.sent, shrunk: shrunk.sent }))
  })

  it('refuses no connection while gateway and HAProxy change over', { skip: missing }, async () => {
    for (const balancer of ['haproxy', 'gateway']) {
      const { client } = await LinesClient.open(app.tcp)
      await conversing(app, async () => {
        const climbing = climb(app, 'grow', '--balancer', balancer)
        await sleep(1_000)
        // Whoever is told to go finishes what it has.
        assert.equal(await client.ask('SAY still'), '250 still')
        await client.quit()
        await climbing
      })
    }
  })

  it('refuses no connection when control, or the holder, is killed', async () => {
    await conversing(app, async () => {
      for (const who of ['control', 'holder'] as const) {
        const last = await killKeeper(app, who)
        await nextKeeper(app, who, last)
      }
    })
  })

  it('refuses no connection when the gateway is killed', async (context) => {
    const load = startLoad({ rate: 50, send: async () => await converse(app.tcp) })
    await sleep(300)
    const pid = (await status(app)).nodes.find(({ name }) => name === 'gateway-1')?.pid
    await app.json('kill', 'gateway-1')
    await eventually(async () => {
      const found = (await status(app)).nodes.find(({ name }) => name === 'gateway-1')
      return (found?.pid !== pid && found?.health === 'healthy') || null
    })
    await sleep(300)
    const { sent, failed, longestGapMs } = await load.stop()
    const errors = failed.map(({ error }) => String(error))
    context.diagnostic(`${failed.length} of ${sent} failed, longest gap ${longestGapMs} ms`)
    assert.ok(!errors.some((error) => error.includes('ECONNREFUSED')), errors.join('\n'))
  })

  it('is taken over by "up" beside the gateway when holder and control died at once', async () => {
    await conversing(app, async () => {
      await killBoth(app)
      await bringUp(app)
    })
  })

  it('gives a port to another service without a conversation that fails', async () => {
    const text = await readFile(`${app.folder}/banyan.config.ts`, 'utf8')
    await app.write('banyan.config.ts', text.replace('lines: {', 'texts: {'))
    const { nodes } = await conversing(app, async () => {
      await climb(app, 'release')
    })
    assert.deepEqual([...nodes].sort(), ['lines-1', 'texts-1'])
    const back = await conversing(app, async () => {
      await climb(app, 'undo')
    })
    assert.ok(back.nodes.has('lines-1'))
    assert.deepEqual((await status(app)).nodes.map(({ name }) => name).sort(), [
      'gateway-1',
      'lines-1',
    ])
    await app.write('banyan.config.ts', text)
  })

  it('refuses a release with a port that is not bound, and goes on', async () => {
    const text = await readFile(`${app.folder}/banyan.config.ts`, 'utf8')
    await app.write('banyan.config.ts', text.replace(`tcp: ${app.tcp}`, `tcp: ${app.tcp + 1}`))
    const answer = await app.json('release')
    const { code, message } = answer.error as { code: string; message: string }
    assert.equal(code, 'BANYAN_RELEASE_REFUSED')
    assert.match(message, new RegExp(`lines has the public port ${app.tcp + 1}`))
    await app.write('banyan.config.ts', text)
    await converse(app.tcp)
  })
})

describe('a public port that somebody else has', { timeout: 120_000 }, () => {
  it('is found before the first effect, with who has it', async () => {
    const app = await makeLinesApp()
    const server = createServer().listen(app.tcp, '127.0.0.1')
    try {
      const answer = await app.json('up', '--detach', '--port', String(app.port))
      const { code, message, hint } = answer.error as Record<string, string>
      assert.equal(code, 'BANYAN_PORT_TAKEN')
      assert.match(String(message), new RegExp(`:${app.tcp} is taken: process ${process.pid}`))
      assert.match(String(hint), /under `tcp:` in the config/)
      assert.equal(existsSync(`${app.state}/holder.json`), false)
    } finally {
      server.close()
      await app.remove()
    }
  })

  it('is not the one that the system has for HTTP', async () => {
    const app = await makeLinesApp()
    try {
      const answer = await app.json('up', '--detach', '--port', String(app.tcp))
      assert.equal((answer.error as { code: string }).code, 'BANYAN_PORT_TAKEN')
    } finally {
      await app.remove()
    }
  })
})

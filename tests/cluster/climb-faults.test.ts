import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, open, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeStatus, Status } from '@banyan/control/api'
import { type Load, startLoad } from '@banyan/testing'
import { eventually } from './support/banyan.ts'
import { type ClimbSystem, startClimbSystem } from './support/climbs.ts'

/* What goes wrong in a climb: it turns back, the app serves on, and the report says why. */

const serve = JSON.stringify(
  new URL('../../packages/banyan/src/index.ts', import.meta.url).pathname,
)

/** A web process that does what a file in a folder says for its node. */
const webBy = (folder: string) => `import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from ${serve}
const mood = (name) => existsSync(join(${JSON.stringify(folder)}, name + '-' + process.env.BANYAN_NODE))
if (mood('crash')) throw new Error('no mood to start today')
if (mood('slow')) await new Promise((resolve) => setTimeout(resolve, 2_000))
if (mood('late')) await new Promise((resolve) => setTimeout(resolve, 600_000))
await serve((request, response) => response.end(process.env.BANYAN_NODE))
`

const config = `export default {
  name: 'moody',
  services: { web: { run: 'node web.ts', routes: ['/'], startTimeoutMs: 6000, stopTimeoutMs: 8000 } },
}
`

describe('a climb in which something goes wrong', { timeout: 300_000 }, () => {
  let folder = ''
  let system: ClimbSystem

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-moody-')))
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'banyan.config.ts'), config)
    await writeFile(join(folder, 'web.ts'), webBy(folder))
    system = await startClimbSystem({ config: join(folder, 'banyan.config.ts') })
  })
  after(async () => {
    await system?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  const ask = async () => {
    const response = await fetch(system.url)
    if (response.status !== 200) throw new Error(`status ${response.status}`)
    return await response.text()
  }
  const mood = async (name: string) => await writeFile(join(folder, name), '')
  const forget = async (name: string) => await rm(join(folder, name), { force: true })

  /** Asks again and again while the work is done; every question is to be answered. */
  async function unnoticed<Result>(work: () => Promise<Result>): Promise<Result> {
    const load = startLoad({ rate: 50, send: ask })
    try {
      return await work()
    } finally {
      const { failed, sent } = await load.stop()
      assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
    }
  }

  async function climbUndone(direction: 'grow' | 'shrink', because: RegExp): Promise<void> {
    const before = await system.status()
    const report = await unnoticed(async () => await system.climb(direction, 'balanced'))
    assert.equal(report.outcome, 'undone', JSON.stringify(report, null, 1))
    assert.match(report.reason?.message ?? '', because)
    const status = await eventually(async () => {
      const now = await system.status()
      return now.nodes.every(({ health }) => health === 'healthy') ? now : null
    })
    assert.deepEqual(status.rungs, before.rungs)
    assert.deepEqual(namesOf(status), namesOf(before))
  }

  const namesOf = ({ nodes }: Status) => nodes.map(({ name }) => name).sort()

  it('turns back when the second web server crashes, with its last words', async () => {
    await mood('crash-web-2')
    await climbUndone('grow', /no mood to start today/)
    await forget('crash-web-2')
  })

  it('turns back when the second web server is never ready', async () => {
    await mood('late-web-2')
    await climbUndone('grow', /not ready/)
    await forget('late-web-2')
  })

  it('makes the first web server the entry again when it does not come back behind the gateway', async () => {
    // It runs until it is told to stop, and then has no mood to start for a while.
    await mood('crash-web-1')
    const report = await unnoticed(async () => {
      const growing = system.climb('grow', 'balanced')
      await eventually(async () => {
        const lines = await system.journal()
        return lines.at(-1)?.kind !== 'end' && lines.some(isTurnOf(lines)) ? true : null
      }, 60_000)
      await forget('crash-web-1')
      return await growing
    })
    assert.equal(report.outcome, 'undone', JSON.stringify(report, null, 1))
    assert.match(report.reason?.message ?? '', /no mood to start today/)
    const { rungs, nodes } = await system.status()
    assert.deepEqual(rungs, ['single'])
    assert.deepEqual(
      nodes.map(({ name }) => name),
      ['web-1'],
    )
  })

  it('keeps what serves when the way back is blocked too, and can be led on from there', async () => {
    await mood('crash-web-1')
    const report = await unnoticed(async () => await system.climb('grow', 'balanced'))
    assert.equal(report.outcome, 'failed', JSON.stringify(report, null, 1))
    await forget('crash-web-1')
    const again = await unnoticed(async () => {
      await eventually(async () => (await system.status()).nodes.every(isHealthy) || null)
      return await system.climb('shrink', 'balanced')
    })
    assert.equal(again.outcome, 'done', JSON.stringify(again, null, 1))
    assert.deepEqual(namesOf(await system.status()), ['web-1'])
  })

  it('turns back when the gateway does not come up, and the web process stays the entry', async () => {
    await system.climb('grow', 'balanced')
    const { address } = await system.node('gateway-1')
    await system.climb('shrink', 'balanced')
    const [host, port] = String(address).split(':')
    await mood('slow-web-2')
    const stranger = createServer()
    const report = await unnoticed(async () => {
      const growing = system.climb('grow', 'balanced')
      // The gateway gets the same port as before; a stranger takes it while the second web server starts.
      await eventually(async () => {
        const line = (await system.journal()).at(-1) as { step?: { kind: string } } | undefined
        return line?.step?.kind === 'start-node' || null
      })
      stranger.listen(Number(port), host)
      await once(stranger, 'listening')
      return await growing
    }).finally(() => stranger.close())
    await forget('slow-web-2')
    assert.equal(report.outcome, 'undone', JSON.stringify(report, null, 1))
    assert.match(report.reason?.message ?? '', /gateway-1/)
    assert.deepEqual(namesOf(await system.status()), ['web-1'])
  })

  it('refuses whole what cannot succeed, with every reason, and does nothing', async () => {
    const before = (await system.journal()).length
    const { error } = await system.json<{ error: { code: string; message: string } }>(
      'grow',
      'balancd',
    )
    assert.equal(error.code, 'BANYAN_RUNG_UNKNOWN')
    await mood('slow-web-2')
    const growing = system.climb('grow', 'balanced')
    await eventually(async () => (await system.status()).climb)
    const second = await system.json<{ error: { code: string } }>('grow', 'balanced')
    assert.equal(second.error.code, 'BANYAN_CLIMB_RUNNING')
    assert.equal((await growing).outcome, 'done')
    await forget('slow-web-2')
    assert.equal((await system.climb('shrink', 'balanced')).outcome, 'done')
    assert.ok((await system.journal()).length > before)
  })
})

const cannotMount =
  process.platform === 'linux' && process.getuid?.() === 0
    ? false
    : 'needs root on Linux to mount a small disk'

describe('a climb on a disk that fills up', { timeout: 120_000, skip: cannotMount }, () => {
  it('goes no step further, serves on, and is led to its end once there is room', async () => {
    const app = await realpath(await mkdtemp(join(tmpdir(), 'banyan-moody-')))
    const disk = await realpath(await mkdtemp(join(tmpdir(), 'banyan-disk-')))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=755', 'tmpfs', disk])
    let system: ClimbSystem | null = null
    let load: Load<string> | null = null
    try {
      await writeFile(join(app, 'banyan.config.ts'), config)
      await writeFile(join(app, 'web.ts'), webBy(app))
      await writeFile(join(app, 'slow-web-2'), '')
      system = await startClimbSystem({ config: join(app, 'banyan.config.ts'), folder: disk })
      const { url } = system
      load = startLoad({ rate: 50, send: async () => await (await fetch(url)).text() })
      const growing = system.climb('grow', 'balanced')
      await sleep(1_200)
      await fill(join(disk, 'filler'))
      const report = await growing
      await rm(join(disk, 'filler'))
      const refused = report.outcome === 'failed'
      assert.ok(refused, JSON.stringify(report, null, 1))
      assert.equal(report.reason?.code, 'BANYAN_STATE_UNWRITABLE', JSON.stringify(report.reason))
      const again = await system.climb('grow', 'balanced')
      const { failed, sent } = await load.stop()
      assert.equal(again.outcome, 'done', JSON.stringify(again, null, 1))
      assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
    } finally {
      await load?.stop()
      await system?.remove()
      execFileSync('umount', ['-l', disk])
      await rm(disk, { recursive: true, force: true })
      await rm(app, { recursive: true, force: true })
    }
  })
})

/** Writes until nothing fits any more. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (let bytes = 1_048_576; bytes >= 1; ) {
      const isFull = await file.write(Buffer.alloc(bytes)).then(
        ({ bytesWritten }) => bytesWritten < bytes,
        () => true,
      )
      if (isFull) bytes = Math.floor(bytes / 2)
    }
  } finally {
    await file.close()
  }
}

const isHealthy = ({ health }: NodeStatus): boolean => health === 'healthy'

/** Whether a line turns the climb back that was begun last. */
function isTurnOf(lines: readonly Record<string, unknown>[]) {
  const last = lines.findLast(({ kind }) => kind === 'climb')?.climb
  return ({ kind, climb }: Record<string, unknown>) => kind === 'turn' && climb === last
}

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeApp, migratedFiles, type TestApp } from './support/banyan.ts'
import { killBoth, killKeeper } from './support/held.ts'
import { momentsMax, sample } from './support/sample.ts'

/** Where `up` can be interrupted: everything that it says on its way, found by letting it say it. */
type Moment = { readonly name: string; readonly index: number }

type Event = {
  type: string
  kind?: string
  node?: string
  outcome?: string
  health?: string
  sentence: string
}

function nameOf(event: Event): string {
  return [event.type, event.kind, event.node, event.outcome, event.health].filter(Boolean).join(' ')
}

async function recordMoments(): Promise<Moment[]> {
  const app = await makeApp(migratedFiles)
  try {
    const { code, stdout, stderr } = await app.banyan(
      'up',
      '--detach',
      '--json',
      '--port',
      String(app.port),
    )
    assert.equal(code, 0, stderr)
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event)
    return events.map((event, index) => ({ name: nameOf(event), index }))
  } finally {
    await app.remove()
  }
}

async function assertNothingRuns(app: TestApp): Promise<void> {
  assert.deepEqual(await app.leftovers(), [])
  // Half-made clusters carry another name until they are whole.
  const nodes = await readdir(join(app.state, 'nodes')).catch(() => [])
  for (const node of nodes) {
    const names = await readdir(join(app.state, 'nodes', node))
    assert.deepEqual(
      names.filter((name) => /new|making|tmp/.test(name)),
      [],
      node,
    )
  }
}

const everyMoment = 'SIGINT at every moment of up leaves nothing running, and the next up works'

describe(everyMoment, { concurrency: 3 }, async () => {
  for (const { name, index } of sample(await recordMoments(), momentsMax, 'events')) {
    test(`interrupted at event ${index}: ${name}`, async () => {
      const app = await makeApp(migratedFiles)
      try {
        const running = app.start('up', '--json', '--port', String(app.port))
        await running.until(new RegExp(`^(?:.*\\n){${index + 1}}`))
        running.child.kill('SIGINT')
        const { code, stdout } = await running.ended
        const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
        if (stdout.includes('"type":"ready"')) assert.equal(code, 0)
        else assert.deepEqual([code, last.error?.code], [1, 'BANYAN_INTERRUPTED'])
        await assertNothingRuns(app)
        const again = await app.banyan('up', '--detach', '--port', String(app.port))
        assert.equal(again.code, 0, again.stderr)
        assert.equal((await fetch(app.url)).status, 200)
      } finally {
        await app.remove()
      }
    })
  }
})

describe('interrupted by time, where no event tells', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp()
  })
  after(async () => await app.remove())

  const afterAll = [0, 40, 80, 120, 180, 240, 300, 400, 500]
  for (const afterMs of sample(afterAll, momentsMax, 'times')) {
    test(`SIGTERM ${afterMs} ms after its start leaves nothing running`, async () => {
      const running = app.start('up', '--port', String(app.port))
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      running.child.kill('SIGTERM')
      await running.ended
      await assertNothingRuns(app)
    })
  }

  test('the up after all of them works', async () => {
    const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, stderr)
  })

  test('SIGKILL of up leaves control in charge: the system comes up without a terminal', async () => {
    await app.banyan('down')
    const running = app.start('up')
    await running.until(/Start db-1/)
    running.child.kill('SIGKILL')
    await running.ended
    const { code } = await app.banyan('down')
    assert.equal(code, 0)
    await assertNothingRuns(app)
  })
})

describe('SIGKILL of control in the middle of up', {
  concurrency: 3,
}, () => {
  const moments = [
    'create-data-node.*begun',
    'Making a database cluster',
    'create-data-node.*done',
    'start-node.*db-1.*begun',
    'apply-migrations.*begun',
    'apply-migrations.*done',
    'start-node.*web-1.*begun',
    'start-node.*web-1.*done',
  ]
  for (const moment of sample(moments, momentsMax, 'alone')) {
    test(`killed alone at ${moment}: the next control goes on, and up stays with it`, async () => {
      const app = await makeApp(migratedFiles)
      try {
        const running = app.start('up', '--json', '--port', String(app.port))
        await running.until(new RegExp(moment))
        await killKeeper(app, 'control')
        await running.until(/"type":"ready"/)
        assert.equal((await fetch(app.url)).status, 200)
        running.child.kill('SIGINT')
        assert.equal((await running.ended).code, 0)
        await assertNothingRuns(app)
      } finally {
        await app.remove()
      }
    })
  }

  for (const moment of sample(moments, momentsMax, 'with its holder')) {
    test(`killed with its holder at ${moment}: up says so, and the next up goes on`, async () => {
      const app = await makeApp(migratedFiles)
      try {
        const running = app.start('up', '--json', '--port', String(app.port))
        await running.until(new RegExp(moment))
        await killBoth(app)
        assert.equal((await running.ended).code, 1)
        const again = await app.banyan('up', '--detach')
        assert.equal(again.code, 0, again.stderr)
        assert.equal((await fetch(app.url)).status, 200)
        assert.equal((await app.banyan('down')).code, 0)
        await assertNothingRuns(app)
      } finally {
        await app.remove()
      }
    })
  }
})

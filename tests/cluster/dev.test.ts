import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { proofAccess, statePaths } from '@banyan/control/api'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'
import { type Dev, startDev } from './support/dev.ts'
import { killBoth, killKeeper } from './support/held.ts'

const repository = new URL('../../', import.meta.url).pathname

const config = `export default {
  name: 'tiny',
  services: { web: { run: 'node web.mjs', routes: ['/'] } },
  data: { migrations: './migrations' },
  assets: './public',
}
`

/** Says its text, its environment and the columns of its table. */
const web = `import { createServer } from 'node:http'
import pg from ${JSON.stringify(join(repository, 'node_modules/pg/esm/index.mjs'))}
import { text } from './text.mjs'
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 })
pool.on('error', () => {})
const sql = "select column_name from information_schema.columns where table_name = 'notes' order by 1"
const server = createServer(async (request, response) => {
  const { rows } = await pool.query(sql)
  const columns = rows.map(({ column_name }) => column_name)
  response.end(JSON.stringify({ text, columns, mode: process.env.NODE_ENV, colour: process.env.COLOUR, pid: process.pid }))
})
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('started'))
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeAllConnections() })
`

const files = {
  'banyan.config.ts': config,
  'web.mjs': web,
  'text.mjs': "export const text = 'one'\n",
  'migrations/0001_notes.sql': 'create table notes (id bigint primary key, body text);\n',
  'public/style.css': 'body {}\n',
  '.gitignore': 'uploads/\n*.cache\n',
}

type Answer = { text: string; columns: string[]; mode: string; colour?: string; pid: number }

const ask = async ({ url }: TestApp) => (await (await fetch(url)).json()) as Answer
const textOf = (text: string) => `export const text = ${JSON.stringify(text)}\n`

async function starts(app: TestApp): Promise<number> {
  const log = await readFile(join(app.state, 'logs/web-1.log'), 'utf8')
  return log.split('\n').filter((line) => line === 'started').length
}

async function untilNothingRuns(app: TestApp): Promise<void> {
  await eventually(async () => ((await app.leftovers()).length === 0 ? true : null))
}

describe('what is edited runs at once', () => {
  let app: TestApp
  let dev: Dev
  before(async () => {
    app = await makeApp(files)
    dev = await startDev(app)
  })
  after(async () => await app.remove())

  test('a service runs for development, on the database of the system', async () => {
    const { text, mode, columns } = await ask(app)
    assert.deepEqual([text, mode, columns], ['one', 'development', ['body', 'id']])
  })

  test('a file that is edited starts the service again, and one sentence says so', async () => {
    const change = await dev.after(() => app.write('text.mjs', textOf('two')))
    assert.match(change.sentence, /^text\.mjs changed: web-1 restarted in \d+(\.\d)? m?s\.$/)
    assert.equal((await ask(app)).text, 'two')
  })

  test('a service that crashes is not started again and again, and the next change mends it', async () => {
    const before = await starts(app)
    const change = await dev.after(() => app.write('text.mjs', 'export const text = \n'))
    assert.deepEqual([change.outcome, change.error?.code], ['failed', 'BANYAN_SERVICE_CRASHED'])
    assert.match(change.error?.message ?? '', /crashed \(code 1\)[\s\S]*SyntaxError/)
    await sleep(1_500)
    const log = await readFile(join(app.state, 'logs/web-1.log'), 'utf8')
    assert.equal(log.split('SyntaxError').length - 1, 1, 'it was tried once')
    const { nodes } = (await app.json('status')) as {
      nodes: { health: string; sentence: string }[]
    }
    const web = nodes.find(({ sentence }) => sentence.startsWith('web-1'))
    assert.deepEqual(
      [web?.health, web?.sentence],
      ['failed', 'web-1 crashed (code 1) and waits for the next change.'],
    )
    const mended = await dev.after(() => app.write('text.mjs', textOf('three')))
    assert.equal(mended.outcome, 'done')
    assert.deepEqual([(await ask(app)).text, await starts(app)], ['three', before + 1])
  })

  test('a service that was killed comes back by itself', async () => {
    const { pid } = await ask(app)
    await sleep(600)
    await app.json('kill', 'web')
    await eventually(async () => ((await ask(app)).pid === pid ? null : true))
  })

  test('a migration that is added is applied before the service is started again', async () => {
    const sql = 'alter table notes add column written timestamptz;\n'
    const change = await dev.after(() => app.write('migrations/0002_written.sql', sql))
    assert.match(
      change.sentence,
      /^migrations\/0002_written\.sql (?:added|changed): web-1 restarted/,
    )
    assert.deepEqual((await ask(app)).columns, ['body', 'id', 'written'])
    assert.match(dev.output(), /Applied 0002_written\.sql/)
  })

  test('a migration that was edited after it was applied is refused with both ways out, and the old code runs on', async () => {
    const { pid } = await ask(app)
    const edited = `${files['migrations/0001_notes.sql']}-- edited\n`
    const change = await dev.after(() => app.write('migrations/0001_notes.sql', edited))
    assert.equal(change.error?.code, 'BANYAN_MIGRATION_EDITED')
    assert.match(change.error?.hint ?? '', /new migration.*banyan down --destroy/)
    assert.equal((await ask(app)).pid, pid)
    const original = files['migrations/0001_notes.sql']
    const mended = await dev.after(() => app.write('migrations/0001_notes.sql', original))
    assert.equal(mended.outcome, 'done')
  })

  test('a migration that fails, with a config that came with it, changes nothing until both are mended', async () => {
    const { pid } = await ask(app)
    const failed = await dev.after(async () => {
      await app.write('migrations/0003_later.sql', 'alter table nobody add column x int;\n')
      await app.write('banyan.config.ts', config.replace("'/']", "'/'], env: { COLOUR: 'blue' }"))
    })
    assert.equal(failed.error?.code, 'BANYAN_MIGRATION_FAILED')
    assert.match(failed.error?.message ?? '', /0003_later\.sql:1/)
    assert.deepEqual([(await ask(app)).pid, (await ask(app)).colour], [pid, undefined])
    await app.json('kill', 'web')
    const again = await eventually(async () => {
      const answer = await ask(app)
      return answer.pid === pid ? null : answer
    })
    assert.equal(again.colour, undefined, 'what comes back is what ran before')
    await dev.after(() =>
      app.write('migrations/0003_later.sql', 'alter table notes add column later int;\n'),
    )
    const { colour, columns } = await ask(app)
    assert.deepEqual([colour, columns.includes('later')], ['blue', true])
    await dev.after(() => app.write('banyan.config.ts', config))
  })

  test('a config that is edited is taken over', async () => {
    const coloured = config.replace("routes: ['/']", "routes: ['/'], env: { COLOUR: 'red' }")
    const change = await dev.after(() => app.write('banyan.config.ts', coloured))
    assert.match(change.sentence, /^banyan\.config\.ts changed: web-1 restarted/)
    assert.equal((await ask(app)).colour, 'red')
  })

  test('a config that is wrong is refused with its place, and the old one goes on running', async () => {
    const { pid } = await ask(app)
    const broken = await dev.after(() =>
      app.write('banyan.config.ts', 'export default {\n  name: ,\n}\n'),
    )
    assert.equal(broken.error?.code, 'BANYAN_CONFIG_FAILED')
    assert.match(broken.error?.message ?? '', /banyan\.config\.ts:2/)
    const wrong = await dev.after(() =>
      app.write('banyan.config.ts', config.replace('run:', 'runs:')),
    )
    assert.equal(wrong.error?.code, 'BANYAN_CONFIG_INVALID')
    const renamed = await dev.after(() =>
      app.write('banyan.config.ts', config.replace('tiny', 'big')),
    )
    assert.equal(renamed.error?.code, 'BANYAN_CHANGE_REFUSED')
    assert.deepEqual([(await ask(app)).pid, (await ask(app)).colour], [pid, 'red'])
    await dev.after(() => app.write('banyan.config.ts', config))
  })

  test('a service that the config gains is started, and one that it loses is stopped', async () => {
    await app.write('mail.mjs', 'setInterval(() => {}, 1000)\n')
    const more = config.replace('services: {', "services: { mail: { run: 'node mail.mjs' },")
    await dev.after(() => app.write('banyan.config.ts', more))
    const namesOf = async () =>
      ((await app.json('status')) as { nodes: { name: string; health: string }[] }).nodes
        .filter(({ health }) => health === 'healthy')
        .map(({ name }) => name)
        .sort()
    await eventually(async () =>
      (await namesOf()).join() === 'db-1,gateway-1,mail-1,web-1' ? true : null,
    )
    await dev.after(() => app.write('banyan.config.ts', config))
    await eventually(async () =>
      (await namesOf()).join() === 'db-1,gateway-1,web-1' ? true : null,
    )
  })

  test('what git ignores, what is installed or served, and what stays the same is no change', async () => {
    const { pid } = await ask(app)
    const before = dev.changes().length
    await app.write('uploads/a.txt', 'a')
    await app.write('x.cache', 'a')
    await app.write('node_modules/thing/index.js', 'a')
    await app.write('public/style.css', 'body { color: red }')
    await app.write('README.md', 'a')
    await app.write('.idea/workspace.xml', 'a')
    await app.write('text.mjs', textOf('three'))
    await sleep(800)
    assert.deepEqual([(await ask(app)).pid, dev.changes().length], [pid, before])
  })

  test('a service that hangs at its start is overtaken by the next change', async () => {
    const before = dev.changes().length
    await app.write(
      'text.mjs',
      `export const text = await new Promise(() => { setInterval(() => {}, 1000) })\n`,
    )
    await dev.until(/"type":"change","outcome":"begun"[^\n]*\n(?:(?!"type":"change")[\s\S])*$/)
    await sleep(500)
    const change = await dev.after(() => app.write('text.mjs', textOf('four')))
    assert.deepEqual([change.outcome, dev.changes().length], ['done', before + 1])
    assert.equal((await ask(app)).text, 'four')
  })

  test('Ctrl-C stops everything', async () => {
    dev.child.kill('SIGINT')
    assert.equal((await dev.ended).code, 0)
    assert.deepEqual(await app.leftovers(), [])
  })
})

describe('an app with ways of its own', () => {
  test('a service that crashes at the first start is waited for, not given up', async () => {
    const app = await makeApp({ ...files, 'text.mjs': 'export const text = \n' })
    try {
      const dev = await startDev(app)
      assert.equal(dev.changes()[0]?.error?.code, 'BANYAN_SERVICE_CRASHED')
      await dev.after(() => app.write('text.mjs', textOf('mended')))
      assert.equal((await ask(app)).text, 'mended')
      await dev.until(/"type":"ready"/)
      dev.child.kill('SIGTERM')
      await dev.ended
      assert.deepEqual(await app.leftovers(), [])
    } finally {
      await app.remove()
    }
  })

  test('a service that watches its files itself is left to do so', async () => {
    const watching = config.replace("'node web.mjs'", "'node --watch web.mjs'")
    const app = await makeApp({ ...files, 'banyan.config.ts': watching })
    try {
      const dev = await startDev(app)
      await app.write('text.mjs', textOf('two'))
      await eventually(async () => ((await ask(app)).text === 'two' ? true : null))
      await sleep(500)
      assert.deepEqual([dev.changes().length, await starts(app)], [0, 2])
    } finally {
      await app.remove()
    }
  })

  test('a build runs before each start, its output starts nothing, and one that fails leaves the old code running', async () => {
    const build = `import { copyFileSync, readFileSync } from 'node:fs'
if (readFileSync('text.mjs', 'utf8').includes('broken')) { console.error('does not build'); process.exit(1) }
copyFileSync('text.mjs', 'built.mjs')
`
    const app = await makeApp({
      ...files,
      'build.mjs': build,
      'web.mjs': web.replace('./text.mjs', './built.mjs'),
      'banyan.config.ts': config.replace("run: 'node", "build: 'node build.mjs', run: 'node"),
    })
    try {
      const dev = await startDev(app)
      await dev.after(() => app.write('text.mjs', textOf('two')))
      assert.equal((await ask(app)).text, 'two')
      await sleep(2_000)
      const { pid } = await ask(app)
      const count = dev.changes().length
      assert.ok(count <= 2, `the build's own output started ${count} builds`)
      const failed = await dev.after(() => app.write('text.mjs', textOf('broken')))
      assert.equal(failed.error?.code, 'BANYAN_BUILD_FAILED')
      assert.match(failed.error?.message ?? '', /does not build/)
      assert.deepEqual([(await ask(app)).text, (await ask(app)).pid], ['two', pid])
    } finally {
      await app.remove()
    }
  })
})

/** The same insert of a row for somebody else, by `data.of` of one key. */
const keyed = `import { data, serve } from ${JSON.stringify(join(repository, 'packages/banyan/src/index.ts'))}
await serve({ async fetch() {
  try {
    await data.of(1).write\`insert into notes (user_id, id) values (2, \${Math.floor(Math.random() * 1e9)})\`
    return new Response('done')
  } catch (error) {
    return new Response(error.code)
  }
} })
`
const keyedFiles = {
  ...files,
  'web.mjs': keyed,
  'banyan.config.ts': config.replace(
    "migrations: './migrations'",
    "migrations: './migrations', tables: { notes: { by: 'user_id' } }",
  ),
  'migrations/0001_notes.sql':
    'create table notes (user_id bigint, id bigint, primary key (user_id, id));\n',
}

describe('narrow mode and the proof are on', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp(keyedFiles)
  })
  after(async () => await app.remove())

  test('a wrong key fails in dev, and the proof is offered to its token alone', async () => {
    const dev = await startDev(app)
    assert.equal(await (await fetch(app.url)).text(), 'BANYAN_WRONG_KEY')
    const access = await proofAccess(statePaths(app.state))
    const headers = { authorization: `Bearer ${access?.token}` }
    assert.equal((await fetch(`${app.url}/-/prove`, { headers })).status, 200)
    assert.equal((await fetch(`${app.url}/-/prove`)).status, 404)
    dev.child.kill('SIGINT')
    await dev.ended
  })

  test('with --wide it passes, as it does in up', async () => {
    const dev = await startDev(app, '--wide')
    assert.equal(await (await fetch(app.url)).text(), 'done')
    dev.child.kill('SIGINT')
    await dev.ended
    assert.equal((await app.banyan('up', '--detach')).code, 0)
    assert.equal(await (await fetch(app.url)).text(), 'done')
  })
})

describe('whatever is killed, nothing stays that nobody looks after', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp(files)
  })
  after(async () => await app.remove())

  test('SIGKILL of dev: control notices, and stops everything', async () => {
    const dev = await startDev(app)
    dev.child.kill('SIGKILL')
    await dev.ended
    await untilNothingRuns(app)
  })

  test('SIGKILL of control: the next one takes over, and dev goes on with it', async () => {
    const dev = await startDev(app)
    await killKeeper(app, 'control')
    await dev.until(/"type":"ready"[\s\S]*"type":"ready"/)
    const change = await dev.after(() => app.write('text.mjs', textOf('after control')))
    assert.equal(change.outcome, 'done')
    assert.equal((await ask(app)).text, 'after control')
    dev.child.kill('SIGINT')
    assert.equal((await dev.ended).code, 0)
    assert.deepEqual(await app.leftovers(), [])
  })

  test('SIGKILL of control and its holder: dev stops what is left, and says so', async () => {
    const dev = await startDev(app)
    await killBoth(app)
    const { code, stdout } = await dev.ended
    assert.equal(code, 1)
    assert.match(stdout, /"code":"BANYAN_CONTROL_FAILED"[^\n]*web-1 and db-1 were stopped/)
    assert.deepEqual(await app.leftovers(), [])
  })

  test('SIGKILL of control in the middle of a change: the next one runs the code of today', async () => {
    const dev = await startDev(app)
    await app.write('text.mjs', textOf('in the middle'))
    await dev.until(/"type":"change","outcome":"begun"/)
    await killKeeper(app, 'control')
    await dev.until(/"type":"ready"[\s\S]*"type":"ready"/)
    assert.equal((await ask(app)).text, 'in the middle')
    dev.child.kill('SIGINT')
    assert.equal((await dev.ended).code, 0)
    assert.deepEqual(await app.leftovers(), [])
  })

  test('SIGKILL of control and its holder in the middle of a change: dev stops what is left, too', async () => {
    const dev = await startDev(app)
    await app.write('text.mjs', textOf('in the middle of it'))
    await dev.until(/"type":"change","outcome":"begun"/)
    await killBoth(app)
    assert.equal((await dev.ended).code, 1)
    assert.deepEqual(await app.leftovers(), [])
  })

  test('SIGKILL of dev and control: the next control finds nobody, and stops everything', async () => {
    const dev = await startDev(app)
    dev.child.kill('SIGKILL')
    await killKeeper(app, 'control')
    await dev.ended
    await untilNothingRuns(app)
  })

  test('SIGKILL of all three: the next dev takes the database over, and runs the code of today', async () => {
    const dev = await startDev(app)
    dev.child.kill('SIGKILL')
    await killBoth(app)
    await dev.ended
    assert.ok((await app.leftovers()).length > 0)
    await app.write('text.mjs', textOf('today'))
    const next = await startDev(app)
    assert.equal((await ask(app)).text, 'today')
    next.child.kill('SIGINT')
    assert.equal((await next.ended).code, 0)
    assert.deepEqual(await app.leftovers(), [])
  })

  test('SIGKILL of the database in the middle of a change: it comes back, and the next change works', async () => {
    const dev = await startDev(app)
    await app.write('text.mjs', textOf('meanwhile'))
    await app.json('kill', 'primary')
    await eventually(async () => {
      const change = await dev.after(() => app.write('text.mjs', textOf(`n${Math.random()}`)))
      return change.outcome === 'done' ? true : null
    })
    assert.match((await ask(app)).text, /^n0/)
    dev.child.kill('SIGINT')
    await dev.ended
    assert.deepEqual(await app.leftovers(), [])
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(`${signal} of dev in the middle of a change leaves nothing running`, async () => {
      const dev = await startDev(app)
      const begun = /"type":"change","outcome":"begun"/
      await app.write('text.mjs', textOf(`on ${signal}`))
      await dev.until(begun)
      dev.child.kill(signal)
      await dev.ended
      await untilNothingRuns(app)
    })
  }

  test('dev is refused where up runs, and nothing is changed by that', async () => {
    assert.equal((await app.banyan('up', '--detach')).code, 0)
    const { code, stdout } = await app.banyan('dev', '--json')
    assert.deepEqual([code, JSON.parse(stdout).error.code], [1, 'BANYAN_ALREADY_RUNNING'])
    assert.equal((await ask(app)).mode, 'production')
  })
})

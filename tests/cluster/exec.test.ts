import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { eventually, makeApp, type Running, type TestApp } from './support/banyan.ts'
import { type Dev, startDev } from './support/dev.ts'
import { killBoth, killKeeper } from './support/held.ts'
import { momentsMax, sample } from './support/sample.ts'

const repository = new URL('../../', import.meta.url).pathname
const pg = JSON.stringify(join(repository, 'node_modules/pg/esm/index.mjs'))
const banyan = JSON.stringify(join(repository, 'packages/banyan/src/index.ts'))

const files = {
  'banyan.config.ts': `export default {
  name: 'tiny',
  services: { web: { run: 'node web.mjs', routes: ['/'], env: { COLOUR: 'red', NODE_ENV: 'production' } } },
  data: { migrations: './migrations', tables: { notes: { by: 'user_id' } } },
}
`,
  'migrations/0001_notes.sql':
    'create table notes (user_id bigint, id bigint, primary key (user_id, id));\n',
  'web.mjs': `import { createServer } from 'node:http'
createServer((request, response) => response.end('up')).listen(Number(process.env.PORT), process.env.HOST)
`,
  /** Runs the SQL that it is given, and prints what came of it. */
  'sql.mjs': `import pg from ${pg}
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
const { rows } = await client.query(process.argv[2])
console.log(JSON.stringify(rows))
await client.end()
`,
  /** Writes a row of another key than it names. */
  'wrong.mjs': `import { data } from ${banyan}
try {
  await data.of(1).write\`insert into notes (user_id, id) values (2, \${Math.floor(Math.random() * 1e9)})\`
  console.log('done')
} catch (error) {
  console.log(error.code)
}
process.exit(0)
`,
  /** Waits for a file, and tells who it is in a session that it opens then. */
  'late.mjs': `import { existsSync } from 'node:fs'
import pg from ${pg}
console.log('waiting')
while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 50))
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
console.log((await client.query('select current_user')).rows[0].current_user)
await client.end()
`,
  /** Says that it is there, and leaves when it is told to, in its own way. */
  'wait.mjs': `process.on('SIGTERM', () => { console.log('told'); process.exit(42) })
console.log('waiting ' + process.env.DATABASE_URL)
setInterval(() => {}, 1000)
`,
}

const noteCount = 'select count(*)::int as n from notes'
const addNote = 'insert into notes values (1, (select count(*) from notes))'
const wideRoles = "select rolname from pg_roles where rolname = 'banyan_wide'"
const freshDatabases = "select datname from pg_database where datname like '%fresh%'"

async function nothingIsLeft(app: TestApp): Promise<void> {
  assert.deepEqual(await app.leftovers(), [])
  assert.deepEqual(await readdir(join(app.state, 'attached')), [])
}

const untilNothingRuns = async (app: TestApp) =>
  await eventually(async () => ((await app.leftovers()).length === 0 ? true : null))

describe('a command with nothing running', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp(files)
  })
  after(async () => await app.remove())

  test('the database is brought up, migrated, and stopped again; the output is that of the command', async () => {
    const { code, stdout, stderr } = await app.banyan('exec', '--', 'node', 'sql.mjs', noteCount)
    assert.deepEqual([code, stdout, stderr], [0, '[{"n":0}]\n', ''])
    await nothingIsLeft(app)
  })

  test('what it writes stays', async () => {
    await app.banyan('exec', '--', 'node', 'sql.mjs', addNote)
    const { stdout } = await app.banyan('exec', '--', 'node', 'sql.mjs', noteCount)
    assert.equal(stdout, '[{"n":1}]\n')
  })

  test('a process that the command leaves behind is ended', async () => {
    const script =
      "require('child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref()"
    assert.equal((await app.banyan('exec', '--', 'node', '-e', script)).code, 0)
    await nothingIsLeft(app)
  })

  test('two at once share the database, and the end of one is not that of the other', async () => {
    const long = app.start('exec', '--', 'node', 'wait.mjs')
    const short = await app.banyan('exec', '--', 'node', 'sql.mjs', noteCount)
    assert.equal(short.code, 0, short.stderr)
    await long.until(/waiting/)
    assert.equal((await app.banyan('exec', '--', 'node', 'sql.mjs', noteCount)).code, 0)
    long.child.kill('SIGTERM')
    assert.equal((await long.ended).code, 42)
    await nothingIsLeft(app)
  })

  test('SIGTERM is passed on, and the command has the last word', async () => {
    const running = app.start('exec', '--', 'node', 'wait.mjs')
    await running.until(/waiting/)
    running.child.kill('SIGTERM')
    const { code, stdout } = await running.ended
    assert.equal(code, 42)
    assert.match(stdout, /told\n$/)
    await nothingIsLeft(app)
  })

  for (const afterMs of sample([200, 500, 900, 1_300, 1_800], momentsMax, 'SIGINT')) {
    test(`SIGINT ${afterMs} ms after its start leaves nothing running`, async () => {
      const running = app.start('exec', '--fresh', '--', 'node', 'wait.mjs')
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      running.child.kill('SIGINT')
      assert.notEqual((await running.ended).code, 0)
      await untilNothingRuns(app)
      assert.deepEqual(await readdir(join(app.state, 'attached')), [])
    })
  }

  for (const afterMs of sample([900, 1_500], Math.min(momentsMax, 1), 'SIGKILL')) {
    test(`SIGKILL ${afterMs} ms after its start leaves nothing running, and no database`, async () => {
      const running = app.start('exec', '--fresh', '--', 'node', 'wait.mjs')
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      running.child.kill('SIGKILL')
      await running.ended
      await untilNothingRuns(app)
      const left = await app.banyan('exec', '--', 'node', 'sql.mjs', freshDatabases)
      assert.equal(left.stdout, '[]\n', left.stderr)
      await nothingIsLeft(app)
    })
  }

  test('SIGKILL of exec: control ends the command, and stops the database', async () => {
    const running = app.start('exec', '--', 'node', 'wait.mjs')
    await running.until(/waiting/)
    running.child.kill('SIGKILL')
    await running.ended
    await untilNothingRuns(app)
  })

  test('SIGKILL of exec and of control: the next command cleans up behind both', async () => {
    const running = app.start('exec', '--fresh', '--', 'node', 'wait.mjs')
    await running.until(/waiting/)
    running.child.kill('SIGKILL')
    const { pid } = JSON.parse(await readFile(join(app.state, 'control.json'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    await eventually(async () =>
      (await app.leftovers()).join().includes('banyan control') ? null : true,
    )
    assert.notDeepEqual(await app.leftovers(), [])
    const { code, stdout, stderr } = await app.banyan(
      'exec',
      '--',
      'node',
      'sql.mjs',
      freshDatabases,
    )
    assert.deepEqual([code, stdout], [0, '[]\n'], stderr)
    await nothingIsLeft(app)
  })

  test('a migration that fails is said, and nothing stays', async () => {
    await app.write('migrations/0002_wrong.sql', 'alter table nobody add column x int;\n')
    const { code, stdout } = await app.banyan('exec', '--json', '--', 'true')
    assert.deepEqual([code, JSON.parse(stdout).error.code], [1, 'BANYAN_MIGRATION_FAILED'])
    await nothingIsLeft(app)
    await app.write('migrations/0002_wrong.sql', 'alter table notes add column x int;\n')
    assert.equal((await app.banyan('exec', '--', 'true')).code, 0)
  })
})

describe('a command while another one keeps the database up', () => {
  let app: TestApp
  let other: Running
  before(async () => {
    app = await makeApp(files)
    other = app.start('exec', '--', 'node', 'wait.mjs')
    await other.until(/waiting/)
  })
  after(async () => await app.remove())

  test('it gets the environment of a service, without a port, and NODE_ENV stays as it was', async () => {
    const script = 'console.log(JSON.stringify([process.execPath, process.env]))'
    const { stdout } = await app.banyan('exec', '--', 'node', '-e', script)
    const [program, env] = JSON.parse(stdout) as [string, Record<string, string>]
    assert.equal(program, process.execPath)
    assert.match(env.DATABASE_URL ?? '', /^postgres:\/\/banyan_wide:.*\/tiny$/)
    assert.deepEqual([env.COLOUR, env.BANYAN_SERVICE], ['red', 'web'])
    assert.deepEqual(
      [env.PORT, env.HOST, env.NODE_ENV],
      [process.env.PORT, process.env.HOST, process.env.NODE_ENV],
    )
    assert.match(env.PATH ?? '', new RegExp(`^[^:]+:${app.folder}/node_modules/.bin:`))
    assert.match(env.BANYAN_SYSTEM ?? '', /\/attached\/exec-.*\/system\.json$/)
  })

  test('it is narrowed to a key, and with --wide it is not', async () => {
    assert.equal((await app.banyan('exec', '--', 'node', 'wrong.mjs')).stdout, 'BANYAN_WRONG_KEY\n')
    assert.equal((await app.banyan('exec', '--wide', '--', 'node', 'wrong.mjs')).stdout, 'done\n')
  })

  test('the exit code is that of the command, as a shell would say it', async () => {
    const codeOf = async (...words: string[]) => (await app.banyan('exec', '--', ...words)).code
    assert.equal(await codeOf('node', '-e', 'process.exit(7)'), 7)
    assert.equal(await codeOf('sh', '-c', 'kill -TERM $$'), 143)
    assert.equal(await codeOf('no-such-program'), 127)
    assert.equal(await codeOf('./sql.mjs'), 126)
    assert.equal((await app.banyan('exec')).code, 2)
  })

  test('what is typed goes to the command, and its options are not ours', async () => {
    const words = `echo hello | ${process.execPath} ${repository}/packages/cli/bin/banyan.mjs exec -- sh -c 'cat; echo "$0"' --json`
    const { stdout } = await promisify(execFile)('sh', ['-c', words], { cwd: app.folder })
    assert.equal(stdout, 'hello\n--json\n')
  })

  test('the other one has noticed nothing, and nothing is left after it', async () => {
    other.child.kill('SIGTERM')
    assert.equal((await other.ended).code, 42)
    await nothingIsLeft(app)
  })
})

describe('a command beside a system that runs', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp(files)
  })
  after(async () => await app.remove())

  describe('which is dev', () => {
    let dev: Dev
    before(async () => {
      dev = await startDev(app)
    })
    after(async () => {
      dev.child.kill('SIGINT')
      await dev.ended
    })

    test('it uses the database of dev, which goes on afterwards', async () => {
      const { code, stderr } = await app.banyan('exec', '--', 'node', 'sql.mjs', addNote)
      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(await (await fetch(app.url)).text(), 'up')
    })

    test('--fresh has a database of its own, migrated and empty, which is gone afterwards', async () => {
      const both = await Promise.all(
        [1, 2].map(() => app.banyan('exec', '--fresh', '--', 'node', 'sql.mjs', addNote)),
      )
      assert.deepEqual(
        both.map(({ code }) => code),
        [0, 0],
        both[0]?.stderr,
      )
      const name = await app.banyan(
        'exec',
        '--fresh',
        '--',
        'node',
        'sql.mjs',
        'select current_database() as d, (select count(*)::int from notes) as n',
      )
      assert.match(name.stdout, /^\[\{"d":"tiny_fresh_[0-9a-f]{8}","n":0\}\]\n$/)
      assert.equal(
        (await app.banyan('exec', '--fresh', '--', 'node', 'wrong.mjs')).stdout,
        'BANYAN_WRONG_KEY\n',
      )
      const left = await app.banyan('exec', '--', 'node', 'sql.mjs', freshDatabases)
      assert.equal(left.stdout, '[]\n')
    })

    test('SIGKILL of exec beside dev: its command is ended and its database dropped, dev goes on', async () => {
      const running = app.start('exec', '--fresh', '--', 'node', 'wait.mjs')
      await running.until(/waiting/)
      running.child.kill('SIGKILL')
      await running.ended
      await eventually(async () =>
        (await readdir(join(app.state, 'attached'))).some((name) => name.startsWith('exec'))
          ? null
          : true,
      )
      assert.equal((await app.leftovers()).join().includes('wait.mjs'), false)
      const left = await app.banyan('exec', '--', 'node', 'sql.mjs', freshDatabases)
      assert.equal(left.stdout, '[]\n')
      assert.equal(await (await fetch(app.url)).text(), 'up')
    })
  })

  test('beside dev --wide it is not narrowed, and says so', async () => {
    const dev = await startDev(app, '--wide')
    const { stdout, stderr } = await app.banyan('exec', '--', 'node', 'wrong.mjs')
    assert.deepEqual([stdout, stderr], ['done\n', 'Not narrowed: "banyan dev" runs with --wide.\n'])
    dev.child.kill('SIGINT')
    await dev.ended
  })

  test('a live system is refused without --wide, and its services never notice', async () => {
    assert.equal((await app.banyan('up', '--detach')).code, 0)
    const refused = await app.banyan('exec', '--json', '--', 'node', 'sql.mjs', noteCount)
    assert.deepEqual([refused.code, JSON.parse(refused.stdout).error.code], [1, 'BANYAN_EXEC_LIVE'])
    const wide = await app.banyan('exec', '--wide', '--', 'node', 'sql.mjs', noteCount)
    assert.deepEqual([wide.code, wide.stderr], [0, 'The command works on live data.\n'])
    const fresh = await app.banyan('exec', '--fresh', '--', 'node', 'sql.mjs', noteCount)
    assert.equal(fresh.stdout, '[{"n":0}]\n', fresh.stderr)
    assert.equal(await (await fetch(app.url)).text(), 'up')
    assert.equal((await app.banyan('status')).code, 0)
  })

  test('on a live system the role of narrow mode is there for as long as a command needs it', async () => {
    const rolesOf = async () => (await app.banyan('sql', wideRoles)).stdout
    const late = app.start('exec', '--fresh', '--', 'node', 'late.mjs')
    await late.until(/waiting/)
    const wide = await app.banyan('exec', '--fresh', '--wide', '--', 'node', 'sql.mjs', noteCount)
    assert.equal(wide.code, 0, wide.stderr)
    assert.match(await rolesOf(), /banyan_wide/)
    await app.write('go', '')
    const { code, stdout, stderr } = await late.ended
    assert.deepEqual([code, stdout], [0, 'waiting\nbanyan_wide\n'], stderr)
    assert.doesNotMatch(await rolesOf(), /banyan_wide/)
  })

  test('a command waits for the next control of a live system', async () => {
    await killKeeper(app, 'control')
    const { code, stdout } = await app.banyan('exec', '--wide', '--', 'node', 'sql.mjs', noteCount)
    assert.equal(code, 0, stdout)
    assert.equal(await (await fetch(app.url)).text(), 'up')
  })

  test('a live system whose control and holder were killed is not touched', async () => {
    await killBoth(app)
    await eventually(async () =>
      (await app.leftovers()).join().includes('banyan control') ? null : true,
    )
    const { code, stdout } = await app.banyan('exec', '--wide', '--json', '--', 'true')
    assert.deepEqual([code, JSON.parse(stdout).error.code], [1, 'BANYAN_EXEC_LIVE'])
    assert.equal(await (await fetch(app.url)).text(), 'up')
    assert.equal((await app.banyan('down')).code, 0)
    await untilNothingRuns(app)
  })
})

test('an app that makes its tables itself finds an empty database with --fresh, which it owns', async () => {
  const app = await makeApp({
    ...files,
    'banyan.config.ts': `export default {
  name: 'tiny', services: { web: { run: 'node web.mjs', routes: ['/'] } }, data: {},
}
`,
  })
  try {
    const sql =
      'create table notes (id int); insert into notes values (1); select count(*)::int as n from notes'
    for (const _ of [1, 2]) {
      const { code, stderr } = await app.banyan('exec', '--fresh', '--', 'node', 'sql.mjs', sql)
      assert.equal(code, 0, stderr)
    }
    await nothingIsLeft(app)
  } finally {
    await app.remove()
  }
})

test('a config that declares no table any more leaves nothing of narrow mode', async () => {
  const declared = "data: { tables: { notes: { by: 'user_id' } } }"
  const config = `export default {
  name: 'tiny',
  services: { web: { run: 'node web.mjs', routes: ['/'] } },
  ${declared},
}
`
  const app = await makeApp({ ...files, 'banyan.config.ts': config })
  const traces = 'select (select count(*)::int from pg_policy) as n'
  const sql = async (text: string) =>
    (await app.banyan('exec', '--', 'node', 'sql.mjs', text)).stdout
  try {
    await sql('create table notes (user_id bigint primary key)')
    assert.equal(await sql(traces), '[{"n":2}]\n')
    await app.write('banyan.config.ts', config.replace(declared, 'data: {}'))
    assert.equal(await sql(traces), '[{"n":0}]\n')
  } finally {
    await app.remove()
  }
})

test('a system without data runs its command without a database', async () => {
  const app = await makeApp({
    'banyan.config.ts': `export default {
  name: 'tiny', services: { web: { run: 'node web.mjs', routes: ['/'] } },
}
`,
  })
  try {
    const script = 'process.exit(process.env.BANYAN_SYSTEM === undefined ? 1 : 0)'
    assert.equal((await app.banyan('exec', '--', 'node', '-e', script)).code, 0)
    const { code, stdout } = await app.banyan('exec', '--fresh', '--json', '--', 'true')
    assert.deepEqual([code, JSON.parse(stdout).error.code], [1, 'BANYAN_EXEC_REFUSED'])
    await nothingIsLeft(app)
  } finally {
    await app.remove()
  }
})

describe('an adopted database', () => {
  let postgres: TestPostgres
  let url = ''
  before(async () => {
    postgres = await startPostgres()
    url = (await postgres.createDatabase()).ownerUrl
  })
  after(async () => await postgres.stop())

  test('the command works on it as it is, which is said; no other is made beside it', async () => {
    const app = await makeApp({
      ...files,
      'banyan.config.ts': `export default {
  name: 'tiny', services: { web: { run: 'node web.mjs', routes: ['/'] } }, data: { url: ${JSON.stringify(url)} },
}
`,
    })
    try {
      const asked = await app.banyan('exec', '--', 'node', 'sql.mjs', 'select current_user as u')
      assert.equal(asked.stdout, '[{"u":"banyan_owner"}]\n', asked.stderr)
      assert.equal(
        asked.stderr,
        'The command works on the adopted database itself, not narrowed.\n',
      )
      const { code, stdout } = await app.banyan('exec', '--fresh', '--json', '--', 'true')
      assert.deepEqual([code, JSON.parse(stdout).error.code], [1, 'BANYAN_EXEC_REFUSED'])
      await nothingIsLeft(app)
    } finally {
      await app.remove()
    }
  })

  test('dev runs on it wide, and says why', async () => {
    const app = await makeApp({
      ...files,
      'banyan.config.ts': files['banyan.config.ts'].replace(
        "migrations: './migrations', tables: { notes: { by: 'user_id' } }",
        `url: ${JSON.stringify(url)}`,
      ),
    })
    try {
      const dev = app.start('dev', '--port', String(app.port))
      await dev.until(/Ready in/)
      assert.match(dev.output(), /Wide: nothing is written into an adopted database/)
      assert.equal(await (await fetch(app.url)).text(), 'up')
      dev.child.kill('SIGINT')
      assert.equal((await dev.ended).code, 0)
      await nothingIsLeft(app)
    } finally {
      await app.remove()
    }
  })
})

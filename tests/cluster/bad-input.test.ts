import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import {
  eventually,
  freePort,
  makeApp,
  migratedFiles,
  plainConfig,
  type TestApp,
} from './support/banyan.ts'
import { killBoth } from './support/held.ts'

type Report = {
  code: string
  message: string
  hint: string
  details: Record<string, unknown>
}

/** Runs `up`, which has to fail, and gives its error; nothing may be left running. */
async function failingUp(app: TestApp, ...words: string[]): Promise<Report> {
  const { code, stdout, stderr } = await app.banyan(
    'up',
    '--detach',
    '--json',
    '--port',
    String(app.port),
    ...words,
  )
  const last = stdout.trim().split('\n').at(-1) ?? ''
  assert.equal(code, 1, `${stdout}${stderr}`)
  const { error } = JSON.parse(last) as { error: Report }
  assert.ok(error, stdout)
  assert.ok(error.hint, `${error.code} has no hint`)
  assert.deepEqual(await app.leftovers(), [])
  return error
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

describe('what is wrong before the first effect', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp()
  })
  afterEach(async () => {
    assert.equal(await exists(join(app.state, 'nodes')), false, 'something was made all the same')
    await rm(app.state, { recursive: true, force: true })
    await app.write('banyan.config.ts', plainConfig)
  })
  after(async () => await app.remove())

  test('a taken port is refused with the process that holds it', async () => {
    const server = createServer().listen(app.port, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      const { code, stdout } = await app.banyan('up', '--json', '--port', String(app.port))
      const { error } = JSON.parse(stdout)
      assert.deepEqual([code, error.code], [1, 'BANYAN_PORT_TAKEN'])
      assert.match(
        error.message,
        new RegExp(`127\\.0\\.0\\.1:${app.port} is taken: process ${process.pid} `),
      )
    } finally {
      server.close()
    }
  })

  test('an address that is not of this machine is refused', async () => {
    const error = await failingUp(app, '--host', '203.0.113.7')
    assert.equal(error.code, 'BANYAN_LISTEN_FAILED')
  })

  test('a folder with other content is left alone', async () => {
    await mkdir(app.state)
    await writeFile(join(app.state, 'thesis.txt'), 'mine')
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_STATE_FOREIGN')
    assert.match(error.message, /thesis\.txt/)
    assert.equal(await readFile(join(app.state, 'thesis.txt'), 'utf8'), 'mine')
    const destroyed = await app.banyan('down', '--destroy', '--yes', '--json')
    assert.equal(JSON.parse(destroyed.stdout).error.code, 'BANYAN_STATE_FOREIGN')
    assert.equal(await readFile(join(app.state, 'thesis.txt'), 'utf8'), 'mine')
  })

  test('a file in the place of the state directory is left alone', async () => {
    await writeFile(app.state, 'mine')
    assert.equal((await failingUp(app)).code, 'BANYAN_STATE_FOREIGN')
    assert.equal(await readFile(app.state, 'utf8'), 'mine')
  })

  test('a state directory of a newer Banyan is left alone', async () => {
    await mkdir(app.state)
    await writeFile(join(app.state, 'banyan.json'), '{"format": 2, "system": "tiny"}')
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_STATE_NEWER')
    assert.match(error.message, /format 2.*formats up to 1/)
  })

  test('a state directory whose marker is garbage is left alone', async () => {
    await mkdir(app.state)
    await writeFile(join(app.state, 'banyan.json'), '{"format":')
    assert.equal((await failingUp(app)).code, 'BANYAN_STATE_BROKEN')
  })

  test('a state directory of another system is left alone', async () => {
    await mkdir(app.state)
    await writeFile(join(app.state, 'banyan.json'), '{"format": 1, "system": "other"}')
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_STATE_OTHER_SYSTEM')
    assert.deepEqual(error.details, { recorded: 'other', config: 'tiny' })
  })

  test('a state directory below a file cannot be made', async () => {
    const error = await failingUp(app, '--dir', 'web.mjs/state')
    assert.match(error.code, /BANYAN_STATE_(FOREIGN|UNWRITABLE)/)
  })

  test('an unknown rung lists the rungs that exist', async () => {
    const error = await failingUp(app, '--rungs', 'singel')
    assert.equal(error.code, 'BANYAN_RUNG_UNKNOWN')
    assert.match(error.hint, /Did you mean single\?/)
    assert.match(error.hint, /The rungs that exist: .*single/)
  })

  test('every fault of a config is named at once', async () => {
    await app.write(
      'banyan.config.ts',
      "export default { name: 3, services: { web: { runs: 'node web.mjs', routes: '/' } }, dta: {} }",
    )
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_CONFIG_INVALID')
    for (const path of ['name', 'services.web.runs', 'services.web.routes', 'dta']) {
      assert.ok(error.message.includes(path), `${path} is not named in: ${error.message}`)
    }
  })

  test('a config that throws, and none at all, are told apart', async () => {
    await app.write('banyan.config.ts', "throw new Error('not today')")
    const thrown = await failingUp(app)
    assert.equal(thrown.code, 'BANYAN_CONFIG_FAILED')
    assert.match(thrown.message, /not today/)
    assert.equal((await failingUp(app, '--config', 'none.ts')).code, 'BANYAN_CONFIG_NOT_FOUND')
  })

  test('wrong usage exits with 2 and names the nearest word', async () => {
    const option = await app.banyan('up', '--detatch')
    assert.equal(option.code, 2)
    assert.match(option.stderr, /Did you mean --detach\?/)
    const command = await app.banyan('statsu', '--json')
    assert.equal(command.code, 2)
    const { error } = JSON.parse(command.stdout)
    assert.deepEqual([error.code, error.hint], ['BANYAN_USAGE_INVALID', 'Did you mean status?'])
    assert.equal((await app.banyan('up', '--port', '99999')).code, 2)
    assert.equal((await app.banyan('kill')).code, 2)
  })

  test('kill and sql where nothing was started say so', async () => {
    for (const words of [
      ['kill', 'primary'],
      ['sql', 'select 1'],
    ]) {
      const { error } = (await app.json(...words)) as { error: Report }
      assert.equal(error.code, 'BANYAN_NOT_RUNNING', words.join(' '))
    }
  })
})

describe('a service that does not come up', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp()
  })
  after(async () => await app.remove())

  const config = (service: string) =>
    `export default { name: 'tiny', services: { web: { ${service} } } }`

  test('one that exits at once is tried three times and told with its last lines', async () => {
    await app.write('banyan.config.ts', config("run: 'node web.mjs', routes: ['/']"))
    await app.write('web.mjs', "console.log('warming up')\nthrow new Error('no coffee')")
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_SERVICE_CRASHED')
    assert.match(error.message, /web-1 exits at once \(code 1\), tried 3 times/)
    assert.match(error.message, /no coffee/)
    assert.equal(error.details.tries, 3)
  })

  test('one that never listens is told with the port that it should listen on', async () => {
    await app.write(
      'banyan.config.ts',
      config("run: 'node web.mjs', routes: ['/'], startTimeoutMs: 1200"),
    )
    await app.write('web.mjs', "console.log('thinking')\nsetInterval(() => {}, 1000)")
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_SERVICE_NOT_READY')
    const [, port] = /nothing listens on port (\d+)/.exec(error.message) ?? []
    assert.ok(port !== undefined, error.message)
    assert.match(error.message, /thinking/)
    assert.match(error.hint, new RegExp(`PORT \\(${port}\\)`))
  })

  test('one that listens elsewhere is told where it does', async (context) => {
    if (process.platform !== 'linux') return context.skip('needs /proc')
    const port = await freePort()
    await app.write(
      'web.mjs',
      `import { createServer } from 'node:http'\ncreateServer().listen(${port}, '127.0.0.1')`,
    )
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_SERVICE_NOT_READY')
    assert.match(error.message, new RegExp(`it listens on ${port} instead`))
  })

  test('one whose health path never answers 2xx is told by its last answer', async () => {
    await app.write(
      'banyan.config.ts',
      config("run: 'node web.mjs', routes: ['/'], health: '/fine', startTimeoutMs: 1200"),
    )
    await app.write(
      'web.mjs',
      "import { createServer } from 'node:http'\ncreateServer((request, response) => { response.statusCode = 503; response.end() }).listen(process.env.PORT, process.env.HOST)",
    )
    const error = await failingUp(app)
    assert.match(error.message, /GET \/fine answered 503/)
  })

  test('a program that does not exist is named', async () => {
    await app.write('banyan.config.ts', config("run: 'no-such-program --now', routes: ['/']"))
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_SERVICE_NOT_FOUND')
    assert.match(error.message, /"no-such-program"/)
  })

  test('a build that fails is told with its last lines, and the service is not started', async () => {
    await app.write(
      'banyan.config.ts',
      config("run: 'node web.mjs', build: 'node build.mjs', routes: ['/']"),
    )
    await app.write('build.mjs', "console.error('no flour')\nprocess.exit(3)")
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_BUILD_FAILED')
    assert.match(error.message, /The build of web failed \(code 3\)/)
    assert.match(error.message, /no flour/)
  })

  test('a crash loop after a good start is said in status, with the next try', async () => {
    await app.write('banyan.config.ts', config("run: 'node web.mjs', routes: ['/']"))
    await app.write(
      'web.mjs',
      `import { existsSync } from 'node:fs'\nimport { createServer } from 'node:http'\nif (existsSync(${JSON.stringify(join(app.folder, 'broken'))})) process.exit(7)\ncreateServer((request, response) => response.end('ok')).listen(process.env.PORT, process.env.HOST)`,
    )
    const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, stderr)
    await app.write('broken', '')
    await app.banyan('kill', 'web-1')
    await eventually(async () => {
      const status = await app.json('status')
      const web = webOf(status)
      const said = /web-1 exits at once \(code 7\), tried \d+ times; next try in [\d.]+ s\./
      return (web?.health === 'failed' && said.test(String(status.sentence))) || null
    })
    await rm(join(app.folder, 'broken'))
    await eventually(async () => {
      const web = webOf(await app.json('status'))
      return web?.health === 'healthy' || null
    })
    await app.banyan('down')
  })
})

function webOf({ nodes }: Record<string, unknown>): { readonly health: string } | undefined {
  return (nodes as { name: string; health: string }[]).find(({ name }) => name === 'web-1')
}

describe('migrations that fail', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp(migratedFiles)
  })
  after(async () => await app.remove())

  test('one that fails halfway leaves nothing of itself, and those before it stay', async () => {
    await app.write('migrations/0003_halfway.sql', 'create table half (id int);\nselect 1 / 0;\n')
    const error = await failingUp(app)
    assert.equal(error.code, 'BANYAN_MIGRATION_FAILED')
    assert.match(error.message, /0003_halfway/)
    await rm(join(app.folder, 'migrations/0003_halfway.sql'))
    assert.equal((await app.banyan('up', '--detach', '--port', String(app.port))).code, 0)
    const { rows } = (await app.json(
      'sql',
      "select to_regclass('half') is null, to_regclass('notes') is not null",
    )) as { rows: boolean[][] }
    assert.deepEqual(rows, [[true, true]])
  })

  test('a failed up leaves what an earlier one left serving as it was', async () => {
    await killBoth(app)
    await app.write('migrations/0003_wrong.sql', 'create tabel wrong (id int);\n')
    const { code } = await app.banyan('up', '--release', '--detach')
    assert.equal(code, 1)
    assert.equal((await fetch(app.url)).status, 200)
    await rm(join(app.folder, 'migrations/0003_wrong.sql'))
    await app.banyan('down')
  })

  test('one that was edited after it was applied is refused', async () => {
    await app.write(
      'migrations/0001_notes.sql',
      'create table notes (id bigserial primary key, body text, more text);\n',
    )
    const error = await failingUp(app, '--release')
    assert.equal(error.code, 'BANYAN_MIGRATION_EDITED')
    assert.match(error.message, /0001_notes/)
  })
})

test('no space for a new database is said before it is made, and nothing is left of it', async (context) => {
  const app = await makeApp()
  const disk = join(app.folder, 'disk')
  await mkdir(disk)
  try {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      return context.skip('mounting a small disk takes root')
    }
    try {
      const error = await failingUp(app, '--dir', 'disk/state')
      assert.equal(error.code, 'BANYAN_DISK_FULL')
      assert.match(error.message, /\d+ MB free.*needs \d+ MB/)
    } finally {
      execFileSync('umount', [disk])
    }
  } finally {
    await app.remove()
  }
})

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { BanyanError, type System } from '@banyan/model'
import { type LoadOptions, loadSystem } from './load-system.ts'

const good = "{ name: 'notes', services: { web: { run: 'node web.ts' } } }"

let folder = ''

before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-config-')))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Writes files into a folder of their own and loads the first of them. */
const load = async (files: Record<string, string>, options?: LoadOptions): Promise<System> => {
  const own = await mkdtemp(join(folder, 'app-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(own, name)), { recursive: true })
    await writeFile(join(own, name), text)
  }
  return loadSystem(join(own, Object.keys(files)[0] ?? ''), options)
}

/** The error that a config of this text ends in. */
const errorOf = async (text: string, options?: LoadOptions): Promise<BanyanError> => {
  const error = await load({ 'banyan.config.mjs': text }, options).catch(
    (reason: unknown) => reason,
  )
  assert.ok(BanyanError.is(error), `a BanyanError, not ${String(error)}`)
  return error
}

/** Whether a process still runs; a zombie that nobody waits for does not. */
const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = `/proc/${pid}/status`
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'))
}

const isGone = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 100 && runs(pid); tries++) await delay(20)
  return !runs(pid)
}

for (const ending of ['ts', 'mts', 'js', 'mjs']) {
  test(`a config that ends in .${ending} is read`, async () => {
    const typed = ending.endsWith('ts') ? 'const name: string' : 'const name'
    const text = `${typed} = 'notes'\nexport default { ...${good}, name }`
    const system = await load({
      [`banyan.config.${ending}`]: text,
      'package.json': '{"type":"module"}',
    })
    assert.equal(system.name, 'notes')
    assert.ok(Object.isFrozen(system))
  })
}

test('a config may import other files and packages, also our own', async () => {
  const own = await mkdtemp(join(folder, 'app-'))
  await mkdir(join(own, 'node_modules'))
  await symlink(
    new URL('../../../banyan', import.meta.url).pathname,
    join(own, 'node_modules/banyan'),
  )
  await writeFile(
    join(own, 'services.ts'),
    "export const services = { web: { run: 'node web.ts' } }",
  )
  await writeFile(
    join(own, 'banyan.config.ts'),
    "import { defineSystem } from 'banyan'\nimport { services } from './services.ts'\nexport default defineSystem({ name: 'notes', services })",
  )
  const system = await loadSystem(join(own, 'banyan.config.ts'))
  assert.deepEqual([system.root, system.services[0]?.run], [own, ['node', 'web.ts']])
})

test('services run in the folder that the config is in, also when it is a link', async () => {
  const own = await mkdtemp(join(folder, 'app-'))
  await writeFile(join(folder, 'shared.config.mjs'), `export default ${good}`)
  await symlink(join(folder, 'shared.config.mjs'), join(own, 'banyan.config.mjs'))
  assert.equal((await loadSystem(join(own, 'banyan.config.mjs'))).root, own)
})

test('a config may print as much as it likes', async () => {
  const text = `for (let i = 0; i < 20; i++) { console.log('x'.repeat(200_000)); console.error('{"kind":"value"}') }\nexport default ${good}`
  assert.equal((await load({ 'banyan.config.mjs': text })).name, 'notes')
})

test('a config that leaves timers, servers and processes open is done when its value is there', async () => {
  const pidFile = join(folder, 'left-open.pid')
  const text = `
    import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    import { createServer } from 'node:http'
    setInterval(() => {}, 1000)
    createServer().listen(0, '127.0.0.1')
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    writeFileSync(${JSON.stringify(pidFile)}, process.pid + ' ' + child.pid)
    export default ${good}`
  assert.equal((await load({ 'banyan.config.mjs': text })).name, 'notes')
  const pids = readFileSync(pidFile, 'utf8').split(' ').map(Number)
  assert.deepEqual(await Promise.all(pids.map(isGone)), [true, true])
})

test('a config that never ends is killed at its deadline, with what it started', async () => {
  const pidFile = join(folder, 'endless.pid')
  const error = await errorOf(
    `import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    writeFileSync(${JSON.stringify(pidFile)}, process.pid + ' ' + child.pid)
    console.log('working on it')
    for (;;);`,
    { deadlineMs: 1500 },
  )
  assert.equal(error.code, 'BANYAN_CONFIG_TIMEOUT')
  assert.match(
    error.message,
    /banyan\.config\.mjs did not give its system within 1500 ms\.\nIt printed:\n {2}working on it/,
  )
  const pids = readFileSync(pidFile, 'utf8').split(' ').map(Number)
  assert.deepEqual(await Promise.all(pids.map(isGone)), [true, true])
})

test('loading is given up when its signal says so', async () => {
  const stop = new AbortController()
  const loading = load({ 'banyan.config.mjs': 'for (;;);' }, { signal: stop.signal })
  setTimeout(() => stop.abort(new Error('enough')), 300)
  await assert.rejects(loading, { message: 'enough' })
  await assert.rejects(load({ 'banyan.config.mjs': '' }, { signal: stop.signal }), {
    message: 'enough',
  })
})

test('an error of the config is shown with the frames of the user alone, and what was printed', async () => {
  const error = await errorOf(
    "console.log('before')\nfunction plans() {\n  throw new TypeError('boom')\n}\nplans()",
  )
  assert.equal(error.code, 'BANYAN_CONFIG_FAILED')
  assert.equal(
    error.message,
    'banyan.config.mjs threw TypeError: boom\n    at plans in banyan.config.mjs:3:9\n    at banyan.config.mjs:5:1\nIt printed:\n  before',
  )
  assert.equal(error.details.place, 'banyan.config.mjs:3:9')
})

test('what is thrown and is no error is shown as it is', async () => {
  assert.match((await errorOf("throw 'no plans'")).message, /threw the text "no plans"/)
  assert.match((await errorOf('throw undefined')).message, /threw nothing/)
})

test('an error that comes from what the config started is the error of the config', async () => {
  const later =
    "setTimeout(() => { throw new Error('later') })\nawait new Promise(() => setInterval(() => {}, 9))"
  assert.match(
    (await errorOf(later)).message,
    /threw Error: later\n {4}at .*banyan\.config\.mjs:1:26/,
  )
  const rejected =
    "Promise.reject(new Error('unheard'))\nawait new Promise(() => setInterval(() => {}, 9))"
  assert.match((await errorOf(rejected)).message, /threw Error: unheard/)
})

test('code that cannot be read is shown with its place, in JavaScript and in TypeScript', async () => {
  const text = 'export default {\n  name: "notes",\n  services: {{\n}\n'
  assert.match(
    (await errorOf(text)).message,
    /threw SyntaxError: .* at banyan\.config\.mjs:3\n {2}services: \{\{\n +\^/,
  )
  await assert.rejects(load({ 'banyan.config.ts': text }), {
    code: 'BANYAN_CONFIG_FAILED',
    message: /threw SyntaxError: .* at banyan\.config\.ts:3\n.*\n {2}services: \{\{\n +\^/,
  })
  await assert.rejects(load({ 'banyan.config.ts': 'enum Plan { free }\nexport default {}' }), {
    message: /enum is not supported.* at banyan\.config\.ts:1/,
    hint: /without enums/,
  })
  const imported = { 'banyan.config.mjs': "import './plans.mjs'", 'plans.mjs': '\nlet let = 1' }
  await assert.rejects(load(imported), { message: /at plans\.mjs:2/ })
})

test('a text that is not JSON is an error at the place that reads it, not a fault of the syntax', async () => {
  assert.match(
    (await errorOf("\nJSON.parse('{')")).message,
    /threw SyntaxError: .*\n {4}at banyan\.config\.mjs:2:6/,
  )
})

test('an import that cannot be found says how to get it', async () => {
  assert.equal(
    (await errorOf("import 'no-such-package'")).hint,
    'Install it: npm install no-such-package',
  )
  assert.match(
    (await errorOf(`import ${"'./plans'"}`)).hint ?? '',
    /with their ending, as in plans\.ts/,
  )
})

test('a config that ends its process is told so', async () => {
  const error = await errorOf("console.log('bye')\nprocess.exit(3)")
  assert.match(
    error.message,
    /ended its process with code 3 before it gave its system\.\nIt printed:\n {2}bye/,
  )
  assert.match((await errorOf('process.exit(0)')).message, /code 0/)
  assert.match(
    (await errorOf("process.kill(process.pid, 'SIGTERM')\nfor (;;);")).message,
    /was ended by SIGTERM/,
  )
  assert.match(
    (await errorOf('await new Promise(() => {})')).message,
    /awaits something that never happens/,
  )
})

test('a config without a system as its default export is refused', async () => {
  const none = await errorOf(`export const config = ${good}`)
  assert.equal(none.code, 'BANYAN_CONFIG_FAILED')
  assert.match(none.message, /exports nothing as its default; a system is expected/)
  assert.match(none.hint ?? '', /export default config/)
  assert.match((await errorOf(`export default () => (${good})`)).hint ?? '', /not a function/)
  for (const value of ['3', "'notes'", 'null', '[]', 'true']) {
    assert.equal((await errorOf(`export default ${value}`)).code, 'BANYAN_CONFIG_FAILED')
  }
})

test('what JSON cannot hold, faults of the values and missing folders are named together', async () => {
  const error = await errorOf(`export default {
    name: 'Notes',
    services: { web: { run: 'npm run strat', env: { WHEN: new Date() } } },
    data: { migrations: './migrations', tables: new Map() },
    assets: './banyan.config.mjs',
  }`)
  assert.equal(error.code, 'BANYAN_CONFIG_INVALID')
  const { faults } = error.details as { faults: readonly { path: string; found: string }[] }
  assert.deepEqual(faults.map(({ path }) => path).sort(), [
    'assets',
    'data.migrations',
    'data.tables',
    'name',
    'services.web.env.WHEN',
    'services.web.run',
  ])
  assert.match(error.message, /^banyan\.config\.mjs has 6 faults:/)
})

test('a promise as the system is refused with the word that is missing', async () => {
  const error = await errorOf(`export default Promise.resolve(${good})`)
  assert.deepEqual([error.code, error.hint], ['BANYAN_CONFIG_INVALID', 'await it'])
})

test('a system of more than a megabyte is refused', async () => {
  const error = await errorOf("export default { name: 'x'.repeat(3_000_000) }")
  assert.match(error.message, /exports more than 1048576 bytes/)
})

test('what is printed is kept within bounds', async () => {
  const error = await errorOf(
    "for (let i = 0; i < 2000; i++) console.log('x'.repeat(500), i)\nthrow 'enough'",
  )
  assert.ok(error.message.length < 20_000, `${error.message.length} letters`)
  assert.ok(error.message.endsWith(' 1999'), 'the last line is shown')
})

test('a path without a config says how to make one, or names the one that is there', async () => {
  await assert.rejects(loadSystem(join(folder, 'nowhere', 'banyan.config.ts')), {
    code: 'BANYAN_CONFIG_NOT_FOUND',
    hint: /banyan init.*--config/,
  })
  const own = await mkdtemp(join(folder, 'app-'))
  await writeFile(join(own, 'banyan.config.mjs'), '')
  await assert.rejects(loadSystem(join(own, 'banyan.config.ts')), {
    code: 'BANYAN_CONFIG_NOT_FOUND',
    hint: `Name the one that is there: --config ${join(own, 'banyan.config.mjs')}`,
  })
  await assert.rejects(loadSystem(own), {
    code: 'BANYAN_CONFIG_NOT_FOUND',
    message: /folder, not a config file/,
  })
  await writeFile(join(own, 'banyan.yaml'), '')
  await assert.rejects(loadSystem(join(own, 'banyan.yaml')), { code: 'BANYAN_CONFIG_FAILED' })
})

test('a config is the code of the user: it sees their environment', async () => {
  process.env.BANYAN_TEST_NAME = 'from-outside'
  const text =
    "export default { name: process.env.BANYAN_TEST_NAME, services: { web: { run: 'node x' } } }"
  try {
    assert.equal((await load({ 'banyan.config.mjs': text })).name, 'from-outside')
  } finally {
    delete process.env.BANYAN_TEST_NAME
  }
})

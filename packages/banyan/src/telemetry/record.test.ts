import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { RecordedDays } from './recorded-days.ts'

const run = promisify(execFile)
const telemetry = join(import.meta.dirname, '../telemetry.ts')
const log = join(import.meta.dirname, '../log.ts')

let folder: string

/** A process of the system with this secret. */
async function systemFile(sessionSecret: string): Promise<string> {
  const path = join(folder, `${sessionSecret}.json`)
  const file = { format: 1, system: {}, shards: [], connectionsMax: 1, sessionSecret }
  await writeFile(path, JSON.stringify(file))
  return path
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-record-'))
})
after(() => rm(folder, { recursive: true, force: true }))

type Line = Record<string, unknown>

/** What a process of its own logs that runs this code. */
async function linesOf(code: string, env: Record<string, string> = {}): Promise<readonly Line[]> {
  const whole = `import { record } from ${JSON.stringify(telemetry)}
    import { flushLog, requestContext } from ${JSON.stringify(log)}
    ${code}
    flushLog()`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', whole]
  const { PATH = '' } = process.env
  const { stdout } = await run(process.execPath, args, { env: { PATH, ...env } })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

test('an event is one line of the log, its subject a hash', async () => {
  const lines = await linesOf(`record('user.active', { subject: 'ann@example.org' })`, {
    BANYAN_SYSTEM: await systemFile('s1'),
    BANYAN_NODE: 'web-1',
    BANYAN_SERVICE: 'web',
  })
  assert.equal(lines.length, 1)
  const { time, subject, pid, ...rest } = lines[0] ?? {}
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000)
  assert.match(String(subject), /^[\w-]{16}$/)
  assert.equal(typeof pid, 'number')
  assert.deepEqual(rest, {
    level: 'info',
    node: 'web-1',
    service: 'web',
    event: 'user.active',
    msg: 'event',
  })
  assert.doesNotMatch(JSON.stringify(lines), /ann|example/)
})

test('a subject is the same in every process of a system, and another in another system', async () => {
  const subjectBy = async (secret: string): Promise<unknown> => {
    const env = { BANYAN_SYSTEM: await systemFile(secret) }
    return (await linesOf(`record('a', { subject: 7 }); record('b', { subject: '7' })`, env)).map(
      ({ subject }) => subject,
    )
  }
  const [first, second, other] = await Promise.all([
    subjectBy('s1'),
    subjectBy('s1'),
    subjectBy('s2'),
  ])
  assert.deepEqual(first, second)
  assert.equal((first as string[])[0], (first as string[])[1], 'a number is its text')
  assert.notDeepEqual(first, other)
})

test('the same event of the same subject is written once; one without a subject each time', async () => {
  const lines = await linesOf(`
    for (let i = 0; i < 3; i++) {
      record('user.active', { subject: 'ann' })
      record('user.active', { subject: 'bob' })
      record('page.seen')
      record('page.seen', { subject: null })
    }`)
  const counts = Object.groupBy(lines, ({ event }) => String(event))
  assert.equal(counts['user.active']?.length, 2)
  assert.equal(counts['page.seen']?.length, 6)
  assert.ok(counts['page.seen']?.every((line) => !('subject' in line)))
})

test('what is no event is not recorded, is said once, and throws nothing', async () => {
  const lines = await linesOf(`
    record('Order Placed', { subject: 'hush' })
    record('Order Placed', { subject: 'hush' })
    record('a'.repeat(81))
    record(undefined)
    record({ hush: 1 })
    record('a', null)
    record('b', { subject: { hush: 1 } })
    record('b', { subject: 'hush'.repeat(1_000) })
    record('b', { subject: '' })`)
  const events = lines.filter(({ msg }) => msg === 'event')
  assert.deepEqual(
    events.map(({ event }) => event),
    ['a'],
  )
  const warnings = lines.filter(({ level }) => level === 'warn')
  assert.equal(warnings.length, 4)
  assert.doesNotMatch(JSON.stringify(lines), /hush/)
})

test('a system file that cannot be read costs the event, not the request', async () => {
  const lines = await linesOf(`record('a', { subject: 1 }); record('b')`, {
    BANYAN_SYSTEM: join(folder, 'none.json'),
  })
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['warn', 'an event was not recorded'],
      ['info', 'event'],
    ],
  )
})

test('events are written where less is asked for, and say nothing of their request', async () => {
  const code = `
    requestContext.run({ requestId: 'r-1', logger: undefined }, () => record('a', { subject: 1 }))`
  const [line, ...others] = await linesOf(code, { LOG_LEVEL: 'error' })
  assert.equal(line?.event, 'a')
  assert.equal(others.length, 0)
  assert.doesNotMatch(JSON.stringify(line), /r-1/)
  assert.deepEqual(await linesOf(code, { LOG_LEVEL: 'silent' }), [])
})

test('a day is one of UTC, and what was asked for longest ago is forgotten first', () => {
  const days = new RecordedDays(2)
  const noon = Date.UTC(2026, 10, 22, 12)
  assert.equal(days.isNew('a', 'x', noon), true)
  assert.equal(days.isNew('a', 'x', Date.UTC(2026, 10, 22, 23, 59, 59)), false)
  assert.equal(days.isNew('a', 'y', noon), true)
  assert.equal(days.isNew('a', 'x', noon), false)
  assert.equal(days.isNew('b', 'x', noon), true, 'now y is forgotten')
  assert.equal(days.isNew('a', 'x', noon), false)
  assert.equal(days.isNew('a', 'y', noon), true)
  assert.equal(days.size, 2)
  assert.equal(days.isNew('a', 'x', Date.UTC(2026, 10, 23)), true)
  assert.equal(days.size, 1)
})

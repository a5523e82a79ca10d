import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { keptFile, temporaryFolder } from '../testing/temporary.ts'
import { Follower } from './follower.ts'
import { LogFile } from './log-file.ts'
import { redactor } from './redact.ts'
import { searchLogs } from './search.ts'

const now = 1_795_300_000_000

function following(t: TestContext, folder = temporaryFolder(t), pagesMax?: number) {
  const logs = join(folder, 'logs')
  mkdirSync(logs, { recursive: true })
  const logFile = new LogFile(keptFile(t, folder, 'logs', pagesMax))
  let lost = 0
  const follower = new Follower({
    logFile,
    logs,
    controlLog: join(folder, 'control.log'),
    holderLog: join(folder, 'holder.log'),
    redact: redactor([]),
    lengthMax: 65_536,
    keptMs: 3_600_000,
    now: () => now,
    onLines: () => {},
    onLost: (count) => {
      lost += count
    },
    onTrouble: () => {},
  })
  const look = async () => {
    while (await follower.look());
  }
  const messages = () =>
    searchLogs(logFile.file, { limit: 1_000 })
      .lines.map(({ message }) => message)
      .reverse()
  return { look, messages, folder, log: join(logs, 'web-1.log'), logFile, lost: () => lost }
}

let clock = now - 1_000
const said = (message: string) => `${JSON.stringify({ time: clock++, msg: message })}\n`

test('lines are read once, also by the store that comes after, and a half one when it is whole', async (t) => {
  const first = following(t)
  writeFileSync(first.log, said('one') + said('two') + said('three').slice(0, -5))
  await first.look()
  await first.look()
  assert.deepEqual(first.messages(), ['one', 'two'])
  const next = following(t, first.folder)
  appendFileSync(first.log, 'ee"}\n'.slice(-5))
  writeFileSync(join(first.folder, 'control.log'), said('of control'))
  await next.look()
  assert.equal(next.messages().length, 4)
  assert.equal(searchLogs(next.logFile.file, { nodes: ['control'] }).lines.length, 1)
})

test('a log that is copied and cut is read on in the copy, and then from its beginning', async (t) => {
  const { look, messages, log, lost } = following(t)
  writeFileSync(log, said('one'))
  await look()
  appendFileSync(log, said('two'))
  copyFileSync(log, `${log}.1`)
  truncateSync(log, 0)
  appendFileSync(log, said('three'))
  await look()
  assert.deepEqual(messages(), ['one', 'two', 'three'])
  assert.equal(lost(), 0)
})

test('a log that was cut and has grown past where it was is known by its beginning', async (t) => {
  const { look, messages, log } = following(t)
  writeFileSync(log, said('one'))
  await look()
  copyFileSync(log, `${log}.1`)
  writeFileSync(log, said('quite another one') + said('and one more'))
  await look()
  assert.deepEqual(messages(), ['one', 'quite another one', 'and one more'])
})

test('what was cut twice meanwhile is lost and counted', async (t) => {
  const { look, messages, log, lost } = following(t)
  writeFileSync(log, said('a first line that is long'))
  await look()
  writeFileSync(`${log}.1`, said('x'))
  writeFileSync(log, said('y'))
  await look()
  assert.deepEqual(messages(), ['a first line that is long', 'y'])
  assert.equal(lost(), 1)
})

test('a line of a million characters is cut, one of five million as well, and those after them are read', async (t) => {
  const { look, messages, log, logFile } = following(t)
  writeFileSync(log, said('x'.repeat(1_000_000)) + said('y'.repeat(5_000_000)) + said('after'))
  await look()
  const found = messages()
  assert.equal(found.length, 3)
  assert.equal(found[2]?.slice(0, 5), 'after')
  assert.ok(found.every((message) => message.length <= 65_537))
  assert.ok(logFile.file.bytes < 2_000_000, `${logFile.file.bytes} bytes`)
})

test('a statement over several lines is one line', async (t) => {
  const { look, messages, log } = following(t)
  const time = new Date(now).toISOString().replace('T', ' ').replace('Z', ' UTC')
  writeFileSync(log, `${time} [1] ERROR:  no\n${time} [1] STATEMENT:  select\n\t1\n\tfrom a\n`)
  await look()
  assert.deepEqual(messages(), ['no', 'select\n1\nfrom a'])
})

test('on a full disk nothing is kept by half, and reading goes on where it stood', async (t) => {
  const folder = temporaryFolder(t)
  const full = following(t, folder, 40)
  const all = Array.from({ length: 3_000 }, (_, at) => `line ${at} ${Math.random()}`)
  writeFileSync(full.log, all.map(said).join(''))
  await assert.rejects(full.look(), /full/)
  const kept = full.logFile.lines
  const roomy = following(t, folder)
  await roomy.look()
  assert.ok(kept < 3_000)
  assert.equal(roomy.logFile.lines, 3_000)
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BanyanError } from '@banyan/model'
import type { JournalEntry } from './entry.ts'
import { openJournal } from './journal.ts'
import { begun, did, end, lineOf, reason, step, turn } from './test-entries.ts'

let folder = ''
let count = 0
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-journal-'))
})
after(async () => await rm(folder, { recursive: true, force: true }))

const newPath = () => join(folder, `journal-${++count}.jsonl`)
const climbing = [begun('c-1'), step('c-1', 1), did('c-1', 1), step('c-1', 2)]
const textOf = (entries: readonly JournalEntry[]) => entries.map(lineOf).join('')

async function journalOf(text: string | Buffer): Promise<string> {
  const path = newPath()
  await writeFile(path, text)
  return path
}

async function refusalOf(path: string): Promise<BanyanError> {
  const error = await openJournal(path).then(
    () => assert.fail('the journal was opened'),
    (refusal: unknown) => refusal,
  )
  assert.ok(BanyanError.is(error), String(error))
  return error
}

test('what was appended is there for whoever opens the journal next', async () => {
  const path = newPath()
  const first = await openJournal(path)
  assert.equal(first.unfinished(), null)
  for (const entry of climbing) await first.append(entry)
  const open = first.unfinished()
  assert.equal(open?.climb, 'c-1')
  await first.close()
  const next = await openJournal(path)
  const expected = { ...open, begunAt: next.unfinished()?.begunAt }
  assert.deepEqual(next.unfinished(), expected)
  assert.deepEqual([open.steps, open.turned, open.reason], [2, false, null])
  await next.append(turn('c-1'))
  assert.deepEqual([next.unfinished()?.turned, next.unfinished()?.reason], [true, reason])
  await next.append(end('c-1'))
  assert.equal(next.unfinished(), null)
  await next.close()
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('the report of a climb tells every step, also one that nobody saw the end of', async () => {
  const failed = [step('c-1', 3), did('c-1', 3, 'failed'), turn('c-1'), end('c-1')]
  const journal = await openJournal(await journalOf(textOf([...climbing, ...failed])))
  const report = journal.reportOf('c-1')
  assert.deepEqual(
    report?.steps.map(({ node, ms, outcome }) => [node, ms, outcome]),
    [
      ['web-1', 12.5, 'done'],
      ['web-2', null, 'interrupted'],
      ['web-3', 12.5, 'failed'],
    ],
  )
  const { steps: _steps, ...rest } = report ?? assert.fail('there is no report')
  assert.deepEqual(rest, {
    climb: 'c-1',
    direction: 'grow',
    from: ['single'],
    to: ['single', 'balanced'],
    outcome: 'undone',
    requests: { sent: 1_260, failed: 0 },
    longestWritePauseMs: 31,
    totalMs: 4_200,
    reason,
  })
  assert.equal(journal.reportOf('c-2'), null)
  await journal.close()
})

test('a last line that was torn at any byte is dropped and cut off, and nothing else', async () => {
  const kept = textOf(climbing)
  const torn = Buffer.from(lineOf(did('c-1', 2)))
  for (let length = 0; length < torn.length; length += 1) {
    const path = await journalOf(Buffer.concat([Buffer.from(kept), torn.subarray(0, length)]))
    const journal = await openJournal(path)
    assert.equal(journal.unfinished()?.steps, 2)
    await journal.append(did('c-1', 2, 'failed'))
    await journal.close()
    const text = await readFile(path, 'utf8')
    assert.ok(text.startsWith(kept), `${length} bytes`)
    assert.equal(text.split('\n').length, climbing.length + 2)
    assert.equal(JSON.parse(text.slice(kept.length)).outcome, 'failed')
  }
})

test('a first line that was torn leaves an empty journal', async () => {
  const journal = await openJournal(await journalOf('{"format":1,"at'))
  assert.equal(journal.unfinished(), null)
  await journal.append(begun('c-1'))
  await journal.close()
})

const odd = (changes: object) =>
  `${JSON.stringify({ ...JSON.parse(lineOf(did('c-1', 1))), ...changes })}\n`
const corruptions: readonly (readonly [string, string, RegExp])[] = [
  ['no JSON', 'half of a li\n', /Line 3 .* it is not JSON/],
  ['an empty line', '\n', /Line 3 .* it is not JSON/],
  ['NUL bytes', `${'\0'.repeat(40)}\n`, /Line 3 .* it is not JSON/],
  ['another object', '{"hello":"world"}\n', /Line 3 .* no format/],
  ['an unknown kind', odd({ kind: 'leap' }), /Line 3 .* no kind/],
  ['a missing field', odd({ ms: undefined }), /Line 3 .* "ms" is missing/],
  ['an outcome that there is not', odd({ outcome: 'perhaps' }), /Line 3 .* "outcome"/],
  ['a climb that has not begun', odd({ climb: 'c-9' }), /Line 3 .* c-9, which has not begun/],
  ['the end of another step', odd({ n: 4 }), /Line 3 .* ends step 4/],
  ['a step that does not follow', lineOf(step('c-1', 7)), /Line 3 .* step 7 after step 1/],
  ['a climb that begins twice', lineOf(begun('c-1')), /Line 3 .* second time/],
]
for (const [what, text, message] of corruptions) {
  test(`${what} in the middle is refused by its line, with the mend, before anything is changed`, async () => {
    const before = textOf(climbing.slice(0, 2)) + text + textOf([end('c-1')])
    const path = await journalOf(`${before}torn`)
    const error = await refusalOf(path)
    assert.equal(error.code, 'BANYAN_STATE_BROKEN')
    assert.match(error.message, message)
    assert.match(error.hint ?? '', /mv .*journal-\d+\.jsonl /)
    assert.equal(await readFile(path, 'utf8'), `${before}torn`)
  })
}

test('a broken line at the end is refused as well, when it is a whole one', async () => {
  const error = await refusalOf(await journalOf(`${textOf(climbing)}{"format":1}\n`))
  assert.match(error.message, /Line 5 /)
})

test('what follows the end of its climb is refused', async () => {
  const error = await refusalOf(await journalOf(textOf([begun('c-1'), end('c-1'), turn('c-1')])))
  assert.match(error.message, /Line 3 .* c-1, which has ended/)
})

test('every broken line is told, not the first one only', async () => {
  const path = await journalOf(`x\n${textOf(climbing)}y\nz\n`)
  const error = await refusalOf(path)
  assert.match(error.message, /Line 1 .* So are 2 others\./)
  const lines = error.details.lines as { line: number }[]
  assert.deepEqual(
    lines.map(({ line }) => line),
    [1, 6, 7],
  )
})

test('a journal of a later format is left as it is, torn end and broken lines and all', async () => {
  const text = `${textOf(climbing)}broken\n{"format":2,"kind":"leap"}\ntorn`
  const path = await journalOf(text)
  const error = await refusalOf(path)
  assert.equal(error.code, 'BANYAN_STATE_NEWER')
  assert.match(error.message, /Line 6 .* format 2/)
  assert.equal(await readFile(path, 'utf8'), text)
})

test('the last 50 climbs are kept, each with all of its lines, and nothing is left beside them', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `c-${index}`)
  const text = names.map((name) => textOf([begun(name), step(name, 1), end(name)])).join('')
  const path = join(folder, 'pruned', 'journal.jsonl')
  await mkdir(join(folder, 'pruned'))
  await writeFile(path, `${text}torn`)
  const journal = await openJournal(path)
  assert.equal(journal.reportOf('c-9'), null)
  assert.equal(journal.reportOf('c-10')?.steps.length, 1)
  await journal.append(begun('c-60'))
  await journal.close()
  const kept = textOf(names.slice(10).flatMap((name) => [begun(name), step(name, 1), end(name)]))
  const now = await readFile(path, 'utf8')
  assert.ok(now.startsWith(kept))
  assert.equal(now.split('\n').length, 50 * 3 + 2)
  assert.deepEqual(await readdir(join(folder, 'pruned')), ['journal.jsonl'])
})

test('lines that are appended at once lie one after the other', async () => {
  const path = newPath()
  const journal = await openJournal(path)
  await journal.append(begun('c-1'))
  const entries = Array.from({ length: 20 }, (_, index) => step('c-1', index + 1))
  await Promise.all(entries.map((entry) => journal.append(entry)))
  await journal.close()
  const next = await openJournal(path)
  assert.equal(next.unfinished()?.steps, 20)
  await next.close()
})

test('what would be refused at the next start never gets into the file', async () => {
  const path = newPath()
  const journal = await openJournal(path)
  await journal.append(begun('c-1'))
  const size = (await stat(path)).size
  await assert.rejects(journal.append(did('c-1', 1)), /not for the journal/)
  await assert.rejects(journal.append(begun('c-1')), /not for the journal/)
  assert.equal((await stat(path)).size, size)
  await journal.append(step('c-1', 1))
  await journal.close()
})

test('a journal that cannot be read says which file and why', async () => {
  const path = newPath()
  await mkdir(path)
  const error = await refusalOf(path)
  assert.equal(error.code, 'BANYAN_STATE_UNWRITABLE')
  assert.ok(error.message.includes(path))
})

/** A disk of 16 kB, where this user may mount one. */
async function smallDisk(): Promise<string | null> {
  const place = join(folder, 'disk')
  await mkdir(place)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', place], { stdio: 'ignore' })
    return place
  } catch {
    return null
  }
}

test('on a full disk a line is refused whole, and fits again once there is room', async (t) => {
  const disk = await smallDisk()
  if (disk === null) return t.skip('needs the right to mount a tmpfs (root)')
  const unmount = () => execFileSync('umount', [disk])
  try {
    const path = join(disk, 'journal.jsonl')
    const journal = await openJournal(path)
    await journal.append(begun('c-1'))
    await writeFile(join(disk, 'ballast'), Buffer.alloc(8 * 1024))
    const error = await fill(journal)
    assert.equal(error.code, 'BANYAN_STATE_UNWRITABLE')
    assert.match(error.message, /journal\.jsonl cannot be written: the disk is full\./)
    assert.match(error.hint ?? '', /Free space/)
    const steps = journal.unfinished()?.steps ?? 0
    assert.ok((await readFile(path, 'utf8')).endsWith('\n'), 'nothing of the line stays')
    await rm(join(disk, 'ballast'))
    await journal.append(step('c-1', steps + 1))
    await journal.close()
    const next = await openJournal(path)
    assert.equal(next.unfinished()?.steps, steps + 1)
    await next.close()
  } finally {
    unmount()
  }
})

async function fill(journal: Awaited<ReturnType<typeof openJournal>>): Promise<BanyanError> {
  for (let n = 1; n < 1_000; n += 1) {
    try {
      await journal.append(step('c-1', n))
    } catch (error) {
      assert.ok(BanyanError.is(error), String(error))
      return error
    }
  }
  return assert.fail('the disk did not fill up')
}

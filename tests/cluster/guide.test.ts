import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { endOfShown, matchesOutput, readGuide } from './guide-page.ts'
import { forgetPacked, startReader } from './guide-reader.ts'

const repository = new URL('../..', import.meta.url).pathname
after(async () => await forgetPacked())

test('a page is read as files, commands and outputs, and nothing of it is passed over', () => {
  const text = [
    '```ts title=src/a.ts',
    'x',
    '```',
    '```sh',
    'one',
    'two',
    '```',
    '```text',
    'out …',
    '```',
  ]
  assert.deepEqual(readGuide(text.join('\n')), [
    { kind: 'file', line: 1, path: 'src/a.ts', text: 'x\n' },
    { kind: 'commands', line: 4, commands: ['one', 'two'], output: 'out …\n' },
  ])
  assert.throws(() => readGuide('```ts\nx\n```'), /line 1: a block of ts that no test can try/)
  assert.throws(() => readGuide('```text\nx\n```'), /line 1/)
  assert.throws(() => readGuide('```sh\nx'), /not closed/)
})

test('what goes on running in another terminal is a step of its own', () => {
  const text = ['```sh background', 'npx banyan dev', '```', '```text', '● Ready', '```']
  const later = ['```text background', '↻ …', '```']
  assert.deepEqual(readGuide([...text, ...later].join('\n')), [
    { kind: 'background', line: 1, command: 'npx banyan dev', output: '● Ready\n' },
    { kind: 'shown', line: 7, output: '↻ …\n' },
  ])
  assert.equal(endOfShown('a\n↻ src/a.ts changed: done\n', '↻ …: done'), 26)
  assert.equal(endOfShown('a\n', '↻ …: done'), null)
})

test('an output is compared whole, but for what the page leaves open', () => {
  assert.ok(matchesOutput('{"id":"7"}\n', '{"id":"…"}'))
  assert.ok(matchesOutput('a\nb\nc', '…b…'))
  assert.ok(!matchesOutput('{"id":"7"} more', '{"id":"…"}'))
  assert.ok(!matchesOutput('ac', 'a.c'))
})

test('the tutorial does what it says, from an empty folder to the end', async () => {
  const steps = readGuide(await readFile(join(repository, 'docs/guide/tutorial.md'), 'utf8'))
  assert.ok(steps.length > 10, 'the page has become suspiciously short')
  await using reader = await startReader('docs/guide/tutorial.md')
  for (const step of steps) await reader.follow(step)
  assert.match(reader.folder, /notes$/, 'the page made its folder and went there')
})

test('the first hour goes as its page says, up to a wrong key that is caught', async () => {
  const steps = readGuide(await readFile(join(repository, 'docs/guide/first-hour.md'), 'utf8'))
  assert.ok(steps.length > 12, 'the page has become suspiciously short')
  assert.ok(
    steps.some((step) => 'output' in step && step.output?.includes('BANYAN_WRONG_KEY')),
    'the page shows no wrong key',
  )
  await using reader = await startReader('docs/guide/first-hour.md')
  for (const step of steps) await reader.follow(step)
  assert.match(reader.folder, /notes$/, 'the page made its folder and went there')
})

import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { followFile } from './follow.ts'
import { rotate } from './rotate.ts'
import { lastLines } from './tail.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-logs-'))
})
after(async () => await rm(folder, { recursive: true }))

test('the last lines are read from the end, however long the file is', async () => {
  const path = join(folder, 'long.log')
  const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n} ${'é'.repeat(n % 7)}`)
  await writeFile(path, `${lines.join('\n')}\n`)
  for (const count of [0, 1, 10, 5_000, 60_000]) {
    assert.deepEqual(await lastLines(path, count), count === 0 ? [] : lines.slice(-count))
  }
})

test('a log that is not there has no lines', async () => {
  assert.deepEqual(await lastLines(join(folder, 'none.log'), 10), [])
})

test('what was printed before a given byte is left out', async () => {
  const path = join(folder, 'since.log')
  await writeFile(path, 'before\nafter\n')
  assert.deepEqual(await lastLines(path, 10, 'before\n'.length), ['after'])
})

test('a log that has grown past its limit is kept once and cut, and those who append go on', async () => {
  const path = join(folder, 'full.log')
  await writeFile(path, 'x'.repeat(100))
  assert.equal(await rotate(path, 100), false)
  assert.equal(await rotate(path, 99), true)
  await appendFile(path, 'next\n')
  assert.equal(await readFile(path, 'utf8'), 'next\n')
  assert.equal((await stat(`${path}.1`)).size, 100)
})

test('who follows a log gets each line once, also in pieces and after it was cut', async () => {
  const path = join(folder, 'followed.log')
  await writeFile(path, 'old\n')
  const lines: string[] = []
  const stopping = new AbortController()
  const until = async (count: number) => {
    while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const following = followFile({
    path,
    signal: stopping.signal,
    onLine: (line) => lines.push(line),
  })
  await new Promise((resolve) => setTimeout(resolve, 150))
  await appendFile(path, 'one\ntw')
  await until(1)
  await appendFile(path, 'o\n')
  await until(2)
  await truncate(path, 0)
  await appendFile(path, 'a\n')
  await until(3)
  stopping.abort()
  await following
  assert.deepEqual(lines, ['one', 'two', 'a'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesUnder, findLines, isTest, isTypeScript, type ProjectFile } from './project-files.ts'

const model = filesUnder('packages/model/src').filter(isTypeScript)
const pure = model.filter((file) => !isTest(file))

/** What would make the same plan come out differently on another day, or do something by itself. */
const impure: Record<string, RegExp> = {
  'the clock': /\bDate\.now\b|\bnew Date\b|\bDate\(\)|\bperformance\b|\bTemporal\b|\bhrtime\b/,
  chance: /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/,
  timers: /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bAbortSignal\.timeout\b/,
  'promises and waiting': /\bawait\b|\basync\b|\bnew Promise\b/,
  'the process': /\bprocess\.|\bglobalThis\b|\bconsole\.|\bfetch\(/,
  'anything of Node or another package': /\b(from|import|require)\b\s*\(?\s*['"](?!\.)/,
}

/** A text may well speak of the clock: what is meant for people is not code. */
const withoutTexts = ({ path, text }: ProjectFile): ProjectFile => ({
  path,
  text: text.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''"),
})

for (const [what, pattern] of Object.entries(impure)) {
  test(`the model uses neither ${what} nor anything like it`, () => {
    assert.ok(pure.length > 20, 'the files of the model were found')
    const files = what.startsWith('anything') ? pure : pure.map(withoutTexts)
    assert.deepEqual(findLines(files, pattern), [])
  })
}

test('each of these patterns finds what it is meant to find', () => {
  const planted = [
    'const at = Date.now()',
    'const seed = Math.random()',
    'setTimeout(run, 5)',
    'const run = async () => 1',
    'const home = process.env',
    "import { readFileSync } from 'node:fs'",
  ]
  for (const [index, pattern] of Object.values(impure).entries()) {
    const found = findLines([{ path: 'planted.ts', text: planted[index] ?? '' }], pattern)
    assert.equal(found.length, 1, planted[index])
  }
})

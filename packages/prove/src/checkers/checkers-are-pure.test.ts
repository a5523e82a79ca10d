import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

/** What would let the same history be judged otherwise on another day, or do something by itself. */
const impure: Record<string, RegExp> = {
  'the clock': /\bDate\b|\bperformance\b|\bTemporal\b/,
  chance: /\bMath\.random\b|\brandomUUID\b/,
  'timers and waiting': /\bset(Timeout|Interval|Immediate)\b|\bawait\b|\basync\b|\bnew Promise\b/,
  'the process': /\bprocess\.(?!length)|\bglobalThis\b|\bconsole\./,
  'anything outside': /\bfrom '(?!\.\/|\.\.\/history\/)/,
}

/** Code without its comments, in which words mean what they say. */
const filesIn = (folder: string) =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => ({
      name,
      code: readFileSync(new URL(folder + name, import.meta.url), 'utf8').replace(
        /\/\*[\s\S]*?\*\/|\/\/.*$/gm,
        '',
      ),
    }))

test('the checkers use neither clock nor chance nor anything but histories', () => {
  const files = [...filesIn('./'), ...filesIn('../history/')]
  assert.ok(files.length > 20, 'the files of the checkers were found')
  for (const [what, pattern] of Object.entries(impure)) {
    const found = files.filter(({ code }) => pattern.test(code)).map(({ name }) => name)
    assert.deepEqual(found, [], what)
  }
})

test('each of these patterns finds what it is meant to find', () => {
  const planted = [
    'const at = performance.now()',
    'const seed = Math.random()',
    'setTimeout(run, 5)',
    'const home = process.env.HOME',
    "import { readFileSync } from 'node:fs'",
  ]
  for (const [at, pattern] of Object.values(impure).entries()) {
    assert.match(planted[at] ?? '', pattern)
  }
})

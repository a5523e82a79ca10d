import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCommand, splitCommand } from './command.ts'

test('words are split at spaces, and quotes and backslashes hold them together', () => {
  const splits: Record<string, readonly string[]> = {
    'node src/web.ts': ['node', 'src/web.ts'],
    '  node \t web.ts  ': ['node', 'web.ts'],
    'node "my web.ts"': ['node', 'my web.ts'],
    "node 'my web.ts'": ['node', 'my web.ts'],
    'node my\\ web.ts': ['node', 'my web.ts'],
    'node --title="a b" \'\'': ['node', '--title=a b', ''],
    "node 'it costs $5; `really`'": ['node', 'it costs $5; `really`'],
    'node "a \\"b\\" \\\\ \\n"': ['node', 'a "b" \\ \\n'],
    'node a"b"\'c\'': ['node', 'abc'],
    'npm run start': ['npm', 'run', 'start'],
    'node \\\n  web.ts': ['node', 'web.ts'],
  }
  for (const [text, words] of Object.entries(splits))
    assert.deepEqual(splitCommand(text), words, text)
})

test('what only a shell could do is refused, with what to do instead', () => {
  const refused: Record<string, [found: RegExp, mend: RegExp]> = {
    'tsc && node web.js': [/two commands.*&&/, /build:/],
    'node a.ts || node b.ts': [/two commands/, /build:/],
    'node a.ts; node b.ts': [/two commands/, /build:/],
    'node a.ts\nnode b.ts': [/two commands/, /build:/],
    'node a.ts | tee log': [/pipe/, /script file/],
    'node a.ts &': [/background/, /service of its own/],
    'node a.ts > log': [/redirection/, /banyan logs/],
    'node a.ts 2>&1': [/redirection/, /banyan logs/],
    'node < input': [/redirection/, /banyan logs/],
    'node web.ts --port $PORT': [/variable/, /process\.env/],
    'node "web.ts --port $PORT"': [/variable/, /process\.env/],
    'node `which web`': [/variable or substitution/, /process\.env/],
    '(node web.ts)': [/subshell/, /script file/],
    'node --test *.ts': [/file pattern/, /quote it/],
    'NODE_ENV=production node web.js': [/assignment/, /env: \{ NODE_ENV: "production" \}/],
    '~/bin/web': [/home folder/, /in full/],
    'node ~/web.ts': [/home folder/, /in full/],
    'cd app': [/change of folder/, /from there/],
    'node "web.ts': [/quote that does not end/, /closing "/],
    'node web.ts \\': [/backslash/, /remove/],
    '""': [/empty program name/, /name the program/],
  }
  for (const [text, [found, mend]] of Object.entries(refused)) {
    const { complaint } = readCommand(text)
    assert.match(complaint?.found ?? '', found, text)
    assert.match(complaint?.mend ?? '', mend, text)
  }
  assert.equal(readCommand('').words, null)
  assert.equal(readCommand('   ').words, null)
  assert.equal(readCommand('node \0').words, null)
})

test('a command that cannot be split throws with the mend as its hint', () => {
  assert.throws(() => splitCommand('tsc && node web.js'), {
    code: 'BANYAN_CONFIG_INVALID',
    message: /"tsc && node web\.js" has two commands in one/,
    hint: /build:/,
  })
})

test('whatever is accepted is split as a shell splits it', () => {
  const letters = fc.constantFrom(...'ab \'"\\$&|;<>()*=~-./\n\t'.split(''))
  const texts = fc.sample(fc.string({ unit: letters, maxLength: 16 }), { numRuns: 4000, seed: 1 })
  const accepted = texts.flatMap((text) => {
    // The first word is a program here, so that the shell's own words (`.`, `a=b`) do not matter.
    const { words } = readCommand(`p ${text}`)
    return words ? [{ text, words }] : []
  })
  assert.ok(accepted.length > 300, `${accepted.length} commands were accepted`)
  // printf repeats its format for every word; a separator that no word holds marks their ends.
  const script = accepted.map(
    ({ text }) => `set -- p ${text}\nprintf '%s\\001' "$@"\nprintf '\\002'`,
  )
  const shell = spawnSync('sh', ['-f'], { input: script.join('\n'), encoding: 'utf8' })
  const lines = shell.stdout.split('\u0002').slice(0, -1)
  const split = lines.map((line) => line.split('\u0001').slice(0, -1))
  assert.deepEqual(
    split,
    accepted.map(({ words }) => words),
  )
})

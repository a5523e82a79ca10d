import { type CommandReading, type Complaint, nearestName, readCommand } from '@banyan/model'
import type { Manifest } from './read-package.ts'

/**
 * Unwraps a command that stands for another one: `npm start` becomes what the script says, also through
 * several scripts. npm would stand between Banyan and the service with a shell that swallows signals.
 *
 * The words after the script's name are added to its command, as npm does. Programs of packages keep
 * their bare name: a node's PATH has `node_modules/.bin`.
 */
export const expandCommand = (
  words: readonly string[],
  key: 'run' | 'build',
  manifest: Manifest,
): CommandReading => expand(words, key, manifest, [])

const expand = (
  words: readonly string[],
  key: 'run' | 'build',
  manifest: Manifest,
  above: readonly string[],
): CommandReading => {
  if (words[0] === 'npx') return expandNpx(words, manifest)
  const call = readCall(words)
  if (!call) return { words, complaint: null }
  if ('complaint' in call) return refuse(call.complaint, above)
  const complaint = checkScript(call.script, key, manifest, above)
  if (complaint) return refuse(complaint, above.includes(call.script) ? [] : above)
  const reading = readCommand(manifest.scripts[call.script] ?? '')
  const path = [...above, call.script]
  if (!reading.words) return refuse(reading.complaint, path)
  return expand([...reading.words, ...call.rest], key, manifest, path)
}

type Call =
  | { readonly script: string; readonly rest: readonly string[] }
  | { readonly complaint: Complaint }

const managers = ['npm', 'pnpm', 'yarn', 'bun']

/** Options that only change what npm prints. */
const silent = ['-s', '--silent', '-q', '--quiet']

/** Reads `npm run x -- …` and its like; null for every other command. */
const readCall = (words: readonly string[]): Call | null => {
  const [program = '', ...rest] = words
  if (program === 'node' && rest[0] === '--run')
    return { script: rest[1] ?? '', rest: afterDashes(rest.slice(2)) }
  if (!managers.includes(program)) return null
  const plain = rest.filter(
    (word, index) => !(silent.includes(word) && !rest.slice(0, index).includes('--')),
  )
  const [verb = '', name = '', ...more] = plain
  if (['start', 'test'].includes(verb)) return { script: verb, rest: afterDashes(plain.slice(1)) }
  if (['run', 'run-script'].includes(verb) && name !== '' && !name.startsWith('-'))
    return { script: name, rest: afterDashes(more) }
  return { complaint: unknownCall(words) }
}

const afterDashes = (words: readonly string[]): readonly string[] => {
  const dashes = words.indexOf('--')
  return dashes < 0 ? words : [...words.slice(0, dashes), ...words.slice(dashes + 1)]
}

const unknownCall = (words: readonly string[]): Complaint => ({
  found: `${words.slice(0, 3).join(' ')}, which Banyan cannot unwrap`,
  expected: 'the command itself, npm start, or npm run with the name of a script',
  mend: 'write the command that it runs, for example "node src/web.ts"',
})

const checkScript = (
  script: string,
  key: 'run' | 'build',
  { problem, scripts }: Manifest,
  above: readonly string[],
): Complaint | null => {
  if (problem)
    return {
      found: problem,
      expected: `a package.json with the script ${script}`,
      mend: 'write the command itself',
    }
  if (above.includes(script)) {
    const loop = [...above, script].join(' → ')
    return {
      found: `scripts that call each other: ${loop}`,
      expected: 'a script that ends in a command',
      mend: 'write the command itself',
    }
  }
  if (!Object.hasOwn(scripts, script)) return missingScript(script, Object.keys(scripts))
  const around = [`pre${script}`, `post${script}`].find((name) => Object.hasOwn(scripts, name))
  return around === undefined ? null : refuseAround(around, script, key)
}

const missingScript = (script: string, known: readonly string[]): Complaint => {
  const near = nearestName(script, known)
  return {
    found: `the script ${JSON.stringify(script)}, which package.json does not have`,
    expected: known.length === 0 ? 'a script; package.json has none' : `one of ${known.join(', ')}`,
    mend: near ? `did you mean ${near}?` : 'write the command itself',
  }
}

/** npm would run it each time the service starts, and after it ended; Banyan starts exactly one process. */
const refuseAround = (around: string, script: string, key: 'run' | 'build'): Complaint => ({
  found: `the script ${around}, which npm runs around ${script}`,
  expected: 'a script alone',
  mend:
    key === 'run' && around.startsWith('pre')
      ? `rename ${around} to "prepare-${script}" and run it once per release: build: 'npm run prepare-${script}'`
      : `merge ${around} into ${script} as one program, or write the command itself`,
})

/** `npx tsx src/web.ts` is `tsx src/web.ts` when the package is installed; a download at every start is refused. */
const expandNpx = (words: readonly string[], { hasProgram }: Manifest): CommandReading => {
  const rest = words
    .slice(1)
    .filter((word, index) => !(index === 0 && ['--no', '--no-install'].includes(word)))
  const name = rest[0] ?? ''
  if (/^[\w.-]+$/.test(name) && !name.startsWith('-') && hasProgram(name))
    return { words: rest, complaint: null }
  const found =
    name.startsWith('-') || name === ''
      ? `${words.slice(0, 3).join(' ')}, which Banyan cannot unwrap`
      : `npx ${name}, which is not installed`
  return refuse(
    {
      found,
      expected: 'an installed program',
      mend: `install it (npm install --save-dev ${name.startsWith('-') || name === '' ? 'NAME' : name}) and write the command without npx`,
    },
    [],
  )
}

/** A complaint about a script says by which way it was reached. */
const refuse = (complaint: Complaint, path: readonly string[]): CommandReading => {
  if (path.length === 0) return { words: null, complaint }
  const found = `${complaint.found ?? 'an empty command'} in the script ${path.join(' → ')}`
  return { words: null, complaint: { ...complaint, found } }
}

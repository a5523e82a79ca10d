import { readCommand } from '@banyan/model'
import { expandCommand } from '../config/npm-scripts.ts'
import { type AppManifest, lineOfScript } from './manifest.ts'
import { leaveReserved } from './reserved-settings.ts'
import { type ShellParts, splitScript, splitSettings } from './shell-parts.ts'
import type { AppFiles, Note, Start } from './types.ts'
import { endings, withoutWatcher } from './watchers.ts'

export type FoundStart = { readonly start: Start | null; readonly notes: readonly Note[] }

type Surroundings = { readonly manifest: AppManifest; readonly files: AppFiles }

/**
 * How an app is started: its start script, else its main file, else what its dev script runs below the
 * watcher, else a file that is commonly one. A script is taken over as it stands when it is one command;
 * what only a shell could do is taken apart where that is plain, and else refused with its line.
 */
export function findStart(manifest: AppManifest, files: AppFiles): FoundStart {
  const around = { manifest, files }
  const { scripts, main } = manifest
  if (scripts.start !== undefined) {
    const { start, notes } = fromScript('start', scripts.start, around)
    if (start === null) return { start, notes }
    const left = leaveReserved(start, 'start', manifest)
    return { start: left.start, notes: [...notes, ...left.notes] }
  }
  if (main !== null && isProgram(main, files)) return plain(`node ${clean(main)}`, 'main', around)
  for (const script of ['dev', 'serve', 'develop']) {
    const run = withoutWatcher(scripts[script] ?? '')
    if (run !== null) return plain(run, `scripts.${script}`, around)
  }
  const file = commonFiles.find((path) => isServer(files.texts.get(path)))
  if (file !== undefined) return plain(`node ${file}`, file, around)
  return { start: null, notes: [nothingFound(manifest)] }
}

const stems = ['server', 'index', 'main', 'app', 'web', 'www']
const commonFiles = ['src/', '', 'bin/', 'app/'].flatMap((folder) =>
  stems.flatMap((stem) => endings.map((ending) => `${folder}${stem}${ending}`)),
)

/** A file that is called like one may as well be a library; one that listens is a server. */
const isServer = (text: string | undefined): boolean =>
  text !== undefined && /\.listen\s*\(|\bserve\s*\(|createServer\s*\(/.test(text)

const isProgram = (path: string, { paths }: AppFiles): boolean =>
  endings.some((ending) => path.endsWith(ending)) && paths.includes(clean(path))

const clean = (path: string): string => path.replace(/^\.\//, '')

function plain(run: string, from: string, around: Surroundings): FoundStart {
  return { start: { run, build: buildFor(run, around), env: {}, from }, notes: [] }
}

/** A script as npm would run it, but without the shell. */
function fromScript(name: string, text: string, around: Surroundings): FoundStart {
  const parts = splitScript(text)
  const from = `scripts.${name}`
  if (parts.operators.length === 0) return fromCommand(name, text, around)
  const split = splitBuild(parts, around)
  if (split !== null) return { start: { ...split, from }, notes: [] }
  const printed = withoutPrinter(parts)
  if (printed === null) return { start: null, notes: [needsShell(name, text, parts, around)] }
  const { env, command: run } = splitSettings(printed)
  const complaint = complaintOf(run, 'run', around)
  if (complaint !== null) return refused(name, text, complaint, around)
  const start = { run, build: buildFor(run, around), env, from }
  return { start, notes: [printerLeftOut(name, parts, around)] }
}

function fromCommand(name: string, text: string, around: Surroundings): FoundStart {
  const from = `scripts.${name}`
  const { env, command } = splitSettings(text)
  const settled = command !== text.trim()
  const unwatched = withoutWatcher(command)
  const run = unwatched ?? command
  const complaint = complaintOf(run, 'run', around) ?? daemonIn(run)
  if (complaint !== null) return refused(name, text, complaint, around)
  const before = `pre${name}`
  const hasBefore = around.manifest.scripts[before] !== undefined
  if (hasBefore) {
    const wrong = complaintOf(`npm run ${before}`, 'build', around)
    if (wrong !== null) return refused(before, around.manifest.scripts[before] ?? '', wrong, around)
    return { start: { run, build: `npm run ${before}`, env, from }, notes: [] }
  }
  const build = buildFor(run, around)
  // The script itself stays the one place that says how the app is started.
  const asItIs =
    !settled && unwatched === null && around.manifest.scripts[`post${name}`] === undefined
  return { start: { run: asItIs ? 'npm start' : run, build, env, from }, notes: [] }
}

/** `a && b` where a builds or migrates: once per release, and then the process alone. */
function splitBuild(
  { commands, operators }: ShellParts,
  around: Surroundings,
): Omit<Start, 'from'> | null {
  const [build = '', second = ''] = commands
  if (operators.length !== 1 || operators[0] !== '&&' || !isPreparation(build)) return null
  const { env, command: run } = splitSettings(second)
  const complaint = complaintOf(build, 'build', around) ?? complaintOf(run, 'run', around)
  return complaint === null ? { run, build, env } : null
}

/** Commands that end by themselves and are meant to run before an app starts. */
const preparations =
  /^(npx\s+|pnpm\s+exec\s+|yarn\s+)?(tsc|tsup|esbuild|swc|vite build|next build|nest build|nuxt build|nuxi build|astro build|remix build|remix vite:build|react-router build|rollup|webpack|prisma|drizzle-kit|knex|kysely|node-pg-migrate|typeorm|sequelize|db-migrate|dbmate|graphile-migrate)\b/

function isPreparation(command: string): boolean {
  const script =
    /^(?:(?:npm|pnpm|yarn|bun)(?:\s+run(?:-script)?)?|node\s+--run)\s+(?:-s\s+|--silent\s+)?([\w:.-]+)/.exec(
      command,
    )?.[1]
  if (script !== undefined)
    return /build|compile|migrat|generate|prepare|prisma|db[:_-]|setup/.test(script)
  if (preparations.test(command)) return true
  const [program = '', file = ''] = command.split(/\s+(?:-\S+\s+)*/)
  return ['node', 'tsx', 'ts-node'].includes(program) && /migrat|build/.test(file)
}

/** What Banyan does for every log by itself. */
const printers = /^(?:npx\s+)?(?:pino-pretty|pino-colada|bunyan|roarr|tee)\b/

const withoutPrinter = ({ commands, operators }: ShellParts): string | null =>
  operators.length === 1 && operators[0] === '|' && printers.test(commands[1] ?? '')
    ? (commands[0] ?? null)
    : null

/** Where what is started is made by the build script, it has to be made first. */
function buildFor(run: string, { manifest }: Surroundings): string | null {
  if (manifest.scripts.build === undefined) return null
  const command = ['npm', 'pnpm', 'yarn'].includes(run.split(' ')[0] ?? '')
    ? (manifest.scripts.start ?? '')
    : run
  const made =
    /(^|[\s/])(dist|build|out|lib|\.output|\.next|\.svelte-kit)\//.test(command) ||
    /\b(next|nuxt|remix-serve|react-router-serve|vite preview|nest) ?(start|\b)/.test(command)
  return made ? 'npm run build' : null
}

type Complaint = { readonly found: string; readonly mend: string }

/** What the config would say about a command, said now and with the line of the script. */
function complaintOf(
  command: string,
  key: 'run' | 'build',
  { manifest, files }: Surroundings,
): Complaint | null {
  const reading = readCommand(command)
  const { hasProgram } = files
  const scripts = { problem: null, scripts: manifest.scripts, hasProgram }
  const expanded = reading.words ? expandCommand(reading.words, key, scripts) : reading
  const complaint = expanded.complaint
  return complaint && { found: complaint.found ?? 'an empty command', mend: complaint.mend }
}

/** A process manager that leaves the app in its background is over before the app serves. */
function daemonIn(command: string): Complaint | null {
  const [, program, words = ''] = /^(?:npx\s+)?(pm2|forever)\s+start\s+(.*)$/.exec(command) ?? []
  if (program === undefined) return null
  const file = words.split(/\s+/).find((word) => endings.some((ending) => word.endsWith(ending)))
  return {
    found: `${program} start, which leaves the app running behind it`,
    mend: `write ${JSON.stringify(`node ${file ?? 'src/server.js'}`)}; Banyan starts it again when it ends, and keeps its output`,
  }
}

const refused = (script: string, text: string, complaint: Complaint, around: Surroundings) => ({
  start: null,
  notes: [
    {
      ...placeOf(script, around),
      what: `The script ${script} (${text}) has ${complaint.found}, and Banyan starts a service without a shell.`,
      mend: capital(`${complaint.mend}.`),
    },
  ],
})

const placeOf = (script: string, { manifest }: Surroundings) => ({
  file: 'package.json',
  line: lineOfScript(manifest.text, script),
})

function needsShell(name: string, text: string, parts: ShellParts, around: Surroundings): Note {
  const last = parts.commands.at(-1) ?? ''
  const first = parts.commands.slice(0, -1).join(` ${parts.operators[0]} `)
  const chain = parts.operators.every((one) => one === '&&' || one === ';')
  return {
    ...placeOf(name, around),
    what: `The script ${name} (${text}) needs a shell for ${JSON.stringify(parts.operators[0])}; a shell would swallow signals and cannot pass a socket on.`,
    mend: chain
      ? `Split it: what runs once per release into one command of its own (build: ${quote(first.includes('&&') || first.includes(';') ? 'node scripts/build.mjs' : first)}), and leave "${name}": ${JSON.stringify(last)}; then run banyan init again.`
      : `Put it into a script file and start that ("${name}": "node scripts/start.mjs"), or leave "${name}": ${JSON.stringify(parts.commands[0])}; then run banyan init again.`,
  }
}

function printerLeftOut(name: string, { commands }: ShellParts, around: Surroundings): Note {
  return {
    ...placeOf(name, around),
    what: `The script ${name} pipes its output into ${commands[1]}, which the config leaves out.`,
    mend: 'Nothing to do: banyan logs shows log entries in JSON as lines for people.',
  }
}

function nothingFound(manifest: AppManifest): Note {
  const scripts = Object.keys(manifest.scripts)
  const known = scripts.length === 0 ? 'no scripts' : `the scripts ${scripts.join(', ')}`
  return {
    file: 'package.json',
    line: null,
    what: `Nothing says how the app is started: there is no script start (but ${known}), no file that "main" names, no dev script with a watcher, and none of src/server, src/index, src/main, src/app, src/web (.ts, .js …) that listens.`,
    mend: 'Add one to package.json, "scripts": { "start": "node src/server.js" }, and run banyan init again.',
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClimbReport, NodeStatus, Status } from '@banyan/control/api'
import { freePort } from './banyan.ts'
import { destroyByOurselves, statusByOurselves } from './by-ourselves.ts'

const repository = new URL('../../../', import.meta.url).pathname
const program = join(repository, 'packages/cli/bin/banyan.mjs')
const conduit = join(repository, 'apps/conduit/banyan.config.ts')

export type Ended = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs, with everything that it has printed so far. */
export type Going = {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

/** A system of its own on this repository's packages, and the `banyan` command for it. */
export type ClimbSystem = {
  readonly url: string
  readonly port: number
  readonly state: string
  start(...words: string[]): Going
  /** Runs a command to its end and gives its last line of JSON, whatever its exit code. */
  json<Answer = Record<string, unknown>>(...words: string[]): Promise<Answer>
  status(): Promise<Status>
  node(name: string): Promise<NodeStatus>
  climb(direction: 'grow' | 'shrink', ...rungs: string[]): Promise<ClimbReport>
  /** The process that runs control, or the holder, as it wrote it down. */
  pidOf(who: 'control' | 'holder'): Promise<number>
  journal(): Promise<readonly Record<string, unknown>[]>
  remove(): Promise<void>
}

export type ClimbSystemOptions = {
  /** Default: Conduit. */
  readonly config?: string
  readonly rungs?: string
  /** Where the state goes: an empty folder that the caller removes. Default: a temporary one. */
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
  /** More for `up`. */
  readonly words?: readonly string[]
}

/** Starts a system as a person does, detached; what was started is ended also when it does not get up. */
export async function startClimbSystem(options: ClimbSystemOptions = {}): Promise<ClimbSystem> {
  const folder = options.folder ?? (await realpath(await mkdtemp(join(tmpdir(), 'banyan-climb-'))))
  // PostgreSQL runs as an unprivileged user, who has to get through to the folder inside.
  await chmod(folder, 0o755)
  const state = join(folder, 'state')
  const port = await freePort()
  const { config = conduit, rungs = 'single', env = {}, words: more = [] } = options
  const going = new Set<ChildProcess>()

  function start(...words: string[]): Going {
    const all = [program, ...words, '--config', config, '--dir', state]
    const child = spawn(process.execPath, all, {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    going.add(child)
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (piece) => {
      stdout += piece
    })
    child.stderr.on('data', (piece) => {
      stderr += piece
    })
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        going.delete(child)
        resolve({ code, stdout, stderr })
      })
    })
    return { child, stdout: () => stdout, stderr: () => stderr, ended }
  }

  async function json<Answer>(...words: string[]): Promise<Answer> {
    const { stdout, stderr } = await start(...words, '--json').ended
    const last = stdout.trim().split('\n').at(-1) ?? ''
    if (last === '') throw new Error(`banyan ${words.join(' ')} printed nothing: ${stderr}`)
    return JSON.parse(last) as Answer
  }

  const status = async () => (await statusByOurselves(state)) ?? (await json<Status>('status'))
  const system: ClimbSystem = {
    url: `http://127.0.0.1:${port}`,
    port,
    state,
    start,
    json,
    status,
    node: async (name) => {
      const found = (await status()).nodes.find((node) => node.name === name)
      if (found === undefined) throw new Error(`there is no node ${name}`)
      return found
    },
    climb: async (direction, ...rungs) => await json<ClimbReport>(direction, ...rungs),
    pidOf: async (who) =>
      Number(JSON.parse(await readFile(join(state, `${who}.json`), 'utf8')).pid),
    journal: async () =>
      (await readFile(join(state, 'journal.jsonl'), 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    remove: async () => {
      for (const child of going) child.kill('SIGKILL')
      if (!(await destroyByOurselves(state))) await start('down', '--destroy', '--yes').ended
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
  const place = ['--port', String(port), '--rungs', rungs]
  const up = await start('up', '--detach', ...place, ...more).ended
  if (up.code === 0) return system
  await system.remove()
  throw new Error(`it did not come up: ${up.stdout}${up.stderr}`)
}

/** What a proof found; there is more in it. */
export type Proof = {
  readonly sent: number
  readonly failed: { readonly total: number; readonly byCause: Readonly<Record<string, number>> }
  readonly lost: number
  readonly doubled: number
  readonly staleReads: number
  readonly unknownOutcome: number
  readonly longestGapMs: number
  readonly acknowledgedWrites: number
  readonly webSockets: {
    readonly opened: number
    readonly closedWell: number
    readonly failed: { readonly total: number; readonly byCause: Readonly<Record<string, number>> }
  } | null
} & Readonly<Record<string, unknown>>

/** Runs a proof for as long as the work takes, and gives what it found. */
export async function proveDuring(
  system: ClimbSystem,
  words: readonly string[],
  work: () => Promise<void>,
): Promise<Proof> {
  const proving = system.start('prove', '--seconds', '3600', '--json', ...words)
  try {
    await untilBegun(proving)
    await work()
  } finally {
    proving.child.kill('SIGINT')
  }
  const { stdout, stderr } = await proving.ended
  const last = stdout.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) throw new Error(`no proof: ${stdout}${stderr}`)
  return JSON.parse(last) as Proof
}

/** A prover that asks until it is told to stop. */
export type Proving = { stop(): Promise<Proof> }

/** Has a prover ask from now on. It is stopped also where what was to be proven has failed. */
export function startProving(system: ClimbSystem, words: readonly string[]): Proving {
  const { promise: enough, resolve } = Promise.withResolvers<void>()
  const proof = proveDuring(system, words, async () => await enough)
  // Whoever stops it hears of it.
  proof.catch(() => {})
  return {
    stop: async () => {
      resolve()
      return await proof
    },
  }
}

/** A scenario first makes what it works on, which nothing may be done to yet; the prover says when it is through. */
async function untilBegun({ child, stderr, ended }: Going): Promise<void> {
  const begun = new Promise<void>((resolve) => {
    child.stderr?.on('data', () => {
      if (stderr().includes('The load has begun.')) resolve()
    })
  })
  const over = ended.then(({ stdout }) => {
    throw new Error(`the proof ended before its load began: ${stdout}${stderr()}`)
  })
  await Promise.race([begun, over])
}

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BalancerName } from '@banyan/model'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import {
  climb,
  consoleCommand,
  dev,
  doctor,
  down,
  exec,
  heal,
  init,
  kill,
  logs,
  partition,
  pause,
  planCommand,
  prove,
  release,
  releaseList,
  resume,
  sql,
  status,
  switchover,
  undo,
  up,
} from './commands/on-demand.ts'
import { findConfig } from './find-config.ts'
import { numberFrom, wholeFrom } from './prove/parse-options.ts'

/** What every command takes. */
export type Common = { readonly json: boolean; readonly config: string; readonly directory: string }

type Options = Readonly<Record<string, unknown>>

/** The whole command line. What commander wants to say about wrong usage goes to `usage`. */
export function makeProgram(finish: (code: number) => void, usage: string[]): Command {
  const program = new Command('banyan')
    .description('Runs a web app on one server, and grows it from there without rewriting it.')
    .usage('COMMAND [options]')
    .version(ownVersion(), '--version', 'say the version')
    .helpCommand('help [command]', 'explain a command')
    .exitOverride()
    .configureOutput({
      writeErr: (text) => void usage.push(text),
      outputError: (text, write) => write(text),
    })
    .addHelpText(
      'after',
      `\nEvery command takes --json, --config FILE and --dir DIRECTORY.\nStart with: banyan init`,
    )

  /** A command with the common options; its result becomes the exit code. */
  const add = (name: string, summary: string) => {
    const command = program
      .command(name)
      .description(summary)
      .option('--json', 'answer in JSON, one object or one per line')
      .option('--config <file>', 'the config of the system', 'banyan.config.ts')
      .option('--dir <directory>', 'where the state is kept', '.banyan')
    const runs = (run: (common: Common, options: Options, words: string[]) => Promise<number>) =>
      command.action(async () => {
        const options = command.opts<Options>()
        finish(await run(commonOf(options), options, command.processedArgs as string[]))
      })
    return { command, runs }
  }

  const initCommand = add('init', 'take in the app in a folder, or make a small new one')
  initCommand.command
    .argument('[folder]', 'the folder of the app, or of the new one', '.')
    .option('--packages <folder>', 'where the packages of Banyan lie as tarballs')
    .option('--dry-run', 'only show what would be written')
  initCommand.runs((common, options, [folder]) =>
    init(common, {
      folder: folder ?? '.',
      packages: (options.packages as string | undefined) ?? null,
      dryRun: options.dryRun === true,
    }),
  )

  const upCommand = add('up', 'start the system and stay with it; Ctrl-C stops it')
  upCommand.command
    .option(
      '--rungs <names>',
      'rungs to run on, separated by commas (default: as last time, or single)',
      parseNames,
    )
    .option('--port <number>', 'where the app answers (default: as last time, or 8080)', parsePort)
    .option(
      '--host <address>',
      'address to listen on, 0.0.0.0 for all (default: as last time, or 127.0.0.1)',
    )
    .option('--release', 'start with the code as it is here, not with the release that is live')
    .addOption(balancerOption('what stands at the entry (default: as last time, or gateway)'))
    .option('--prove', 'offer /-/prove, so that "banyan prove" needs no scenario')
    .option('--console-port <number>', consolePortText, parseConsolePort)
    .option('--detach', 'return as soon as it is ready; it goes on running')
  upCommand.runs((common, options) =>
    up(common, {
      rungs: (options.rungs as string[] | undefined) ?? [],
      port: (options.port as number | undefined) ?? null,
      host: (options.host as string | undefined) ?? null,
      detach: options.detach === true,
      proves: options.prove === true,
      release: options.release === true,
      balancer: (options.balancer as BalancerName | undefined) ?? null,
      consolePort: (options.consolePort as number | undefined) ?? null,
    }),
  )

  const devCommand = add('dev', 'start the system for writing it: what is edited runs at once')
  devCommand.command
    .option('--port <number>', 'where the app answers (default: as last time, or 8080)', parsePort)
    .option('--host <address>', 'address to listen on (default: as last time, or 127.0.0.1)')
    .option('--wide', 'let data.of(key) see the rows of other keys too')
    .option('--console-port <number>', consolePortText, parseConsolePort)
  devCommand.runs((common, options) =>
    dev(common, {
      port: (options.port as number | undefined) ?? null,
      host: (options.host as string | undefined) ?? null,
      wide: options.wide === true,
      consolePort: (options.consolePort as number | undefined) ?? null,
    }),
  )

  const execCommand = add('exec', 'run a command with the database: tests, scripts, tools')
  execCommand.command
    .usage('[options] -- COMMAND...')
    .argument('<command...>', 'the command and its words')
    .option('--fresh', 'in an empty database of its own, dropped afterwards')
    .option('--wide', 'not narrowed to one key; needed on a system that "up" runs')
    .option('--service <name>', 'whose environment it gets (default: that with routes)')
  execCommand.runs((common, options, [words]) =>
    exec(common, {
      words: (words ?? []) as unknown as string[],
      fresh: options.fresh === true,
      wide: options.wide === true,
      service: (options.service as string | undefined) ?? null,
    }),
  )

  add('status', 'show every node, its health, and what is going on').runs((common) =>
    status(common),
  )

  add('console', 'print an address that opens the web console, once').runs((common) =>
    consoleCommand(common),
  )

  const logsCommand = add('logs', 'show what the nodes printed, also when nothing runs')
  logsCommand.command
    .argument('[node]', 'one node, or "control"; all nodes when left out')
    .option('-f, --follow', 'go on as lines arrive')
    .option('-n, --lines <number>', 'how many lines of each to begin with', parseCount, 50)
  logsCommand.runs((common, options, [node]) =>
    logs(common, {
      node: node ?? null,
      follow: options.follow === true,
      lines: options.lines as number,
    }),
  )

  const sqlCommand = add('sql', 'ask the database: a prompt, one query, or statements from stdin')
  sqlCommand.command
    .argument('[query]', 'statements to run; a prompt when left out')
    .option('--as-owner', 'as the role that owns the tables, not as the app')
    .option('--shard <number>', 'which shard', parseCount, 1)
  sqlCommand.runs((common, options, [query]) =>
    sql(common, {
      query: query ?? null,
      asOwner: options.asOwner === true,
      shard: options.shard as number,
    }),
  )

  const proveCommand = add('prove', 'send a load that proves nothing is lost, doubled or stale')
  proveCommand.command
    .option('--seconds <number>', 'how long', numberFrom(0.1, 604_800, 'seconds'), 10)
    .option('--rate <number>', 'actions a second', numberFrom(0.001, 100_000, 'actions'), 50)
    .option(
      '--scenario <name>',
      'a file, "built-in", or "GET /path" (default: proof: of the config, else built-in, else GET /)',
    )
    .option('--url <url>', 'where it goes (default: the system that runs)')
    .option('--seed <number>', 'repeats the choice of actions', wholeFrom(0, 2 ** 32 - 1))
    .option('--connections <number>', 'connections that are kept open', wholeFrom(1, 10_000))
    .option('--timeout <ms>', 'how long an answer is waited for', wholeFrom(100, 600_000), 10_000)
    .option(
      '--one-request <share>',
      'visitors that open a connection for each request (default: 0.1)',
      numberFrom(0, 1, 'parts of all'),
    )
    .option('--websockets <number>', 'visitors that keep a WebSocket open', wholeFrom(0, 5_000), 0)
    .option('--websocket-path <path>', 'where they do (default: webSocket: of the scenario)')
    .option('--strict', 'exit with 1 also when anything failed')
  proveCommand.runs((common, options) =>
    prove(common, {
      seconds: options.seconds as number,
      rate: options.rate as number,
      scenario: (options.scenario as string | undefined) ?? null,
      url: (options.url as string | undefined) ?? null,
      seed: (options.seed as number | undefined) ?? null,
      connections: (options.connections as number | undefined) ?? null,
      timeoutMs: options.timeout as number,
      oneRequest: (options.oneRequest as number | undefined) ?? null,
      webSockets: options.websockets as number,
      webSocketPath: (options.websocketPath as string | undefined) ?? null,
      strict: options.strict === true,
    }),
  )

  const killCommand = add('kill', 'end a node with SIGKILL, to see it come back')
  killCommand.command.argument('<node>', nodeArgument)
  killCommand.runs((common, _options, [node = '']) => kill(common, node))

  const pauseCommand = add('pause', 'let a node stand still with SIGSTOP, as if its machine hung')
  pauseCommand.command.argument('<node>', nodeArgument)
  pauseCommand.runs((common, _options, [node = '']) => pause(common, node))

  const resumeCommand = add('resume', 'let a node that was paused go on')
  resumeCommand.command.argument('<node>', nodeArgument)
  resumeCommand.runs((common, _options, [node = '']) => resume(common, node))

  const partitionCommand = add('partition', 'cut a node off, as if its cable were pulled')
  partitionCommand.command
    .argument('<node>', nodeArgument)
    .argument('[other]', 'only from this node, where they can be told apart')
  partitionCommand.runs((common, _options, [node = '', other]) =>
    partition(common, node, other ?? null),
  )

  const healCommand = add('heal', 'mend what was cut by partition')
  healCommand.command.argument('<node>', nodeArgument)
  healCommand.runs((common, _options, [node = '']) => heal(common, node))

  const switchoverCommand = add('switchover', 'have another server of the data take the writes')
  switchoverCommand.command
    .argument('[node]', 'the replica that takes them (default: whichever is best)')
    .option(
      '--accept-loss',
      'also where acknowledged commits may be gone by it, after saying which',
    )
    .option('--yes', 'do not ask, with --accept-loss')
  switchoverCommand.runs((common, options, [node]) =>
    switchover(common, {
      to: node ?? null,
      acceptLoss: options.acceptLoss === true,
      yes: options.yes === true,
    }),
  )

  const downCommand = add('down', 'stop everything; the data stays')
  downCommand.command
    .option('--destroy', 'delete the data too, after saying what')
    .option('--yes', 'do not ask')
  downCommand.runs((common, options) =>
    down(common, { destroy: options.destroy === true, yes: options.yes === true }),
  )

  const releaseCommand = add(
    'release',
    'bring the code as it is here live, while the app serves; Ctrl-C takes it back',
  )
  releaseCommand.command
    .addArgument(new Argument('[what]', '"list" shows every release').choices(['list']))
    .option('--again', 'also where the same code is live already')
  releaseCommand.runs((common, options, [what]) =>
    what === 'list' ? releaseList(common) : release(common, { again: options.again === true }),
  )

  add('undo', 'go back to the release before, while the app serves').runs((common) => undo(common))

  const plan = add('plan', 'show the steps that a climb would take; nothing is done')
  plan.command
    .argument('[rungs...]', 'rungs to climb to')
    .option('--shrink', 'the rungs are given up; without one, the highest')
    .option('--release', 'with the code as it is here')
    .addOption(balancerOption('what is to stand at the entry'))
  plan.runs((common, options, [rungs]) =>
    planCommand(common, {
      direction: options.shrink === true ? 'shrink' : 'grow',
      rungs: (rungs ?? []) as unknown as string[],
      release: options.release === true,
      ...balancerOf(options),
    }),
  )

  const growCommand = add('grow', 'climb to a rung while the app serves; Ctrl-C takes it back')
  growCommand.command
    .argument('[rungs...]', 'rungs to climb to (default: the next one)')
    .addOption(balancerOption('what is to stand at the entry (default: what stands there)'))
  growCommand.runs((common, options, [rungs]) =>
    climb(common, {
      direction: 'grow',
      rungs: (rungs ?? []) as unknown as string[],
      ...balancerOf(options),
    }),
  )

  const shrinkCommand = add('shrink', 'give a rung up while the app serves; Ctrl-C takes it back')
  shrinkCommand.command.argument('[rungs...]', 'rungs to give up (default: the highest one)')
  shrinkCommand.runs((common, _options, [rungs]) =>
    climb(common, { direction: 'shrink', rungs: (rungs ?? []) as unknown as string[] }),
  )

  const doctorCommand = add('doctor', 'say what is here, what is missing, and what is in the way')
  doctorCommand.command.option('--rung <name>', 'what the machine and the app need for a rung')
  doctorCommand.runs((common, options) =>
    doctor(common, (options.rung as string | undefined) ?? null),
  )

  return program
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function commonOf(options: Options): Common {
  return {
    json: options.json === true,
    config: configOf(String(options.config)),
    directory: resolve(String(options.dir)),
  }
}

/** The name that nobody had to say stands for its siblings as well: banyan.config.mts, .js, .mjs. */
function configOf(path: string): string {
  return path === 'banyan.config.ts' ? (findConfig(resolve('.')) ?? resolve(path)) : resolve(path)
}

const nodeArgument = 'a node, a service with one node, "primary", or "replica" where there is one'

const balancerOption = (description: string) =>
  new Option('--balancer <name>', description).choices(['gateway', 'haproxy'])

const balancerOf = ({ balancer }: Options) =>
  balancer === undefined ? {} : { balancer: balancer as BalancerName }

function parseNames(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

const consolePortText =
  'where the console listens, "off" for none (default: as last time, or from 4780 on)'

function parseConsolePort(text: string): number {
  if (text === 'off' || text === '0') return 0
  try {
    return parsePort(text)
  } catch {
    throw new InvalidArgumentError('A port is a number from 1 to 65535; "off" is for none.')
  }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535 && /^\d+$/.test(text)) return port
  throw new InvalidArgumentError('A port is a number from 1 to 65535.')
}

function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d{1,9}$/.test(text) && Number.isSafeInteger(count)) return count
  throw new InvalidArgumentError('It has to be a whole number.')
}

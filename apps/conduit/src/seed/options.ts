import { parseArgs } from 'node:util'

export type SeedOptions = {
  readonly users: number
  readonly articles: number
  readonly seed: number
  /** The state directory of the running system. */
  readonly dir: string
  readonly force: boolean
  readonly json: boolean
}

export const usage = `usage: npm run seed -- [--users 10000] [--articles 50000] [--seed 1] [--dir .banyan] [--force] [--json]

Fills the running Conduit with people who write, follow, comment and favourite.
The same seed and sizes make the same people.

  --users N      how many people (default 10000)
  --articles N   how many articles (default: five for each person)
  --seed N       another number, other people (default 1)
  --dir DIR      the state directory of the running system (default .banyan)
  --force        load although the database has users already
  --json         the outcome as one JSON object`

const bounds = {
  users: { min: 1, max: 2_000_000 },
  articles: { min: 0, max: 10_000_000 },
  seed: { min: 0, max: 2 ** 31 - 1 },
} as const

/** Reads the command line; gives every fault in it, or the options. */
export function readOptions(args: readonly string[]): SeedOptions | { faults: string[] } | 'help' {
  let values: ReturnType<typeof parse>
  try {
    values = parse(args)
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] }
  }
  if (values.help) return 'help'
  const faults: string[] = []
  const users = readNumber('users', values.users, 10_000, faults)
  const options = {
    users,
    articles: readNumber('articles', values.articles, users * 5, faults),
    seed: readNumber('seed', values.seed, 1, faults),
    dir: values.dir ?? '.banyan',
    force: values.force ?? false,
    json: values.json ?? false,
  }
  return faults.length > 0 ? { faults } : options
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      users: { type: 'string' },
      articles: { type: 'string' },
      seed: { type: 'string' },
      dir: { type: 'string' },
      force: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values

function readNumber(
  name: keyof typeof bounds,
  text: string | undefined,
  otherwise: number,
  faults: string[],
): number {
  if (text === undefined) return otherwise
  const { min, max } = bounds[name]
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  faults.push(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`)
  return otherwise
}

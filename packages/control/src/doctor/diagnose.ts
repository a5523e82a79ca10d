import { statePaths } from '../state/paths.ts'
import type { Check } from './environment/check.ts'
import { checkEnvironment } from './environment/environment.ts'
import { gather, summarize } from './gather.ts'
import { isBuilt, ladder, type RungName, withNeeds } from './ladder.ts'
import { loadConfig } from './load-config.ts'
import type { Facts, Finding } from './rule.ts'
import { sentenceOf } from './sentence.ts'
import type { ReadPatterns } from './sources/ignore-rules.ts'
import { defaultLimits, type Limits } from './sources/limits.ts'
import type { Diagnosis, Read, RungSummary } from './types.ts'

export type DiagnoseOptions = {
  readonly config: string
  readonly directory: string
  /** Null: how things are now. */
  readonly rung: string | null
  /** Reads the text of a `.gitignore`. */
  readonly readPatterns: ReadPatterns
  readonly limits?: Limits
}

/** The whole examination; `open.ts` says what it promises. */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const rungs = withNeeds(options.rung ?? 'single')
  const rung = options.rung === null ? null : (options.rung as RungName)
  const paths = statePaths(options.directory)
  const { system, config } = await loadConfig(options.config)
  const checks: Check[] = [...(await checkEnvironment(paths, system, rungs))]
  const limits = options.limits ?? defaultLimits
  const gathered =
    system === null
      ? null
      : await gather(paths, system, {
          config: config.path,
          readPatterns: options.readPatterns,
          limits,
        })
  if (gathered?.check != null) checks.push(gathered.check)
  const all = gathered === null ? [] : await judgeAll(gathered.facts)
  const findings = gathered === null ? [] : await judgeFor(gathered.facts, rungs)
  const result = {
    rung,
    rungs,
    built: rungs.every(isBuilt),
    config,
    checks,
    findings,
    ladder: all,
    read: gathered?.read ?? nothingRead,
    database: summarize(gathered?.facts.database ?? null),
    blocked: isBlocked(config, rung, checks, findings),
  }
  return { ...result, sentence: sentenceOf(result) }
}

const nothingRead: Read = {
  files: 0,
  statements: 0,
  statementsNotUnderstood: 0,
  migrations: 0,
  services: [],
  notRead: [],
}

/** A missing config keeps nobody from asking about the machine, but from every rung. */
function isBlocked(
  config: Diagnosis['config'],
  rung: RungName | null,
  checks: readonly Check[],
  findings: readonly Finding[],
): boolean {
  if (config.state === 'broken' || (config.state === 'missing' && rung !== null)) return true
  if (checks.some(({ outcome }) => outcome === 'failed')) return true
  return findings.some(({ severity }) => severity === 'blocks')
}

async function judgeFor(facts: Facts, rungs: readonly RungName[]): Promise<readonly Finding[]> {
  const { judge } = await import('./judge.ts')
  return judge(facts, rungs)
}

async function judgeAll(facts: Facts): Promise<readonly RungSummary[]> {
  const summaries = ladder.map(async ({ name, adds }) => {
    const findings = await judgeFor(facts, withNeeds(name))
    const blocks = findings.filter(({ severity }) => severity === 'blocks').length
    return { rung: name, adds, built: isBuilt(name), blocks, advice: findings.length - blocks }
  })
  return await Promise.all(summaries)
}

import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BanyanError } from '@banyan/model'
import { checkScenario } from '../check-scenario.ts'
import { sayThrown } from '../engine/thrown.ts'
import { endsWithin } from '../engine/verify.ts'
import type { Scenario } from '../scenario.ts'
import { frontPage } from '../scenarios/front-page.ts'
import type { ScenarioSource } from './job.ts'

const importMs = 30_000

/** Brings a scenario into this process. What it does while it is imported is its own. */
export async function loadScenario(source: ScenarioSource): Promise<Scenario> {
  switch (source.kind) {
    case 'front-page':
      return frontPage(source.path)
    case 'built-in': {
      const { builtInScenario } = await import('../scenarios/built-in.ts')
      return builtInScenario(source.token) as unknown as Scenario
    }
    case 'file':
      return fromFile(source.path)
  }
}

async function fromFile(path: string): Promise<Scenario> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new BanyanError('BANYAN_SCENARIO_NOT_FOUND', `There is no scenario file at ${path}.`, {
      hint: "Correct the path in --scenario, or in proof: './proof.ts' of the config.",
      details: { path },
    })
  }
  shareOurselves()
  const module = await importScenario(path)
  if (module.default === undefined) throw withoutDefault(path, Object.keys(module))
  return checkScenario(module.default, basename(path))
}

async function importScenario(path: string): Promise<Record<string, unknown>> {
  try {
    return await endsWithin(import(pathToFileURL(path).href), importMs)
  } catch (error) {
    const place = error instanceof SyntaxError ? await syntaxPlace(path) : null
    const where = place === null ? '' : ` (${place})`
    throw new BanyanError(
      'BANYAN_SCENARIO_FAILED',
      `The scenario ${basename(path)} could not be imported: ${sayThrown(error)}${where}`,
      { hint: hintFor(error), details: { path, place }, cause: error },
    )
  }
}

/** Wherever a scenario lies, what it imports as ours is this copy. */
function shareOurselves(): void {
  const ours = new URL(`../index${import.meta.url.slice(-3)}`, import.meta.url).href
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@banyan/prove' ? { url: ours, shortCircuit: true } : next(specifier, context),
  })
}

const withoutDefault = (path: string, names: readonly string[]): BanyanError =>
  new BanyanError(
    'BANYAN_SCENARIO_INVALID',
    `The scenario ${basename(path)} exports ${names.length === 0 ? 'nothing' : names.join(', ')}; a default export is expected.`,
    { hint: 'Write: export default defineScenario({ … })', details: { path } },
  )

function hintFor(error: unknown): string {
  const { code, message = '' } = error as { code?: unknown; message?: string }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Node runs the scenario by removing its types: write it without enums, namespaces and parameter properties.'
  }
  if (code !== 'ERR_MODULE_NOT_FOUND') return 'Mend the scenario at the place named above.'
  const name = /package '([^']+)'/.exec(message)?.[1]
  return name
    ? `Install it: npm install ${name}`
    : 'Correct the path of the import; files are imported with their ending, as in people.ts'
}

/** A file that cannot be parsed has no stack; Node names the line when it only checks the file. */
const syntaxPlace = (path: string): Promise<string | null> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--check', path], (_error, _stdout, stderr) => {
      const found = /^(?:file:\/\/)?(\/.*:\d+)$/m.exec(stderr)
      resolve(found?.[1] ?? null)
    })
  })

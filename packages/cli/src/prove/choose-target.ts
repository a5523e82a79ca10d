import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ControlClient, proofAccess, type StatePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import type { ScenarioSource } from '@banyan/prove'

export type Target = {
  readonly url: string
  readonly scenario: ScenarioSource
  /** Why it is this scenario, when nobody named one. */
  readonly why: string | null
}

type Asked = { readonly scenario: string | null; readonly url: string | null }

/** Finds out where the load goes and which scenario it is, before anything is sent. */
export async function chooseTarget(paths: StatePaths, asked: Asked): Promise<Target> {
  const url = asked.url ?? (await runningUrl(paths))
  if (asked.scenario === null) return { url, ...(await chooseScenario(paths, asked)) }
  return { url, scenario: await namedScenario(paths, asked.scenario, asked.url), why: null }
}

async function runningUrl(paths: StatePaths): Promise<string> {
  const control = await ControlClient.find(paths)
  const url = (await control?.status())?.url ?? null
  if (url !== null) return url
  throw new BanyanError('BANYAN_NOT_RUNNING', 'Nothing runs here that a load could be sent to.', {
    hint: 'Start it with "banyan up", or name an address: banyan prove --url http://127.0.0.1:8080',
  })
}

async function namedScenario(
  paths: StatePaths,
  name: string,
  url: string | null,
): Promise<ScenarioSource> {
  if (name.startsWith('GET /')) return { kind: 'front-page', path: name.slice('GET '.length) }
  if (name !== 'built-in') return { kind: 'file', path: resolve(name) }
  const token = url === null ? (await proofAccess(paths))?.token : undefined
  if (token !== undefined) return { kind: 'built-in', token }
  throw new BanyanError(
    'BANYAN_SCENARIO_NOT_FOUND',
    url === null
      ? 'The system does not offer /-/prove, which the built-in scenario speaks to.'
      : 'The built-in scenario needs the token of the system in --dir, and goes to no other --url.',
    { hint: 'Start the system with "banyan up --prove" or "banyan dev", and leave --url out.' },
  )
}

/** The app's own scenario, else the built-in one where it is offered, else its front page. */
async function chooseScenario(paths: StatePaths, { url }: Asked): Promise<Omit<Target, 'url'>> {
  const own = await recordedProof(paths)
  if (own !== null) return { scenario: { kind: 'file', path: own }, why: null }
  const access = url === null ? await proofAccess(paths) : null
  if (access !== null) {
    const why = 'The config names no proof:, so that the built-in scenario is sent to /-/prove.'
    return { scenario: { kind: 'built-in', token: access.token }, why }
  }
  return {
    scenario: { kind: 'front-page', path: '/' },
    why: 'The config names no proof: and /-/prove is not offered (banyan up --prove), so that only GET / is sent.',
  }
}

/** What the system that runs was given as `proof:`. */
async function recordedProof(paths: StatePaths): Promise<string | null> {
  const text = await readFile(paths.system, 'utf8').catch(() => null)
  if (text === null) return null
  return (JSON.parse(text) as { proof?: string | null }).proof ?? null
}

import type { BanyanError, EngineName, Topology } from '@banyan/model'
import type { FoundProgram } from '../doctor/environment/find-program.ts'
import { haproxyProgram } from './haproxy/program.ts'
import { observerProgram } from './observer/program.ts'

/**
 * What a topology takes that this machine does not have, each with what mends it. Whoever watches already, as
 * the recorded one says, is no reason to refuse anything: the app does without.
 */
export async function missingPrograms(
  { nodes }: Topology,
  recorded: Topology | null = null,
): Promise<readonly string[]> {
  const watching = recorded?.nodes.filter(({ tier }) => tier === 'telemetry') ?? []
  const known = new Set(watching.map(({ name }) => name))
  const wanted = nodes.filter(({ name }) => !known.has(name))
  const engines = new Set(wanted.map(({ engine }) => engine))
  const found = await Promise.all([...engines].map(async (engine) => await programsOf[engine]?.()))
  return found.flatMap((program) =>
    program instanceof Error ? [`${program.message} ${program.hint ?? ''}`.trim()] : [],
  )
}

/** Those that no package of npm brings along. */
const programsOf: { readonly [Name in EngineName]?: () => Promise<FoundProgram | BanyanError> } = {
  haproxy: haproxyProgram,
  prometheus: async () => await observerProgram('Prometheus'),
  alertmanager: async () => await observerProgram('Alertmanager'),
}

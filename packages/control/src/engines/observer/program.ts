import { BanyanError, type ErrorCode } from '@banyan/model'
import {
  type FoundProgram,
  findProgram,
  installCommandOf,
  isOlder,
} from '../../doctor/environment/find-program.ts'
import { programs } from '../../doctor/environment/programs.ts'

const codes = {
  Prometheus: 'BANYAN_PROMETHEUS_MISSING',
  Alertmanager: 'BANYAN_ALERTMANAGER_MISSING',
} as const satisfies Record<string, ErrorCode>

/** The program, or why it cannot be used, with what mends it. */
export async function observerProgram(
  name: keyof typeof codes,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FoundProgram | BanyanError> {
  const wanted = programs.find((program) => program.name === name)
  if (wanted === undefined) throw new Error(`nothing is known of ${name}`)
  const found = await findProgram(wanted, environment)
  const fault = (what: string) =>
    new BanyanError(codes[name], what, {
      hint: `Install it (${installCommandOf(wanted, process.platform)}); the rung observed needs it, and nothing else does.`,
      details: { path: found?.path ?? null },
    })
  if (found === null) return fault(`${name} is not installed here.`)
  if (found.version === null) return fault(`${found.path} does not say its version.`)
  const { oldest = '0' } = wanted
  return isOlder(found.version, oldest)
    ? fault(
        `${found.path} is ${name} ${found.version}, and ${oldest} is the oldest that can be used.`,
      )
    : found
}

import { BanyanError } from '@banyan/model'
import {
  type FoundProgram,
  findProgram,
  installCommandOf,
  isOlder,
} from '../../doctor/environment/find-program.ts'
import { programs } from '../../doctor/environment/programs.ts'

/** The program, or why it cannot be used, with what mends it. */
export async function haproxyProgram(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FoundProgram | BanyanError> {
  const found = await findProgram(wanted, environment)
  if (found === null) return missing('HAProxy is not installed here.', null)
  if (found.version === null) return missing(`${found.path} does not say its version.`, found.path)
  const { oldest = '0' } = wanted
  if (isOlder(found.version, oldest)) {
    const what = `${found.path} is HAProxy ${found.version}, and ${oldest} is the oldest that can be used.`
    return missing(what, found.path)
  }
  return found
}

const wanted = programs.find(({ name }) => name === 'HAProxy') as (typeof programs)[number]

function missing(what: string, path: string | null): BanyanError {
  const command = installCommandOf(wanted, process.platform) ?? 'see https://www.haproxy.org'
  return new BanyanError('BANYAN_HAPROXY_MISSING', what, {
    hint: `Install it (${command}), or use the gateway: banyan grow balanced --balancer gateway.`,
    details: { path },
  })
}

import type { System } from '@banyan/model'
import { readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { readSecrets } from '../state/secrets.ts'
import { ControlClient } from './control-client.ts'
import type { UpSettings } from './types.ts'

/** Where a prover finds `/-/prove`, and the token that it shows there. */
export type ProofAccess = { readonly url: string; readonly token: string }

/**
 * How to reach `/-/prove` of the running system, or null where it is not offered: nothing runs, `up`
 * was not told to, the database is adopted, or there is none.
 *
 * @example const access = await proofAccess(statePaths('.banyan'))
 */
export async function proofAccess(paths: StatePaths): Promise<ProofAccess | null> {
  const settings = await readJson<UpSettings>(paths.settings)
  const system = await readJson<System>(paths.system)
  if (settings?.proves !== true || system?.data == null || system.data.url != null) return null
  const control = await ControlClient.find(paths)
  const url = (await control?.status())?.url ?? null
  const token = (await readSecrets(paths))?.proveToken
  return url === null || token === undefined ? null : { url, token }
}

import type { System } from '@banyan/model'
import { readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { readSecrets } from '../state/secrets.ts'
import { ControlClient } from './control-client.ts'
import type { UpSettings } from './types.ts'

/** Where a prover finds `/-/prove`, and the token that it shows there. */
export type ProofAccess = { readonly url: string; readonly token: string }

const patienceMs = 10_000

/**
 * How to reach `/-/prove` of the running system, or null where it is not offered: nothing runs, `up`
 * was not told to, the app does not call `serve`, the database is adopted, or there is none.
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
  if (url === null || token === undefined) return null
  const access = { url, token }
  return (await answersAt(access)) ? access : null
}

/** Only the app itself knows whether it calls `serve`. One that is away just now is believed to. */
async function answersAt({ url, token }: ProofAccess): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}`, connection: 'close' }
  const signal = AbortSignal.timeout(patienceMs)
  try {
    const response = await fetch(`${url}/-/prove`, { headers, signal, redirect: 'manual' })
    const text = await response.text()
    return response.status >= 500 || (response.status === 200 && text.includes('"protocol"'))
  } catch {
    return true
  }
}

import type { Topology } from '@banyan/model'
import { haproxyProgram } from './haproxy/program.ts'

/** What a topology takes that this machine does not have, each with what mends it. */
export async function missingPrograms({ nodes }: Topology): Promise<readonly string[]> {
  if (!nodes.some(({ engine }) => engine === 'haproxy')) return []
  const found = await haproxyProgram()
  return found instanceof Error ? [`${found.message} ${found.hint ?? ''}`.trim()] : []
}

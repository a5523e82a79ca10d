import { BanyanError, type System, type Topology } from '@banyan/model'
import { targetOf } from './target.ts'

/**
 * A state directory with a database of its own is not led to one that exists, nor back: the app's
 * data would seem to be gone. Moving it is for a rung to do.
 */
export function checkSameDatabase(system: System, recorded: Topology | null): void {
  const node = recorded?.nodes.find(({ tier }) => tier === 'data')
  if (node === undefined || system.data === null) return
  const isAdopted = system.data.url !== null
  if (isAdopted === (node.adopted ?? false)) return
  const found = isAdopted
    ? `The state directory has a database of its own, ${node.name}, but the config names ${targetOf(system).name}`
    : `The state directory was made for an adopted database, but the config names none`
  throw new BanyanError('BANYAN_DATABASE_EXCHANGED', `${found}. Data is not moved between them.`, {
    hint: isAdopted
      ? 'Name another state directory with --dir; or, when nobody needs that data, delete it: banyan down --destroy'
      : 'Write data.url as it was, name another state directory with --dir, or begin anew: banyan down --destroy (the adopted database stays)',
    details: { node: node.name },
  })
}
